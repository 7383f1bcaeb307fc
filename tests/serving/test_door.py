from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from tests.retraining.churn import DAY, SPEC

from zelo.errors import LedgerError
from zelo.ledger.configs import Configs
from zelo.ledger.jobs import Jobs
from zelo.ledger.keys import Key, Scope, secret_hash
from zelo.ledger.store import Ledger
from zelo.retraining.routes import Training, training_extension
from zelo.serving.app import create_app
from zelo.serving.door import FAILURES_A_MINUTE, MOST_ADDRESSES, KeyDoor, LocalNames
from zelo.serving.places import Place
from zelo.serving.service import Service
from zelo.spec.loading import parse_project

from .fakes import PROJECT, ROW, AgePredictor, Client, Registry, bundle

START = datetime(2026, 1, 1, tzinfo=UTC)
OTHER = PROJECT[: PROJECT.index("serving:")].replace("name: churn", "name: other")
PREDICT = Place("predict", "churn")


def key(name: str, *scopes: Scope, **options: Any) -> Key:
    """A key whose secret is its name."""
    given = {"projects": None, "per_minute": None, **options}
    return Key(name, name, secret_hash(name.encode()), scopes, created_at=START, created_by="Rui", **given)


class Stored:
    """The ledger's keys; a test changes them, or lets them be out of reach."""

    def __init__(self, *keys: Key) -> None:
        self.keys: Sequence[Key] | LedgerError = keys
        self.reads = 0

    def __call__(self) -> Sequence[Key]:
        self.reads += 1
        if isinstance(self.keys, LedgerError):
            raise self.keys
        return self.keys


class Clock:
    def __init__(self, at: float = 1_000.0) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


def asked(secret: str | None = None, *, address: str = "10.0.0.1", **headers: str) -> dict[str, Any]:
    given = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    if secret is not None:
        given[b"authorization"] = f"Bearer {secret}".encode()
    return {"headers": list(given.items()), "client": (address, 1234)}


def status(door: KeyDoor | LocalNames, request: dict[str, Any], place: Place = PREDICT) -> int:
    refused = door.admit(request, place)
    return 200 if refused is None else refused.status_code


def test_a_valid_key_comes_in_by_either_header() -> None:
    door = KeyDoor(Stored(key("ana", "predict")))
    request = asked("ana")

    assert door.admit(request, PREDICT) is None
    assert request["zelo.caller"] == "ana"
    assert status(door, asked(x_api_key="ana")) == 200
    assert status(door, asked(authorization="bearer  ana ")) == 200
    assert status(door, asked(authorization="Basic YW5h", x_api_key="ana")) == 200


@pytest.mark.parametrize("secret", [None, "", "an", "anaa", "ANA", "ana\x00"])
def test_no_other_does(secret: str | None) -> None:
    door = KeyDoor(Stored(key("ana", "admin")))
    request = asked(secret)

    refused = door.admit(request, PREDICT)

    assert refused is not None
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Bearer")
    assert "zelo.caller" not in request
    assert status(door, asked(authorization="Basic ana")) == 401


def test_a_hash_is_no_key() -> None:
    stored = key("ana", "admin")

    assert status(KeyDoor(Stored(stored)), asked(stored.hash)) == 401


def test_scopes_open_their_own_routes_alone() -> None:
    door = KeyDoor(Stored(key("ana", "predict"), key("root", "admin")))

    refused = door.admit(asked("ana"), Place("train", "churn"))

    assert refused is not None
    assert refused.status_code == 403
    assert b"the scope train" in refused.body
    assert status(door, asked("ana"), Place("any", "churn")) == 200
    assert status(door, asked(), Place("nothing", "churn")) == 200
    assert all(
        status(door, asked("root"), Place(need, "churn")) == 200 for need in ("read", "watch", "admin")
    )


def test_a_key_of_a_project_opens_no_other() -> None:
    door = KeyDoor(Stored(key("ana", "admin", projects=("churn",))))

    assert status(door, asked("ana")) == 200
    assert status(door, asked("ana"), Place("predict", "prices")) == 403
    assert status(door, asked("ana"), Place("watch", None)) == 403


def test_an_expired_key_is_refused_at_once() -> None:
    now = Clock(START.timestamp() - 1)
    door = KeyDoor(Stored(key("ana", "predict", expires_at=START)), now=now)
    assert status(door, asked("ana")) == 200

    now.at += 1
    assert status(door, asked("ana")) == 401


def test_a_look_finds_new_and_revoked_keys_and_a_request_reads_nothing() -> None:
    stored = Stored(key("ana", "predict"))
    door = KeyDoor(stored)
    stored.keys = [key("eva", "predict")]

    assert status(door, asked("ana")) == 200
    assert stored.reads == 1
    door.look()
    assert status(door, asked("ana")) == 401
    assert status(door, asked("eva")) == 200


def test_known_keys_go_on_where_the_ledger_cannot_be_read(caplog: pytest.LogCaptureFixture) -> None:
    stored = Stored(key("ana", "predict"))
    door = KeyDoor(stored)
    stored.keys = LedgerError("the ledger is locked")

    door.look()
    door.look()
    assert status(door, asked("ana")) == 200
    assert caplog.text.count("keys cannot be read") == 1

    stored.keys = []
    door.look()
    assert status(door, asked("ana")) == 401
    with pytest.raises(LedgerError):
        KeyDoor(Stored.__call__.__get__(_unreadable()))


def _unreadable() -> Stored:
    stored = Stored()
    stored.keys = LedgerError("gone")
    return stored


def test_a_key_has_its_rate_over_time_and_a_minute_of_it_at_once() -> None:
    clock = Clock()
    stored = Stored(key("ana", "predict", per_minute=60), key("eva", "predict"))
    door = KeyDoor(stored, clock=clock)

    assert [status(door, asked("ana")) for _ in range(61)] == [200] * 60 + [429]
    refused = door.admit(asked("ana"), PREDICT)
    assert refused is not None
    assert refused.headers["retry-after"] == "1"
    assert status(door, asked("eva")) == 200
    door.look()
    assert status(door, asked("ana")) == 429
    clock.at += 1
    assert [status(door, asked("ana")) for _ in range(2)] == [200, 429]


def test_workers_share_a_rate_and_a_small_one_lets_some_through() -> None:
    four = KeyDoor(Stored(key("ana", "predict", per_minute=40)), workers=4, clock=Clock())
    assert [status(four, asked("ana")) for _ in range(11)].count(200) == 10

    clock = Clock()
    least = KeyDoor(Stored(key("ana", "predict", per_minute=1)), workers=4, clock=clock)
    assert [status(least, asked("ana")) for _ in range(2)] == [200, 429]
    clock.at += 240
    assert status(least, asked("ana")) == 200


def test_guesses_from_an_address_are_limited_and_its_neighbours_with_a_key_are_not() -> None:
    clock = Clock()
    door = KeyDoor(Stored(key("ana", "predict")), clock=clock)

    guesses = [status(door, asked(f"guess {number}")) for number in range(FAILURES_A_MINUTE + 5)]

    assert guesses == [401] * FAILURES_A_MINUTE + [429] * 5
    assert status(door, asked("ana")) == 200
    assert status(door, asked("guess", address="10.0.0.2")) == 401
    clock.at += 60
    assert status(door, asked("guess")) == 401


def test_an_address_of_version_6_is_its_network() -> None:
    door = KeyDoor(Stored(key("ana", "predict")), clock=Clock())

    found = [status(door, asked("x", address=f"2001:db8::{n:x}")) for n in range(FAILURES_A_MINUTE + 1)]

    assert found[-1] == 429
    assert status(door, asked("x", address="2001:db8:0:1::1")) == 401
    assert status(door, asked("x", address="fe80::1%eth0")) == 401


def test_the_addresses_that_are_remembered_have_an_end() -> None:
    door = KeyDoor(Stored(key("ana", "predict")), clock=Clock())

    for number in range(MOST_ADDRESSES + 50):
        door.admit(asked("x", address=f"host-{number}"), PREDICT)

    assert len(door._failures) == MOST_ADDRESSES


@pytest.mark.parametrize("host", ["localhost", "LocalHost:8000", "127.0.0.1:8000", "[::1]:8000", "[::1]"])
def test_this_machine_is_asked_by_its_own_name(host: str) -> None:
    assert status(LocalNames(), asked(host=host)) == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "[::1].evil", "", "10.0.0.1"],
)
def test_a_name_that_was_made_to_lead_here_is_refused(host: str) -> None:
    assert status(LocalNames(), asked(host=host)) == 421
    assert status(LocalNames(), asked()) == 421


def test_to_admit_costs_less_than_10_microseconds() -> None:
    door = KeyDoor(Stored(key("ana", "predict", per_minute=10_000_000)))
    request = asked("ana", host="127.0.0.1", content_type="application/json", accept="*/*")

    def once() -> float:
        started = time.process_time()
        for _ in range(5_000):
            door.admit(request, PREDICT)
        return (time.process_time() - started) / 5_000

    assert min(once() for _ in range(5)) < 10e-6


def test_an_app_with_keys(service: Service, ledger: Ledger) -> None:
    reader = replace(key("lia", "read"), projects=("churn",))
    door = KeyDoor(Stored(key("ana", "predict"), reader, key("prom", "watch")))

    with Client(create_app({"churn": service}, door=door)) as client:

        def as_(name: str) -> dict[str, str]:
            return {"authorization": f"Bearer {name}"}

        assert client.get("/ready").status_code == 200
        refused = client.post("/predict", json=ROW)
        assert refused.status_code == 401
        assert refused.json()["code"] == "key_needed"
        assert ledger.count("churn") == 0
        answered = client.post("/predict", json={**ROW, "id_cliente": 7}, headers=as_("ana"))
        assert answered.status_code == 200
        place = f"/predictions/{answered.json()['id']}"
        assert client.get(place, headers=as_("ana")).json()["code"] == "scope_missing"
        assert client.get(place, headers=as_("lia")).status_code == 200
        assert client.get("/churn/7", headers=as_("ana")).status_code == 403
        assert client.get("/churn/7", headers=as_("lia")).status_code == 200
        assert client.get("/churn/todas/predicoes", headers=as_("lia")).status_code == 200
        assert client.get("/metrics").status_code == 401
        metrics = client.get("/metrics", headers=as_("prom")).text
        assert 'code="key_needed",project="",route="unknown"' in metrics
        assert client.post("/model/reload", headers=as_("ana")).status_code == 403
        assert client.get("/nowhere").status_code == 401
        assert client.get("/projects/other/predict", headers=as_("ana")).status_code == 403


def test_of_several_projects_a_key_of_one_sees_no_whole(registry: Registry, ledger: Ledger) -> None:
    two = {
        "churn": Service(registry, ledger),
        "other": Service(Registry("9", bundle(AgePredictor(), OTHER)), ledger),
    }
    door = KeyDoor(Stored(key("prom", "watch", projects=("churn",)), key("all", "watch")))

    with Client(create_app(two, door=door)) as client:
        for path, expected in (
            ("/projects/churn/metrics", 200),
            ("/projects/other/health", 403),
            ("/health", 403),
        ):
            assert client.get(path, headers={"x-api-key": "prom"}).status_code == expected
        assert client.get("/health", headers={"x-api-key": "all"}).status_code == 200


def test_the_document_tells_who_may_do_what(service: Service) -> None:
    door = KeyDoor(Stored(key("ana", "predict")))

    with Client(create_app({"churn": service}, door=door)) as client:
        document = client.get("/openapi.json", headers={"x-api-key": "ana"}).json()

    predict, ready = document["paths"]["/predict"]["post"], document["paths"]["/ready"]["get"]
    assert {"401", "403", "429"} <= set(predict["responses"])
    assert predict["security"] == [{"key": []}, {"key_header": []}]
    assert set(document["components"]["securitySchemes"]) == {"key", "key_header"}
    assert "the scope predict" in predict["description"]
    assert ready["security"] == []
    assert "401" not in ready["responses"]


def test_on_this_machine_the_document_speaks_of_no_key(service: Service) -> None:
    with Client(create_app({"churn": service}, door=LocalNames())) as client:
        document = client.get("/openapi.json", headers={"host": "localhost"}).json()
        assert client.get("/ready").status_code == 421

    assert "securitySchemes" not in document["components"]
    assert "401" not in document["paths"]["/predict"]["post"]["responses"]
    assert all("503" in one["responses"] for path in document["paths"].values() for one in path.values())


def test_what_is_done_with_a_key_is_done_in_its_name(service: Service, ledger: Ledger) -> None:
    training = Training(lambda: parse_project(SPEC), ledger, lambda _: None, "the server", 10_000)
    door = KeyDoor(Stored(key("night", "train"), key("ana", "predict")))
    extensions = {"churn": training_extension("churn", training)}

    with Client(create_app({"churn": service}, extensions=extensions, door=door)) as client:
        assert client.post("/train", json={}, headers={"x-api-key": "ana"}).status_code == 403
        asked_for = client.post("/train", json={}, headers={"x-api-key": "night"})
        client.post("/config", json=DAY, headers={"x-api-key": "night"})
    with Client(create_app({"churn": service}, extensions=extensions)) as client:
        client.post("/train", json={})

    assert asked_for.status_code == 202
    assert [job.requested_by for job in Jobs(ledger).listed("churn", 10)] == ["the server", "night"]
    changed = Configs(ledger).current("churn")
    assert changed is not None
    assert changed.actor == "night"


def test_the_door_looks_while_the_app_runs(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zelo.serving.app.LOOK_SECONDS", 0.02)
    stored = Stored(key("ana", "predict"))

    with Client(create_app({"churn": service}, door=KeyDoor(stored))) as client:
        stored.keys = []
        deadline = time.monotonic() + 10
        response = httpx.Response(200)
        while response.status_code == 200:
            assert time.monotonic() < deadline
            response = client.get("/model", headers={"x-api-key": "ana"})
    assert response.status_code == 401
