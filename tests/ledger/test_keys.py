from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from zelo.errors import ConflictError, UnknownError
from zelo.ledger.keys import EVERY_PROJECT, Keys, new_secret, secret_hash
from zelo.ledger.schema import api_keys, events
from zelo.ledger.store import Ledger

START = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    time = START

    def __call__(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}", now=clock) as opened:
        yield opened


@pytest.fixture
def keys(ledger: Ledger) -> Keys:
    return Keys(ledger)


def test_a_secret_is_32_random_bytes_that_can_be_found_in_a_leak() -> None:
    secret = new_secret(lambda count: bytes(range(count)))

    assert secret.startswith("zelo_")
    assert base64.urlsafe_b64decode(secret.removeprefix("zelo_") + "=") == bytes(range(32))
    assert len({new_secret() for _ in range(100)}) == 100


def test_a_key_is_kept_by_its_hash_alone(keys: Keys, ledger: Ledger, tmp_path: Path) -> None:
    secret = new_secret()
    made = keys.create("ana", secret, ["predict", "read", "predict"], actor="root", per_minute=60)

    assert made.hash == hashlib.sha256(secret.encode()).hexdigest() == secret_hash(secret.encode())
    assert keys.listed() == keys.usable() == [made]
    assert made.scopes == ("predict", "read")
    assert made.projects is None
    ledger.close()
    everything = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert secret.encode() not in everything
    assert made.hash.encode() in everything


def test_who_made_and_revoked_a_key_stands_in_the_ledger(keys: Keys, ledger: Ledger) -> None:
    keys.create("ana", "s", ["predict"], actor="Rui", reason="the shop", projects=["churn", "prices"])
    keys.create("eva", "t", ["admin"], actor="Rui")
    revoked = keys.revoke("ana", actor="Lia", reason="it leaked")

    told = ledger.events("churn", kind="key")
    assert [(event.payload["what"], event.actor, event.reason) for event in told] == [
        ("revoked", "Lia", "it leaked"),
        ("created", "Rui", "the shop"),
    ]
    assert told[0].payload["key"] == revoked.id
    assert len(ledger.events("prices", kind="key")) == 2
    (every,) = ledger.events(EVERY_PROJECT, kind="key")
    assert every.payload["name"] == "eva"
    with ledger.reading() as connection:
        payloads = str(connection.execute(sa.select(events.c.payload)).all())
    assert revoked.hash not in payloads


def test_a_revoked_key_is_listed_and_not_usable(keys: Keys) -> None:
    keys.create("ana", "s", ["predict"], actor="Rui")
    revoked = keys.revoke("ana", actor="Rui")

    assert revoked.revoked_at is not None
    assert keys.usable() == []
    assert keys.listed() == [revoked]
    with pytest.raises(UnknownError, match="no key of that name"):
        keys.revoke("ana", actor="Rui")


def test_a_name_belongs_to_one_key_at_a_time(keys: Keys) -> None:
    keys.create("ana", "s", ["predict"], actor="Rui")
    with pytest.raises(ConflictError, match="in use"):
        keys.create("ana", "t", ["predict"], actor="Rui")

    keys.revoke("ana", actor="Rui")
    again = keys.create("ana", "t", ["predict"], actor="Rui")

    assert [key.hash for key in keys.usable()] == [again.hash]


def test_an_expired_key_is_not_usable(keys: Keys, clock: Clock) -> None:
    keys.create("ana", "s", ["predict"], actor="Rui", expires_at=START + timedelta(days=90))
    assert len(keys.usable()) == 1

    clock.time = START + timedelta(days=90)
    assert keys.usable() == []


def test_half_a_key_is_never_written(keys: Keys, ledger: Ledger) -> None:
    with ledger.writing() as connection:
        connection.execute(sa.text("DROP TABLE events"))
    with pytest.raises(Exception, match="events"):
        keys.create("ana", "s", ["predict"], actor="Rui")

    with ledger.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(api_keys)).scalar_one() == 0
