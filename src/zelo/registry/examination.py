"""What the gates look at: a bundle scored again on its test rows, beside the baseline and the champion."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from zelo.data.contract import ROW
from zelo.data.snapshot import Snapshot
from zelo.data.split import split
from zelo.decisions.decide import interval_bounds, predicted_classes
from zelo.features.columns import Columns, columns_from_frame, take
from zelo.features.history import windows_of
from zelo.registry.bundle import Bundle
from zelo.spec.project import LOWER_IS_BETTER, Project
from zelo.stats.bootstrap import Difference, paired_difference
from zelo.stats.metrics import Scored
from zelo.training.truth import scored_rows, truth_of

Array = np.ndarray[Any, Any]
BASELINE, HORIZONS = "baseline.json", "horizons.json"


@dataclass(frozen=True)
class Examination:
    """A version under examination.

    ``rows`` are the test rows' inputs, ``slices`` each slicing field's values on them. ``champion`` is the
    champion on the same rows: ``None`` where there is none, or where it cannot read them, for which
    ``incomparable`` gives the reason.
    """

    bundle: Bundle
    snapshot: Snapshot
    rows: Columns
    tested: Scored
    baseline: Scored
    champion: Scored | None
    incomparable: str | None
    slices: Mapping[str, Array]

    @property
    def project(self) -> Project:
        """The project as the bundle holds it."""
        return self.bundle.project

    def gain_over(self, other: Scored) -> Difference:
        """How much better the version is than another model in the primary metric, on the same test rows."""
        primary = self.project.select.primary
        higher = primary not in LOWER_IS_BETTER
        seed = self.project.split.seed
        return paired_difference(self.tested, other, primary, higher_is_better=higher, seed=seed)


def examine(bundle: Bundle, snapshot: Snapshot, champion: Bundle | None) -> Examination:
    """Score the test rows of the bundle's snapshot with what would be served.

    Raises:
        DataError: the snapshot is damaged.
    """
    project = bundle.project
    table = snapshot.frame()
    positions = split(table, project).test
    test = table.iloc[positions]
    truth = truth_of(test, project)
    rows = take(columns_from_frame(project, table), positions)
    naive = json.loads((bundle.path / BASELINE).read_text(encoding="utf-8"))
    scale = naive["scale"]
    incomparable = _incomparable(champion, bundle, test)
    beaten = champion if champion is not None and incomparable is None else None
    return Examination(
        bundle=bundle,
        snapshot=snapshot,
        rows=rows,
        tested=score(bundle, rows, truth, scale),
        baseline=_baseline(bundle, naive, rows, truth),
        champion=score(beaten, columns_from_frame(beaten.project, test), truth, scale) if beaten else None,
        incomparable=incomparable,
        slices={name: test[name].astype(str).to_numpy() for name in project.gates.slices},
    )


def score(bundle: Bundle, rows: Columns, truth: Array, scale: float | None = None) -> Scored:
    """Rows as the bundle would serve them; ``scale`` is that of a forecast's scaled error."""
    scores = bundle.predictor.scores(rows)
    predicted = predicted_classes(scores, bundle.policy) if bundle.policy.classes else None
    bounds = interval_bounds(scores, bundle.policy, windows_of(rows, bundle.project))
    return scored_rows(truth, scores, predicted, bundle.project, bounds=bounds, scale=scale)


def _baseline(bundle: Bundle, facts: Mapping[str, Any], rows: Columns, truth: Array) -> Scored:
    """What the naive baseline says: of a forecast the value of a season ago, else the same of every row."""
    if field := facts["field"]:
        return scored_rows(truth, rows[field], None, bundle.project, scale=facts["scale"])
    scores = np.tile(np.asarray(facts["scores"], dtype=np.float64), (len(truth), 1))
    predicted = np.full(len(truth), facts["predicted"]) if bundle.policy.classes else None
    return scored_rows(truth, scores, predicted, bundle.project)


def _incomparable(champion: Bundle | None, bundle: Bundle, test: pd.DataFrame) -> str | None:
    if champion is None:
        return None
    if _asked(champion) != _asked(bundle):
        return "the champion has another task"
    if champion.project.split != bundle.project.split:
        return "the champion was split otherwise, and was fitted on some of these rows"
    if seen := _seen(champion, test):
        return seen
    absent = sorted(set(champion.project.inputs) - set(test.columns) - {ROW})
    return f"the champion reads {', '.join(absent)}, which the new data do not have" if absent else None


def _seen(champion: Bundle, test: pd.DataFrame) -> str | None:
    """Whether the champion was fitted on test rows: by time, older data may have been split later."""
    until = champion.manifest.get("trained_until")
    if until is None:
        return None
    first = test[champion.project.date].min()
    if dt.date.fromisoformat(until).toordinal() < first.toordinal():
        return None
    return f"the champion was fitted on rows up to {until}, and the test begins on {first:%Y-%m-%d}"


def _asked(bundle: Bundle) -> tuple[object, ...]:
    """What the version is asked: another wording of the task is the same task."""
    task = bundle.project.task
    return task.kind, task.target, bundle.policy.classes, bundle.policy.positive
