"""A version that goes on learning from half of the rows, beside staying as it is and training anew."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from benchmarks.figures import Figure, show
from benchmarks.tables import project_table
from zelo.data.snapshot import BATCH
from zelo.data.split import split
from zelo.spec.project import Project
from zelo.stats.bootstrap import metric_intervals
from zelo.training.incremental import SMALLEST_BATCH, Before, learn_incrementally
from zelo.training.rows import both_parts
from zelo.training.train import measured, train

CASES = (
    ("churn", "sgd"),
    ("churn", "naive_bayes"),
    ("machine_failure", "sgd"),
    ("machine_failure", "naive_bayes"),
)
SEEDS = range(5)
METRIC = "log_loss"


def run() -> None:
    for name, candidate in CASES:
        project, table, origin = project_table(name)
        only = project.model_copy(update={"candidates": ("prior", candidate)})
        rounds = np.array([_figures(only, table, candidate, seed) for seed in SEEDS])
        stayed, went_on, anew, seconds, seconds_anew = rounds.mean(axis=0)
        shown = Figure(
            f"{METRIC} on the test rows, mean of {len(SEEDS)} orders of the rows",
            f"{went_on:.4f}",
            "–",
            None,
            f"as it was {stayed:.4f}; trained anew on all rows {anew:.4f}",
        )
        better = Figure(
            "orders in which going on is better than staying",
            f"{int((rounds[:, 1] < rounds[:, 0]).sum())} of {len(SEEDS)}",
            "–",
            None,
            f"{seconds:.2f} s of learning, against {seconds_anew:.2f} s of fitting anew, its folds included",
        )
        show(
            f"{name}, {candidate}: {origin}; half of them first, the other half {SMALLEST_BATCH} at a time",
            [shown, better],
        )


def _figures(project: Project, table: pd.DataFrame, candidate: str, seed: int) -> tuple[float, ...]:
    order = np.random.default_rng(seed).permutation(len(table))
    rows = table.iloc[order].reset_index(drop=True)
    half = len(rows) // 2
    both = rows.assign(**{BATCH: (np.arange(len(rows)) >= half).astype(np.int64)})
    known = both.iloc[:half]
    first = train(known, project, threads=2, pick=candidate)
    before = Before("1", candidate, first.model, first.policy)
    went_on = learn_incrementally(both, known, project, before)
    anew = train(both, project, threads=2, pick=candidate)
    test = both_parts(both, split(both, project), project)[1]
    scored: tuple[Any, ...] = (first, went_on, anew)
    losses = [
        metric_intervals(measured(one.model, one.policy, test, project), (METRIC,), seed=seed)[METRIC].value
        for one in scored
    ]
    return (*losses, went_on.fit_seconds, anew.fit_seconds)


if __name__ == "__main__":
    run()
