"""A service follows the registry's files by itself, and tells the ledger how its versions do."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from zelo.errors import LedgerError, RegistryError
from zelo.ledger.store import Ledger
from zelo.registry.aliases import aliases_path, write_aliases
from zelo.registry.bundle import Bundle
from zelo.registry.traffic import Traffic, traffic_path, write_traffic
from zelo.serving.follow import AGAIN_SECONDS, Follower, Versions, looking
from zelo.serving.minutes import Minutes
from zelo.serving.service import Committed, Service

from .fakes import START, AgePredictor, bundle

NAME = "churn"


class Home:
    """A registry of two versions, their bundles, and a service that follows it."""

    def __init__(self, root: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
        self.registry = root / "registry"
        self.loaded: list[str] = []
        self.broken: set[str] = set()
        self.seconds = 0.0
        monkeypatch.setattr("zelo.serving.follow.load_bundle", self.load)
        self.promote("1")
        versions = Versions(self.registry, root / "bundles", NAME)
        self.service = Service(versions, ledger, versions)
        self.follower = Follower(self.service, versions, clock=lambda: self.seconds)

    def load(self, path: Path) -> Bundle:
        self.loaded.append(path.name)
        if path.name in self.broken:
            raise RegistryError("the bundle is missing", where=str(path))
        return replace(bundle(AgePredictor()), path=path)

    def promote(self, version: str) -> None:
        write_aliases(self.registry, NAME, {"champion": {"version": version, "bundle": f"b{version}"}})

    def divide(self, share: int) -> None:
        write_traffic(
            self.registry,
            NAME,
            Traffic(
                mode="split",
                version="2",
                bundle="b2",
                share=share,
                started=START,
                since=START,
                actor="Ana",
                reason="",
            ),
        )


@pytest.fixture
def home(tmp_path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Home:
    return Home(tmp_path, ledger, monkeypatch)


def test_it_goes_over_when_a_file_changes_and_only_then(home: Home) -> None:
    home.follower.look()
    assert home.loaded == ["b1"]

    home.divide(30)
    home.follower.look()
    assert home.service.traffic is not None
    assert (home.service.traffic.share, home.loaded) == (30, ["b1", "b2"])
    home.divide(60)
    home.follower.look()
    assert (home.service.traffic.share, home.loaded) == (60, ["b1", "b2"])

    traffic_path(home.registry, NAME).unlink()
    home.follower.look()
    assert home.service.traffic is None
    home.promote("3")
    home.follower.look()
    assert (home.service.model.version, home.loaded) == ("3", ["b1", "b2", "b3"])


def test_what_could_not_be_loaded_is_tried_again_after_a_while(home: Home) -> None:
    home.follower.look()
    home.broken.add("b2")
    home.promote("2")
    home.follower.look()
    home.follower.look()
    assert home.loaded == ["b1", "b2"]
    assert home.service.model.version == "1"
    assert "missing" in str(home.service.trouble)

    home.broken.clear()
    home.seconds += AGAIN_SECONDS
    home.follower.look()
    assert (home.service.model.version, home.service.trouble) == ("2", None)
    home.seconds += AGAIN_SECONDS
    home.follower.look()
    assert home.loaded == ["b1", "b2", "b2"]


def test_a_damaged_file_of_aliases_leaves_the_champion_where_it_is(home: Home) -> None:
    home.follower.look()
    aliases_path(home.registry, NAME).write_text("{", encoding="utf-8")
    home.follower.look()
    assert home.service.model.version == "1"
    assert "damaged" in str(home.service.trouble)


def test_a_look_that_fails_does_not_end_the_looking(caplog: pytest.LogCaptureFixture) -> None:
    seen = threading.Semaphore(0)

    def broken() -> None:
        raise ArithmeticError("no")

    with looking([broken, seen.release], seconds=0.01):
        for _ in range(3):
            assert seen.acquire(timeout=5)
    # What fails every time is told once in half a minute, by its name.
    assert [record.message.rpartition(".")[2] for record in caplog.records] == ["broken failed"]


def test_a_call_lets_it_look_though_nothing_has_changed(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    calls, looks = [0], []
    versions = Versions(home.registry, home.registry, NAME)
    follower = Follower(home.service, versions, called=lambda: calls[-1])
    monkeypatch.setattr(home.service, "follow", lambda: looks.append(calls[-1]))
    follower.look()
    follower.look()
    assert looks == [0]
    calls.append(1)
    follower.look()
    assert looks == [0, 1]


def committed(rows: int, failed: int = 0, seconds: float = 0.01) -> Committed:
    """``rows`` asked of both versions; the second one failed on some of them."""
    return Committed(
        NAME,
        {("1", "champion", "a"): rows - 1, ("2", "challenger", "b"): 1},
        rows,
        0.0,
        scored={"1": rows, "2": rows},
        failed={"2": failed} if failed else {},
        seconds_of={"1": seconds, "2": 2 * seconds},
    )


class Watch:
    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> Any:
        return self.time

    def later(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


def told(ledger: Ledger) -> list[dict[str, Any]]:
    return [dict(event.payload) for event in reversed(ledger.events(NAME, kind="serving"))]


def test_a_minute_is_told_once_by_version(ledger: Ledger) -> None:
    watch = Watch()
    minutes = Minutes(ledger, NAME, now=watch)
    minutes.look()
    for milliseconds in range(1, 21):
        minutes.committed(committed(5, seconds=milliseconds / 1_000))
        watch.later(1)
        minutes.look()
    assert told(ledger) == []
    watch.later(40)
    minutes.look()
    minutes.look()
    (event,) = told(ledger)
    assert event["since"] == START.isoformat()
    assert event["until"] == (START + timedelta(minutes=1)).isoformat()
    assert event["versions"]["1"] == {"rows": 100, "answered": 80, "failed": 0, "calls": 20, "p95_ms": 19.05}
    assert event["versions"]["2"]["p95_ms"] == 38.1
    minutes.committed(committed(3))
    minutes.close()
    assert told(ledger)[-1]["versions"]["1"]["rows"] == 3


def test_the_first_failure_is_told_at_once_and_the_next_with_its_minute(ledger: Ledger) -> None:
    watch = Watch()
    minutes = Minutes(ledger, NAME, now=watch)
    for _ in range(3):
        minutes.committed(committed(10, failed=10))
        watch.later(1)
        minutes.look()
    assert [event["versions"]["2"]["failed"] for event in told(ledger)] == [10]
    watch.later(60)
    minutes.look()
    assert [event["versions"]["2"]["failed"] for event in told(ledger)] == [10, 20]


def test_a_ledger_that_cannot_be_written_is_logged(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise LedgerError("the disk is full")

    monkeypatch.setattr(ledger, "record_event", full)
    minutes = Minutes(ledger, NAME)
    minutes.committed(committed(3))
    minutes.close()
    assert "the disk is full" in caplog.text


def test_a_file_that_may_not_be_read_is_trouble_and_is_tried_again(home: Home) -> None:
    home.follower.look()
    traffic_path(home.registry, NAME).mkdir()
    home.follower.look()
    assert home.service.model.version == "1"
    assert "directory" in str(home.service.trouble)

    traffic_path(home.registry, NAME).rmdir()
    home.follower.look()
    assert home.service.trouble is None
