"""What decides the bits of a score is told once, and what has changed since is found."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from zelo.errors import LedgerError
from zelo.ledger.store import Ledger
from zelo.registry import arithmetic as facts
from zelo.registry.arithmetic import arithmetic, arithmetic_at, differing, made_with, tell_arithmetic
from zelo.registry.environment import environment

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    times = (START + timedelta(hours=hour) for hour in range(1, 100))
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}", now=lambda: next(times)) as opened:
        yield opened


def test_this_process_is_as_it_is_and_as_a_bundle_has_it() -> None:
    now = arithmetic()
    assert now["numpy"] == np.__version__
    assert {
        "python",
        "machine",
        "C library",
        "processor",
        "instructions",
        "onnxruntime",
        "zelo",
    } <= now.keys()
    assert differing(now, arithmetic()) == []
    assert differing(made_with(environment()), now) == []


def test_what_is_not_the_same_is_told_with_both() -> None:
    then = {"numpy": "2.0.0", "treelite": "4.0", "python": "3.11.2"}
    now = {"numpy": "2.1.0", "python": "3.11.2", "torch": "2.9"}
    assert differing(then, now) == ["numpy: 2.0.0 then, 2.1.0 now", "treelite: 4.0 then, not installed now"]


def test_the_ledger_is_told_where_something_changed(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    for numpy in ("1", "1", "2"):
        monkeypatch.setattr(facts, "arithmetic", lambda numpy=numpy: {"numpy": numpy})
        tell_arithmetic(ledger, "pumps")
    assert len(ledger.events("pumps", kind=facts.KIND)) == 2
    hours = [arithmetic_at(ledger, "pumps", START + timedelta(hours=hour)) for hour in (0.5, 1, 1.5, 2)]
    assert hours == [None, {"numpy": "1"}, {"numpy": "1"}, {"numpy": "2"}]
    assert arithmetic_at(ledger, "fans", START + timedelta(hours=9)) is None


def test_a_ledger_that_takes_nothing_keeps_nobody_from_serving(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise LedgerError("the ledger is locked")

    monkeypatch.setattr(ledger, "record_event", refuse)
    tell_arithmetic(ledger, "pumps")
    assert "what pumps computes with is not in the ledger" in caplog.text
