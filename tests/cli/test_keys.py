from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.homes import zelo

from zelo.cli.keys import door_for
from zelo.errors import SpecError
from zelo.ledger.keys import EVERY_PROJECT, Keys, secret_hash
from zelo.ledger.store import Ledger
from zelo.serving.door import KeyDoor, LocalNames


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    monkeypatch.setenv("ZELO_HOME", str(tmp_path))
    monkeypatch.setenv("ZELO_APPROVER", "Ana")
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}") as opened:
        yield opened


def test_a_key_is_shown_once(ledger: Ledger) -> None:
    ran = zelo("keys", "create", "shop", "--scope", "predict", "--per-minute", "60", "--reason", "go live")
    assert ran.status == 0, ran.err
    secret = ran.out.splitlines()[0]
    assert secret.startswith("zelo_")

    (key,) = Keys(ledger).usable()
    assert key.hash == secret_hash(secret.encode())
    assert (key.name, key.scopes, key.per_minute, key.created_by) == ("shop", ("predict",), 60, "Ana")
    (event,) = ledger.events(EVERY_PROJECT, kind="key")
    assert (event.actor, event.reason) == ("Ana", "go live")
    for shown in (zelo("keys", "list").out, zelo("keys", "list", "--json").out):
        assert "shop" in shown
        assert secret not in shown
        assert key.hash not in shown


def test_a_key_has_an_end(ledger: Ledger) -> None:
    made = zelo(
        "keys", "create", "shop", "--scope", "read", "--scope", "outcomes", "--expires", "90d", "--json"
    )
    assert made.json["scopes"] == ["outcomes", "read"]
    assert made.json["state"] == "in use"
    assert made.json["key"].startswith("zelo_")
    (key,) = Keys(ledger).usable()
    assert key.expires_at is not None
    assert (key.expires_at - key.created_at).days in (89, 90)


def test_a_revoked_key_stays_in_the_list(ledger: Ledger) -> None:
    zelo("keys", "create", "shop", "--scope", "predict")
    assert zelo("keys", "create", "shop", "--scope", "predict").status == 2
    assert "revoked" in zelo("keys", "revoke", "shop", "--reason", "it leaked").out

    assert Keys(ledger).usable() == []
    assert zelo("keys", "list", "--json").json[0]["state"] == "revoked"
    again = zelo("keys", "revoke", "shop")
    assert again.status == 2
    assert "no key of that name" in again.err


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (("a b", "--scope", "predict"), "letters"),
        (("shop", "--scope", "everything"), "predict, outcomes, read, watch, train, admin"),
        (("shop", "--scope", "predict", "--expires", "soon"), "90d"),
        (("shop", "--scope", "predict", "--per-minute", "0"), "--per-minute"),
        (("shop", "--scope", "predict", "--project", "nowhere"), "nowhere"),
        (("shop",), "--scope"),
    ],
)
def test_what_is_no_key_is_refused_and_nothing_is_made(
    ledger: Ledger, wrong: tuple[str, ...], told: str
) -> None:
    ran = zelo("keys", "create", *wrong)

    assert ran.status == 2
    assert told in ran.err
    assert Keys(ledger).listed() == []


def test_the_door_of_each_address(ledger: Ledger) -> None:
    assert isinstance(door_for(ledger, "127.0.0.1", keys=False, without_keys=False), LocalNames)
    assert isinstance(door_for(ledger, "::1", keys=False, without_keys=True), LocalNames)
    assert door_for(ledger, "0.0.0.0", keys=False, without_keys=True) is None
    for host, asked in (("0.0.0.0", False), ("::", False), ("127.0.0.1", True)):
        with pytest.raises(SpecError, match="there is no API key"):
            door_for(ledger, host, keys=asked, without_keys=False)
    with pytest.raises(SpecError, match="keys are asked for, or they are not"):
        door_for(ledger, "0.0.0.0", keys=True, without_keys=True)

    Keys(ledger).create("shop", "s", ["predict"], actor="Ana")
    assert isinstance(door_for(ledger, "0.0.0.0", keys=False, without_keys=False), KeyDoor)
    assert isinstance(door_for(ledger, "localhost", keys=True, without_keys=False), KeyDoor)
