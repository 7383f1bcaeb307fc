"""What two versions said of the same rows, read without those that are not asked for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from zelo.ledger.records import OutcomeRecord, PredictionRecord, ShadowRecord, new_id
from zelo.ledger.shadows import paired
from zelo.ledger.store import Ledger

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}", now=lambda: START + 9 * HOUR) as opened:
        yield opened


def answered(ledger: Ledger, at: datetime, *, shadow: str | None = "2") -> str:
    record = PredictionRecord(new_id(), "churn", "1", at, {"age": 1}, {"prediction": 0}, 0.1, "ana")
    said = [ShadowRecord(record.id, "churn", shadow, at, {"prediction": 1}, 0.9)] if shadow else []
    ledger.record_predictions([record], said)
    return record.id


def truth(ledger: Ledger, prediction_id: str, value: int) -> None:
    ledger.record_outcomes("churn", [OutcomeRecord(value, START, prediction_id=prediction_id)])


def test_judged_pairs_come_as_their_first_truth_did_with_the_last(ledger: Ledger) -> None:
    early, first, second = (answered(ledger, START + hour * HOUR) for hour in (0, 1, 2))
    alone = answered(ledger, START + 2 * HOUR, shadow=None)
    other = answered(ledger, START + 2 * HOUR, shadow="7")
    answered(ledger, START + 3 * HOUR)
    for prediction_id in (second, first, early, alone, other):
        truth(ledger, prediction_id, 0)
    truth(ledger, second, 1)

    found = paired(ledger, "churn", ("1", "2"), since=START + HOUR)

    assert [(one.prediction.id, one.shadow.version, one.outcome.value) for one in found] == [
        (second, "2", 1),
        (first, "2", 0),
    ]


@pytest.mark.parametrize("what", ["pairs", "events"])
def test_rounds_are_answered_from_an_index(ledger: Ledger, what: str) -> None:
    """A round comes every few minutes, and a ledger holds years."""
    statements: list[tuple[str, Any]] = []
    sa.event.listen(
        ledger.engine,
        "before_cursor_execute",
        lambda _c, _k, sql, parameters, *_: statements.append((sql, parameters)),
    )
    if what == "pairs":
        paired(ledger, "churn", ("1", "2"), since=START)
    else:
        ledger.events("churn", kind="trigger", limit=1)
    # What waits in the journal is moved first, and that is little.
    sql, parameters = next(
        entry for entry in statements if entry[0].startswith("SELECT") and "journal" not in entry[0]
    )

    with ledger.engine.connect() as connection:
        plan = str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters).all())

    assert "SCAN" not in plan
    if what == "events":
        assert "events_by_kind" in plan
        assert "TEMP B-TREE" not in plan
