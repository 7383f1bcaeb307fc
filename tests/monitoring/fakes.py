"""A small project, a bundle without a model, and a ledger that fills with answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zelo.decisions.decide import Decision, decide
from zelo.decisions.policy import make_policy
from zelo.features.columns import Columns
from zelo.ledger.records import OutcomeRecord, PredictionRecord, new_id
from zelo.ledger.store import Ledger
from zelo.monitoring.watch import Report, read_window, watch
from zelo.registry.bundle import Bundle
from zelo.spec.project import Project

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
UNTIL = SINCE + timedelta(days=30)
NOW = UNTIL + timedelta(days=60)
VERSION = "3"

FIELDS: dict[str, Any] = {
    "age": {"type": "number", "unit": "years", "min": 0, "max": 120},
    "load": {"type": "number", "unit": "kW", "missing": "allowed"},
    "site": {"type": "category", "values": ["North", "South", "West"]},
}
BANDS = [{"above": 0.7, "label": "High"}, {"above": 0.4, "label": "Moderate"}, {"label": "Low"}]


def make_project(**changes: Any) -> Project:
    document: dict[str, Any] = {
        "name": "pumps",
        "title": "Pumps",
        "language": "en",
        "task": {"kind": "binary", "target": "failed"},
        "data": {"key": "id", "sources": {"train": "pumps.csv"}, "fields": FIELDS},
        "candidates": ["prior"],
        "select": {"primary": "f1", "report": ["roc_auc", "recall", "brier", "mcc"]},
        "decision": {"bands": BANDS},
        "gates": {"slices": ["site"]},
        **changes,
    }
    return Project.model_validate(document)


def regression() -> Project:
    return make_project(
        task={"kind": "regression", "target": "hours", "unit": "h"},
        split={"by": "random"},
        select={"primary": "mae", "report": ["r2", "mape"]},
        decision={},
    )


def several_classes() -> Project:
    return make_project(
        task={"kind": "multiclass", "target": "mode", "classes": ["leak", "wear", "other"]},
        select={"primary": "f1_macro", "report": ["accuracy", "log_loss", "ece"]},
        decision={},
    )


class NoModel:
    runtime = "native"

    def scores(self, columns: Columns) -> np.ndarray[Any, Any]:
        raise AssertionError("monitoring runs no model")


def make_rows(rng: np.random.Generator, n: int) -> pd.DataFrame:
    load = rng.gamma(4.0, 10.0, n)
    load[rng.random(n) < 0.1] = np.nan
    sites = rng.choice(np.array(["North", "South", "West"], dtype=object), n, p=[0.5, 0.3, 0.2])
    return pd.DataFrame({"age": rng.normal(40.0, 10.0, n), "load": load, "site": sites})


def make_scores(rng: np.random.Generator, n: int, project: Project) -> np.ndarray[Any, Any]:
    if project.task.kind == "regression":
        return rng.normal(100.0, 15.0, (n, 1))
    if project.task.kind == "binary":
        positive = rng.beta(2.0, 4.0, n)
        return np.column_stack([1 - positive, positive])
    return rng.dirichlet((2.0, 1.0, 1.0), n)


def make_bundle(folder: Path, project: Project, *, synthetic: bool = False) -> Bundle:
    rng = np.random.default_rng(1)
    rows = make_rows(rng, 3000)
    tested = make_scores(rng, 1500, project)
    # Scores of rows that the model was fitted on: much surer than any that it will answer.
    rows["score__"] = 1.0
    folder.mkdir()
    rows.to_parquet(folder / "reference.parquet")
    (folder / "test_scores.json").write_text(json.dumps(tested.tolist()), encoding="utf-8")
    figures = {name: {"value": 0.6, "low": 0.5, "high": 0.7} for name in project.select.metrics}
    (folder / "metrics.json").write_text(json.dumps(figures), encoding="utf-8")
    policy = make_policy(project)
    return Bundle(folder, "0" * 64, project, policy, {"synthetic": synthetic}, NoModel())


class Scene:
    """A project with its bundle and a ledger; answers and their truth are written as serving does."""

    def __init__(self, ledger: Ledger, bundle: Bundle) -> None:
        self.ledger, self.bundle, self.project = ledger, bundle, bundle.project
        self.rng = np.random.default_rng(7)

    def answer(
        self,
        n: int,
        *,
        version: str = VERSION,
        rows: pd.DataFrame | None = None,
        scores: np.ndarray[Any, Any] | None = None,
        since: datetime = SINCE,
        until: datetime = UNTIL,
    ) -> list[PredictionRecord]:
        rows = make_rows(self.rng, n) if rows is None else rows
        scores = make_scores(self.rng, n, self.project) if scores is None else scores
        inputs = [
            {name: None if value != value else value for name, value in row.items()}
            for row in rows.to_dict("records")
        ]
        records = [
            PredictionRecord(
                id=new_id(),
                project=self.project.name,
                version=version,
                at=since + (until - since) * (place / n),
                inputs=row,
                decision=_body(decision),
                score=decision.score,
            )
            for place, (row, decision) in enumerate(
                zip(inputs, decide(scores, self.bundle.policy), strict=True)
            )
        ]
        self.ledger.record_predictions(records)
        return records

    def tell(
        self,
        records: Sequence[PredictionRecord],
        values: Sequence[int | float | str],
        delay: timedelta = timedelta(days=3),
    ) -> None:
        outcomes = [
            OutcomeRecord(value=value, observed_at=record.at + delay, prediction_id=record.id)
            for record, value in zip(records, values, strict=True)
        ]
        self.ledger.record_outcomes(self.project.name, outcomes)

    def draw(self, records: Sequence[PredictionRecord]) -> list[int]:
        """Truths with the chances that the scores state."""
        return [int(self.rng.random() < (record.score or 0.0)) for record in records]

    def report(self, *, since: datetime = SINCE, until: datetime = UNTIL) -> Report:
        window = read_window(self.ledger, self.project.name, VERSION, since=since, until=until)
        return watch(window, self.bundle, now=NOW)


def _body(decision: Decision) -> dict[str, Any]:
    body = {"prediction": decision.prediction, "score": decision.score, "risk_level": decision.band}
    return {name: value for name, value in body.items() if value is not None}
