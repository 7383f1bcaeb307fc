"""A version under examination, made of arrays: what a gate looks at can be chosen to the last row."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from tests.tables import make_project

from zelo.data.snapshot import Snapshot, contract_hash
from zelo.decisions.decide import interval_bounds
from zelo.decisions.policy import Policy, make_policy
from zelo.features.columns import Columns, count
from zelo.registry.bundle import Bundle
from zelo.registry.examination import Examination
from zelo.spec.project import Project
from zelo.stats.metrics import Scored
from zelo.training.truth import scored_rows

Array = np.ndarray[Any, Any]

HASH = "a" * 64
ROWS = 400


class Fixed:
    """Gives the same scores whatever it is asked, after ``seconds``."""

    runtime = "onnx"

    def __init__(self, seconds: float = 0.0, width: int = 2) -> None:
        self._seconds = seconds
        self._width = width

    def scores(self, columns: Columns) -> Array:
        time.sleep(self._seconds)
        return np.full((count(columns), self._width), 1 / self._width)


def truth(rows: int = ROWS, *, share: float = 0.3) -> Array:
    """Class indices with this share of the positive class, spread over the rows."""
    return (np.random.default_rng(3).permutation(rows) < share * rows).astype(np.int64)


def guesses(true: Array, *, right: float, seed: int = 0, sure: float = 0.9) -> Scored:
    """Rows of a binary task of which this share is predicted rightly, each with the probability ``sure``."""
    hits = np.random.default_rng(seed).permutation(len(true)) < round(right * len(true))
    predicted = np.where(hits, true, 1 - true)
    positive = np.where(predicted == 1, sure, 1 - sure)
    return Scored(true, np.column_stack([1 - positive, positive]), predicted, positive=1)


def prior(true: Array) -> Scored:
    """What a naive baseline says: the positive class for every row."""
    share = float(true.mean())
    return Scored(true, np.tile([1 - share, share], (len(true), 1)), np.ones(len(true), np.int64), positive=1)


def rows_of(project: Project, rows: int) -> Columns:
    return {
        name: np.zeros(rows) if field.is_numeric else np.full(rows, "north", dtype=object)
        for name, field in project.inputs.items()
    }


def snapshot_of(project: Project) -> Snapshot:
    return Snapshot(
        HASH,
        Path("snapshot"),
        1600,
        False,
        (),
        None,
        datetime(2026, 1, 1, tzinfo=UTC),
        contract_hash(project),
    )


def examined(
    folder: Path,
    tested: Scored,
    *,
    project: Project | None = None,
    policy: Policy | None = None,
    predictor: Any = None,
    measured: Array | None = None,
    certificate: Mapping[str, Any] | None = None,
    **parts: Any,
) -> Examination:
    """An examination of a version whose bundle holds just what gates read from files."""
    project = project or make_project()
    (folder / "test_scores.json").write_text(
        json.dumps((tested.scores if measured is None else measured).tolist()), encoding="utf-8"
    )
    (folder / "parity.json").write_text(json.dumps(certificate or {"reason": "the same"}), encoding="utf-8")
    predictor = predictor or Fixed(width=max(len(project.classes), 1))
    manifest = {"snapshot": HASH, "runtime": predictor.runtime}
    whole = Examination(
        bundle=Bundle(folder, "b" * 64, project, policy or make_policy(project), manifest, predictor),
        snapshot=snapshot_of(project),
        rows=rows_of(project, len(tested)),
        tested=tested,
        baseline=tested if tested.positive is None else prior(tested.truth),
        champion=None,
        incomparable=None,
        slices={},
    )
    return replace(whole, **parts)


def regression(folder: Path, residuals: Array, *, half_width: float | None) -> Examination:
    """A regression whose test rows miss the truth by ``residuals``."""
    project = make_project("regression")
    true = np.arange(len(residuals), dtype=np.float64)
    policy, scores = make_policy(project, half_width=half_width), (true + residuals).reshape(-1, 1)
    tested = scored_rows(true, scores, None, project, bounds=interval_bounds(scores, policy))
    return examined(folder, tested, project=project, policy=policy)
