"""Logged traffic of the small project: answers, shadows and truths, as serving leaves them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from tests.homes import Home, pumps

from zelo.decisions.decide import Decision, decide
from zelo.features.columns import columns_from_rows
from zelo.ledger.records import OutcomeRecord, PredictionRecord, ShadowRecord, Variant, new_id
from zelo.ledger.store import Ledger
from zelo.registry.bundle import Bundle
from zelo.serving.answers import body_of

NOW = datetime(2035, 6, 1, tzinfo=UTC)
"""Later than whatever the tests' clock wrote while they were made."""
DAY = timedelta(days=1)
Row = dict[str, Any]


class Clock:
    """A clock that stands until it is set."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


def rows_of(frame: pd.DataFrame) -> list[Row]:
    """Requests as the ledger keeps them."""
    inputs = frame[["pump", "age", "load", "site"]].astype(object)
    return [
        {name: None if value is None or value != value else value for name, value in row.items()}
        for row in inputs.to_dict("records")
    ]


def some_pumps(rows: int, *, seed: int = 9, first: int = 10_000) -> tuple[list[Row], list[int]]:
    """Requests about pumps that nobody was trained on, and what became of them."""
    frame = pumps(rows, seed=seed, first=first)
    return rows_of(frame), frame["Failed"].tolist()


def answer(
    ledger: Ledger,
    home: Home,
    rows: Sequence[Row],
    *,
    at: datetime,
    version: tuple[str, Bundle],
    beside: tuple[str, Bundle] | None = None,
    variant: Variant = "champion",
    worse: float = 0.0,
) -> list[str]:
    """Record what a version answers, and what another one says beside it; their ids.

    Args:
        worse: of the version beside: its decisions and scores are turned on this share of the rows.
    """
    name, bundle = version
    ids = [new_id() for _ in rows]
    records = [
        PredictionRecord(
            prediction_id,
            home.name,
            name,
            at,
            row,
            body_of(decision, bundle.project, bundle.policy),
            decision.score,
            str(row["pump"]),
            variant,
        )
        for prediction_id, row, decision in zip(ids, rows, decisions_of(bundle, rows), strict=True)
    ]
    shadows = []
    if beside:
        other, second = beside
        turned = np.random.default_rng(1).random(len(rows)) < worse
        shadows = [
            _shadow(prediction_id, home, other, second, decision, at, turn=bool(turn))
            for prediction_id, decision, turn in zip(ids, decisions_of(second, rows), turned, strict=True)
        ]
    ledger.record_predictions(records, shadows)
    return ids


def tell(ledger: Ledger, home: Home, ids: Sequence[str], truths: Sequence[int], *, at: datetime) -> None:
    """Record what became of predictions."""
    ledger.record_outcomes(
        home.name,
        [OutcomeRecord(truth, at, prediction_id=one) for one, truth in zip(ids, truths, strict=True)],
    )


def served(ledger: Ledger, home: Home, **versions: dict[str, Any]) -> None:
    """The event of a serving process: v2={"rows": 50, "failed": 3, "calls": 9, "p95_ms": 12.0}."""
    told = {name.removeprefix("v"): window for name, window in versions.items()}
    ledger.record_event(home.name, "serving", "serving", "", {"versions": told})


def decisions_of(bundle: Bundle, rows: Sequence[Row]) -> list[Decision]:
    return decide(bundle.predictor.scores(columns_from_rows(bundle.project, rows)), bundle.policy)


def _shadow(
    prediction_id: str,
    home: Home,
    version: str,
    bundle: Bundle,
    decision: Decision,
    at: datetime,
    *,
    turn: bool,
) -> ShadowRecord:
    body, score = body_of(decision, bundle.project, bundle.policy), decision.score
    if turn:
        score = 1 - score
        body = {**body, "prediction": 1 - int(decision.prediction), "score": score}
    return ShadowRecord(prediction_id, home.name, version, at, body, score)
