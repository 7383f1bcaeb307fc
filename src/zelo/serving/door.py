"""Who is let in: callers with a key beyond this machine, and on it whoever asks by this machine's name."""

from __future__ import annotations

import logging
import math
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv6Address, ip_network
from typing import Protocol

from fastapi import Response
from starlette.types import Scope as Asked

from zelo.errors import LedgerError
from zelo.ledger.keys import Key, Scope, secret_hash
from zelo.serving.places import Place
from zelo.serving.problems import problem

CALLER = "zelo.caller"
"""Where a request's scope holds the name of the key that it came with."""
FAILURES_A_MINUTE = 30
MOST_ADDRESSES = 10_000
LOOK_SECONDS = 2.0
"""How soon a key that was revoked is nobody's in a running server."""
_LOG = logging.getLogger(__name__)
_LOCAL = re.compile(rb"(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?", re.IGNORECASE)
_Headers = Iterable[tuple[bytes, bytes]]


class Door(Protocol):
    """What stands before every route."""

    def admit(self, asked: Asked, place: Place) -> Response | None:
        """``None`` lets the request in; else this answers it."""


class LocalNames:
    """Without keys: only who asks by a name of this machine.

    A page elsewhere whose name was made to lead here (DNS rebinding) is the same site to its browser, but
    still asks by its own name.
    """

    def admit(self, asked: Asked, place: Place) -> Response | None:
        for name, value in asked["headers"]:
            if name == b"host":
                return None if _LOCAL.fullmatch(value) else _misdirected()
        return _misdirected()


class KeyDoor:
    """Keys, held in memory: no request waits for the ledger. :meth:`look` reads them again.

    Where they cannot be read, those that are known go on. A key's limit and an address's are token buckets of
    this process: with ``workers`` of them each has its part.

    Args:
        read: the keys that are usable now. Raises LedgerError.
        clock: seconds that only grow. ``now`` are those since 1970, for what expires.

    Raises:
        LedgerError: the keys cannot be read at the start.
    """

    def __init__(
        self,
        read: Callable[[], Sequence[Key]],
        *,
        workers: int = 1,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._read = read
        self._workers = workers
        self._clock = clock
        self._now = now
        self._stale = False
        self._failures: OrderedDict[str, _Bucket] = OrderedDict()
        self._holders = self._held(read(), {})

    def admit(self, asked: Asked, place: Place) -> Response | None:
        """401 without a valid key, 403 where it may not do this, 429 where it asks too often."""
        if place.need == "nothing":
            return None
        secret = _presented(asked["headers"])
        # Found by its hash: what the time of a look-up tells of a hash leads nobody to a key.
        holder = None if secret is None else self._holders.get(secret_hash(secret))
        if holder is None or (holder.expires is not None and self._now() >= holder.expires):
            return self._unknown(asked, secret)
        asked[CALLER] = holder.name
        if place.need != "any" and not holder.may(place.need):
            return _forbidden(place.need)
        if holder.projects is not None and place.project not in holder.projects:
            return _not_of(place.project)
        if holder.bucket is not None and (wait := holder.bucket.take(self._clock())):
            return _too_many("this key asks too often", wait)
        return None

    def look(self) -> None:
        """Read the keys again: one that was made or revoked counts from now on."""
        try:
            keys = self._read()
        except LedgerError as error:
            if not self._stale:
                _LOG.warning("keys cannot be read, those that are known go on: %s", error.what)
            self._stale = True
            return
        self._stale = False
        self._holders = self._held(keys, self._holders)

    def _held(self, keys: Sequence[Key], known: dict[str, _Holder]) -> dict[str, _Holder]:
        # One that is known keeps its bucket: a look must not fill it.
        return {key.hash: known.get(key.hash) or self._holder(key) for key in keys}

    def _holder(self, key: Key) -> _Holder:
        limit = key.per_minute
        bucket = None if limit is None else _Bucket(limit / self._workers, self._clock())
        return _Holder(key, bucket)

    def _unknown(self, asked: Asked, secret: bytes | None) -> Response:
        """Valid keys are looked at before this: who shares an address with a guesser is not locked out."""
        address = _address(asked)
        bucket = self._failures.pop(address, None) or _Bucket(
            FAILURES_A_MINUTE / self._workers, self._clock()
        )
        self._failures[address] = bucket
        if len(self._failures) > MOST_ADDRESSES:
            self._failures.popitem(last=False)
        if wait := bucket.take(self._clock()):
            return _too_many("too many requests without a valid key came from this address", wait)
        told = "an API key is needed" if secret is None else "the API key is not valid"
        headers = {"WWW-Authenticate": 'Bearer realm="zelo"', "Connection": "close"}
        return problem(
            401,
            told,
            code="key_needed" if secret is None else "key_not_valid",
            more={"expected": "Authorization: Bearer zelo_..., or X-API-Key: zelo_...; zelo keys makes one"},
            headers=headers,
        )


class _Holder:
    """A key as a request needs it."""

    __slots__ = ("_admin", "_scopes", "bucket", "expires", "name", "projects")

    def __init__(self, key: Key, bucket: _Bucket | None) -> None:
        self.name = key.name
        self.projects = None if key.projects is None else frozenset(key.projects)
        self.expires = None if key.expires_at is None else key.expires_at.timestamp()
        self.bucket = bucket
        self._scopes = frozenset(key.scopes)
        self._admin = "admin" in key.scopes

    def may(self, scope: Scope) -> bool:
        return self._admin or scope in self._scopes


class _Bucket:
    """A token bucket: so many a minute over time, and never more than a minute's worth at once."""

    __slots__ = ("_at", "_level", "_most", "_rate")

    def __init__(self, per_minute: float, now: float) -> None:
        self._rate = per_minute / 60
        # Below one it would never let anybody through.
        self._most = self._level = max(1.0, per_minute)
        self._at = now

    def take(self, now: float) -> float:
        """0 where there was one to take, else the seconds until there is."""
        self._level = min(self._most, self._level + (now - self._at) * self._rate)
        self._at = now
        if self._level >= 1:
            self._level -= 1
            return 0.0
        return (1 - self._level) / self._rate


def caller_of(asked: Asked) -> str | None:
    """The name of the key that a request came with; ``None`` where no key was asked for."""
    name: str | None = asked.get(CALLER)
    return name


def _presented(headers: _Headers) -> bytes | None:
    for name, value in headers:
        if name == b"x-api-key":
            return value
        if name == b"authorization":
            kind, _, secret = value.partition(b" ")
            if kind.lower() == b"bearer":
                return secret.strip()
    return None


def _address(asked: Asked) -> str:
    """Whence a request came; of IPv6 the network, for a caller has all of its addresses."""
    client = asked.get("client")
    if client is None:
        return ""
    address = str(client[0])
    if ":" not in address:
        return address
    try:
        return str(ip_network((IPv6Address(address.partition("%")[0]), 64), strict=False))
    except ValueError:
        return address


def _misdirected() -> Response:
    return problem(
        421,
        "this server answers to names of its own machine alone",
        code="wrong_host",
        more={
            "expected": "a Host header with localhost, 127.0.0.1 or [::1]",
            "hint": "zelo serve --keys answers to any name, for callers with a key",
        },
    )


def _forbidden(scope: Scope) -> Response:
    return problem(
        403,
        f"the API key lacks the scope {scope}",
        code="scope_missing",
        more={"expected": f"a key made with --scope {scope}"},
    )


def _not_of(project: str | None) -> Response:
    told = "all the projects that are served" if project is None else "this project"
    return problem(403, f"the API key is not for {told}", code="project_not_allowed")


def _too_many(told: str, wait: float) -> Response:
    seconds = str(math.ceil(wait))
    return problem(429, told, code="too_many_requests", headers={"Retry-After": seconds})
