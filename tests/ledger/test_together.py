"""The rows that a version scored in one call, and what it said beside the one that answered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from zelo.ledger.records import PredictionRecord, ShadowRecord, new_id
from zelo.ledger.store import Ledger
from zelo.ledger.together import scored_together, shadow_of

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}") as opened:
        yield opened


def record(version: str, *, microseconds: int = 0, project: str = "churn") -> PredictionRecord:
    at = START + timedelta(microseconds=microseconds)
    return PredictionRecord(new_id(), project, version, at, {"age": 1}, {"prediction": 0}, 0.1)


def test_a_batch_is_of_one_moment_and_holds_what_the_version_answered_or_said_beside(ledger: Ledger) -> None:
    batch = [record("1"), record("2"), record("1"), record("3")]
    others = [record("1", microseconds=-1), record("1", microseconds=1), record("1", project="fans")]
    said = ShadowRecord(batch[1].id, "churn", "1", START, {"prediction": 1}, 0.1 + 0.2)
    ledger.record_predictions([*batch, *others], [said])

    assert scored_together(ledger, batch[2], "1") == batch[:3]
    assert scored_together(ledger, batch[1], "2") == [batch[1]]
    assert scored_together(ledger, others[1], "1") == [others[1]]
    assert shadow_of(ledger, batch[1], "1") == said
    assert shadow_of(ledger, batch[0], "2") is None
