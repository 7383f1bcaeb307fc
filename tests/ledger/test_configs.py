from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from zelo.errors import ConflictError
from zelo.ledger.configs import Config, Configs
from zelo.ledger.store import Ledger

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
CONTENT = {"candidates": {"lstm": {"epochs": 50, "learning_rate": 0.001}}}


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}", now=lambda: START) as opened:
        yield opened


@pytest.fixture
def configs(ledger: Ledger) -> Configs:
    return Configs(ledger)


def test_nothing_was_changed_at_first(configs: Configs) -> None:
    assert configs.current("stock") is None
    assert configs.version("stock", 1) is None
    assert configs.history("stock") == []


def test_each_change_is_a_version_that_stays(configs: Configs) -> None:
    first = configs.save("stock", CONTENT, "Ana", "try longer")
    second = configs.save("stock", {"candidates": {}}, "Rui", "back")
    other = configs.save("churn", CONTENT, "Ana", "another project")

    assert first == Config("stock", 1, START, "Ana", "try longer", CONTENT)
    assert (second.version, other.version) == (2, 1)
    assert configs.current("stock") == second
    assert configs.version("stock", 1) == first
    assert configs.history("stock") == [second, first]
    assert configs.history("stock", limit=1) == [second]


def test_a_change_is_an_event_too(configs: Configs, ledger: Ledger) -> None:
    configs.save("stock", CONTENT, "Ana", "try longer")

    (event,) = ledger.events("stock", kind="config")
    assert (event.actor, event.reason, event.at) == ("Ana", "try longer", START)
    assert event.payload == {"version": 1, **CONTENT}


def test_a_change_from_an_older_version_is_refused(configs: Configs, ledger: Ledger) -> None:
    configs.save("stock", CONTENT, "Ana", "first", expected_version=0)
    configs.save("stock", CONTENT, "Ana", "second", expected_version=1)

    for stale in (0, 1, 3):
        with pytest.raises(ConflictError) as caught:
            configs.save("stock", {}, "Rui", "late", expected_version=stale)
        assert caught.value.found == "version 2"

    assert [config.version for config in configs.history("stock")] == [2, 1]
    assert len(ledger.events("stock")) == 2


def test_of_changes_at_the_same_time_one_wins(configs: Configs) -> None:
    together = threading.Barrier(8)
    won: list[int] = []
    lost: list[ConflictError] = []

    def change() -> None:
        together.wait()
        try:
            won.append(configs.save("stock", CONTENT, "Ana", "race", expected_version=0).version)
        except ConflictError as error:
            lost.append(error)

    threads = [threading.Thread(target=change) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert won == [1]
    assert len(lost) == 7
    assert len(configs.history("stock")) == 1
