"""The verb: from a checked table to a fitted, calibrated winner that was measured once on the test set."""

from __future__ import annotations

import difflib
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning

from zelo.data.contract import ROW
from zelo.data.split import split
from zelo.decisions.decide import interval_bounds, predicted_classes
from zelo.decisions.policy import Policy
from zelo.decisions.window import limits_of
from zelo.errors import SpecError
from zelo.features.augmentation import Rewrite
from zelo.features.columns import frame_from_columns
from zelo.features.history import windows_of
from zelo.models.candidate import Setting
from zelo.models.catalogue import chosen
from zelo.models.volatility import check_installed
from zelo.spec.project import Project, Tuning
from zelo.stats.bootstrap import Interval, metric_intervals
from zelo.stats.metrics import Scored
from zelo.training.against import Against, against, beside_baseline
from zelo.training.compare import Comparison, compare, picked_by_hand
from zelo.training.contest import Contest, Progress
from zelo.training.evaluate import Assessed
from zelo.training.fit import scores_of
from zelo.training.outlook import Outlook, author_of
from zelo.training.rows import Rows, both_parts
from zelo.training.seeds import SeedSpread
from zelo.training.slices import Slice, by_slice, grouped
from zelo.training.truth import scored_rows

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Trained:
    """A training, whole: the model, how it was chosen, and what the test set said, opened once."""

    project: Project
    model: Any
    policy: Policy
    comparison: Comparison
    failed: tuple[Assessed, ...]
    train: Rows
    test: Rows
    tested: Scored
    baseline: Scored
    metrics: Mapping[str, Interval]
    slices: tuple[Slice, ...]
    keys: Array
    """Of each row of the table, as text; its number where the data have no key."""
    outlook: Outlook | None
    """How its forecasts fare at each horizon; none without a forecast."""
    against: Mapping[str, Against]
    """By candidate, out of fold, beside the first baseline; empty without a forecast."""
    tested_against: Against | None
    """The winner beside the first baseline on the test set; none without a forecast."""
    seeds: Mapping[str, Mapping[str, SeedSpread]]
    """By candidate and metric, where several seeds were wanted."""
    groups: Mapping[str, Array]
    """Slicing field or date field -> its value or year, of each row of the table, as text."""
    seconds: float
    fit_seconds: float


def train(
    table: pd.DataFrame,
    project: Project,
    *,
    threads: int,
    budget: Tuning | None = None,
    storage: str | None = None,
    rewrite: Rewrite | None = None,
    pick: str | None = None,
    progress: Progress = lambda name, done, total: None,
    clock: Callable[[], float] = time.perf_counter,
) -> Trained:
    """Tune, compare out of fold, fit the winner on the whole training part, open the test set once.

    Args:
        table: a snapshot's frame.
        threads: for the estimators that can use several.
        budget: in place of the project's tuning.
        storage: Optuna's storage.
        rewrite: the project's hook of augmentation.
        pick: the candidate to take in place of the winner, whatever the comparison says.
        progress: called with a candidate's name and how many of its fits are done, of how many.

    Raises:
        SpecError: the candidate that is picked, or the fallback, is not among the compared, or a model of
            volatility wants a library that is not installed.
        TrainingError: no candidate could be fitted, nor the one that is picked or falls back, or a class is
            too rare.
    """
    start = clock()
    _refuse_absent(project, pick)
    check_installed(project)
    training, test = both_parts(table, split(table, project), project)
    contest = Contest(
        project,
        Setting(project, project.split.seed, threads, rewrite=rewrite),
        training,
        budget or project.tuning,
        storage,
        progress,
        clock,
    )
    return on_test(contest, _choose(contest, table, pick), table, test, start)


def on_test(contest: Contest, choice: Choice, table: pd.DataFrame, test: Rows, start: float) -> Trained:
    """The choice with what it reaches on the test set."""
    project, seed = contest.project, contest.project.split.seed
    tested = measured(choice.model, choice.policy, test, project, contest.scale)
    groups = grouped(table, project)
    slices = {name: groups[name][test.positions] for name in project.gates.slices}
    baseline = measured(*choice.naive, test, project, contest.scale)
    return Trained(
        project=project,
        model=choice.model,
        policy=choice.policy,
        comparison=choice.comparison,
        failed=tuple(item for item in choice.assessed if item.error),
        train=contest.rows,
        test=test,
        tested=tested,
        baseline=baseline,
        metrics=metric_intervals(tested, project.metrics, seed=seed),
        slices=by_slice(tested, slices, project.select.measured, seed=seed),
        outlook=choice.outlook,
        against=beside_baseline(choice.assessed, contest.rows, project),
        tested_against=_tested_against(tested, baseline, test, choice.assessed[0].name, project),
        seeds=contest.seeds,
        keys=table[project.data.key or ROW].astype(str).to_numpy(),
        groups=groups,
        seconds=contest.clock() - start,
        fit_seconds=contest.fit_seconds,
    )


def _refuse_absent(project: Project, pick: str | None) -> None:
    """Before anything is fitted: who is picked, and who falls back, must be among the compared."""
    known = list(dict.fromkeys([*(item.name for item in chosen(project)), *project.candidate_params]))
    fallback = project.forecast.fallback if project.forecast else None
    for where, name in (("pick", pick), ("forecast.fallback", fallback)):
        if name is None or name in known:
            continue
        close = difflib.get_close_matches(name, known, n=1)
        raise SpecError(
            "not among the candidates that are compared",
            where=f"{project.name}: {where}",
            found=name,
            expected=f"one of {', '.join(known)}",
            hint=f"did you mean {close[0]}?" if close else "compare it too, or choose among those",
        )


def _tested_against(
    tested: Scored, baseline: Scored, test: Rows, name: str, project: Project
) -> Against | None:
    if project.forecast is None:
        return None
    return against(tested, baseline, test.columns[project.lag(1)], name)


@dataclass(frozen=True)
class Choice:
    """Everyone assessed, how they compare, and the winner and the baseline as they serve."""

    assessed: Sequence[Assessed]
    comparison: Comparison
    model: Any
    policy: Policy
    naive: tuple[Any, Policy]
    outlook: Outlook | None


def _choose(contest: Contest, table: pd.DataFrame, pick: str | None) -> Choice:
    project = contest.project
    with warnings.catch_warnings():
        # A model that stopped short of its optimum is judged like any other, by what it says out of fold.
        warnings.simplefilter("ignore", ConvergenceWarning)
        assessed = contest.everyone()
        comparison = compare(assessed, project)
        if pick is not None:
            comparison = picked_by_hand(comparison, assessed, pick)
        model, policy = contest.finished(comparison.winner, assessed)
        naive = contest.finished(assessed[0], assessed)
        outlook = contest.outlook(comparison.winner, assessed, table) if project.forecast else None
    if outlook is not None:
        policy = policy.model_copy(
            update=_learned_ahead(outlook, comparison.winner.name, contest.rows, project)
        )
    return Choice(assessed, comparison, model, policy, naive, outlook)


def _learned_ahead(outlook: Outlook, winner: str, training: Rows, project: Project) -> dict[str, Any]:
    """What a forecast's policy has beside a regression's."""
    assert project.forecast is not None
    windows = windows_of(training.columns, project)
    assert windows is not None
    return {
        # Where each day has a width of its own there is no one width to promise.
        "half_width": outlook.half_widths[0] if outlook.half_widths else None,
        "half_widths": outlook.half_widths,
        "spread": outlook.spread,
        "window": limits_of(windows, training.truth) if project.forecast.learns == "returns" else None,
        "author": author_of(outlook, winner, project),
    }


def measured(model: Any, policy: Policy, rows: Rows, project: Project, scale: float | None = None) -> Scored:
    """The rows as the model scores and the policy decides them."""
    scores = scores_of(model, frame_from_columns(rows.columns), len(project.classes))
    predicted = predicted_classes(scores, policy) if project.classes else None
    bounds = interval_bounds(scores, policy, windows_of(rows.columns, project))
    return scored_rows(rows.truth, scores, predicted, project, bounds=bounds, scale=scale)
