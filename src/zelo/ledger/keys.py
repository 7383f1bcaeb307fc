"""API keys: who may ask what of a served model. The ledger holds their hashes, never the keys."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from zelo.errors import ConflictError, UnknownError
from zelo.ledger.engine import take_turns
from zelo.ledger.records import Event, new_id
from zelo.ledger.schema import api_keys, events
from zelo.ledger.store import Ledger

Scope = Literal["predict", "outcomes", "read", "watch", "train", "admin"]
SCOPES: dict[Scope, str] = {
    "predict": "ask for predictions",
    "outcomes": "tell what turned out to be true",
    "read": "read predictions back: personal data",
    "watch": "read metrics and health",
    "train": "ask for trainings, follow them, and change hyperparameters",
    "admin": "everything",
}
EVERY_PROJECT = "*"
"""The project of an event about a key that is not held to some projects."""
_PREFIX = "zelo_"
_BYTES = 32
_TURN = "zelo.keys"


@dataclass(frozen=True, slots=True)
class Key:
    """A key without its secret. ``projects`` is ``None`` where it is good for all of them.

    ``per_minute`` is how many requests it may make, ``None`` where nothing limits it.
    """

    id: str
    name: str
    hash: str
    scopes: tuple[Scope, ...]
    projects: tuple[str, ...] | None
    per_minute: int | None
    created_at: datetime
    created_by: str
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def usable(self, now: datetime) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def new_secret(random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """A key to hand out once: ``zelo_`` and 32 random bytes in base64url, which leak scanners can find."""
    return _PREFIX + base64.urlsafe_b64encode(random_bytes(_BYTES)).rstrip(b"=").decode()


def secret_hash(secret: bytes) -> str:
    """SHA-256 of a key, hex: what is kept of it.

    A slow hash protects words that people choose, of which there are few. There are 2**256 keys: nobody
    finds one by trying, however fast the hash, and a slow one would cost every request its milliseconds.
    """
    return hashlib.sha256(secret).hexdigest()


class Keys:
    """The keys of a ledger. Every method raises :class:`LedgerError` as the ledger's own do."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def create(
        self,
        name: str,
        secret: str,
        scopes: Collection[Scope],
        *,
        actor: str,
        reason: str = "",
        projects: Collection[str] | None = None,
        per_minute: int | None = None,
        expires_at: datetime | None = None,
    ) -> Key:
        """Write down the hash of ``secret``, and an event of kind ``key``, in one transaction.

        Raises:
            ConflictError: a key of that name is in use.
        """
        key = Key(
            id=new_id(),
            name=name,
            hash=secret_hash(secret.encode()),
            scopes=tuple(sorted(set(scopes))),
            projects=None if projects is None else tuple(sorted(set(projects))),
            per_minute=per_minute,
            created_at=self._ledger.now(),
            created_by=actor,
            expires_at=expires_at,
        )
        with self._ledger.writing() as connection:
            take_turns(connection, _TURN)
            if _named(connection, name) is not None:
                raise ConflictError(
                    "a key of that name is in use",
                    found=name,
                    expected="a name of its own: it tells who did what",
                    hint=f"zelo keys revoke {name}, or take another name",
                )
            connection.execute(sa.insert(api_keys), asdict(key))
            _tell(connection, key, "created", actor, reason, key.created_at)
        return key

    def revoke(self, name: str, *, actor: str, reason: str = "") -> Key:
        """From now on the key is nobody's; a running server sees it within seconds.

        Raises:
            UnknownError: no key of that name is in use.
        """
        now = self._ledger.now()
        with self._ledger.writing() as connection:
            take_turns(connection, _TURN)
            found = _named(connection, name)
            if found is None:
                raise UnknownError(
                    "no key of that name is in use", found=name, hint="zelo keys list shows them"
                )
            connection.execute(sa.update(api_keys).where(api_keys.c.id == found.id).values(revoked_at=now))
            _tell(connection, found, "revoked", actor, reason, now)
        return replace(found, revoked_at=now)

    def listed(self) -> list[Key]:
        """Every key that ever was, the newest first."""
        query = sa.select(api_keys).order_by(api_keys.c.created_at.desc(), api_keys.c.id.desc())
        with self._ledger.reading() as connection:
            return [_key(row) for row in connection.execute(query)]

    def usable(self) -> list[Key]:
        """Those that are neither revoked nor expired."""
        now = self._ledger.now()
        query = sa.select(api_keys).where(api_keys.c.revoked_at.is_(None))
        with self._ledger.reading() as connection:
            return [key for key in map(_key, connection.execute(query)) if key.usable(now)]


def _named(connection: sa.Connection, name: str) -> Key | None:
    """The key of that name that is not revoked; an expired one still has its name."""
    query = sa.select(api_keys).where(api_keys.c.name == name, api_keys.c.revoked_at.is_(None))
    row = connection.execute(query).first()
    return None if row is None else _key(row)


def _key(row: sa.Row[Any]) -> Key:
    facts = dict(row._mapping)
    facts["scopes"] = tuple(facts["scopes"])
    facts["projects"] = None if facts["projects"] is None else tuple(facts["projects"])
    return Key(**facts)


def _tell(connection: sa.Connection, key: Key, what: str, actor: str, reason: str, at: datetime) -> None:
    """An event for each project that the key is held to, or one for all: without the hash."""
    payload = {
        "what": what,
        "key": key.id,
        "name": key.name,
        "scopes": key.scopes,
        "per_minute": key.per_minute,
        "expires_at": key.expires_at,
    }
    rows = [
        asdict(Event(new_id(), project, "key", actor, reason, at, payload))
        for project in key.projects or (EVERY_PROJECT,)
    ]
    connection.execute(sa.insert(events), rows)
