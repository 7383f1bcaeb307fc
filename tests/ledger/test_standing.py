from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from zelo.ledger.records import OutcomeRecord, PredictionRecord, new_id
from zelo.ledger.standing import Standing, standing
from zelo.ledger.store import Ledger

START = datetime(2026, 1, 1, tzinfo=UTC)
END = START + timedelta(days=10)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}") as opened:
        yield opened


def answered(
    ledger: Ledger,
    entity: str | None,
    day: float,
    band: str | None,
    *,
    said: int | str = 1,
    project: str = "a",
) -> str:
    decision = {"prediction": said} | ({"risk_level": band} if band else {})
    at = START + timedelta(days=day)
    record = PredictionRecord(new_id(), project, "1", at, {}, decision, score=day / 10, entity=entity)
    ledger.record_predictions([record])
    return record.id


def test_each_entity_counts_once_in_its_latest_band(ledger: Ledger) -> None:
    answered(ledger, "ana", 1, "High")
    answered(ledger, "ana", 3, "Low")
    answered(ledger, "rui", 4, "High")
    answered(ledger, "rui", 2, "Low")
    answered(ledger, "eva", 5, "High")
    answered(ledger, "eva", 12, "Low")
    answered(ledger, None, 6, "High")
    answered(ledger, "ivo", 6, None)
    answered(ledger, "ana", 7, "High", project="b")

    found = standing(ledger, "a", since=START, until=END)

    assert found.entities == {"High": 2, "Low": 1}
    assert found.mean_score == pytest.approx((1 + 3 + 4 + 2 + 5 + 6 + 6) / 70)
    assert (found.accepted, found.judged) == (0, 0)


def test_an_answer_is_accepted_where_its_last_outcome_says_the_same(ledger: Ledger) -> None:
    right, wrong, corrected, named = (
        answered(ledger, None, 1, None, said=said) for said in (1, 0, 0, "leak")
    )
    answered(ledger, None, 1, None)
    late = answered(ledger, None, 11, None)
    for prediction, value in ((right, 1), (wrong, 1), (corrected, 1), (named, "leak"), (late, 1)):
        ledger.record_outcomes("a", [OutcomeRecord(value, END, prediction_id=prediction)])
    ledger.record_outcomes("a", [OutcomeRecord(0, END, prediction_id=corrected)])

    found = standing(ledger, "a", since=START, until=END)

    assert (found.accepted, found.judged) == (3, 4)


def test_nothing_is_nothing(ledger: Ledger) -> None:
    assert standing(ledger, "a", since=START, until=END) == Standing({}, None, 0, 0)
