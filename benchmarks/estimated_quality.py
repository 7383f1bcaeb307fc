"""Quality estimated without outcomes, against the truth, under covariate shift; beside it NannyML's CBPE.

Each window is drawn without replacement from rows that the model never saw, tilted along one input or along
several at once: p(x) moves, p(y | x) stays. Both estimators get the same windows and the same judged rows.
What Zelo does was chosen on other rows: the training file of churn, and the machines of type M.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.figures import OUT, Figure, machine, show
from benchmarks.peers import run_peer
from benchmarks.tables import project_table
from zelo.decisions.decide import predicted_classes
from zelo.features.columns import Columns, columns_from_frame, frame_from_columns
from zelo.registry.judged import SCORE, TRUTH, judged_rows
from zelo.spec.project import Project, Tuning
from zelo.stats.estimated import Recalibration, estimated_metrics, fit_recalibration
from zelo.stats.metrics import Scored, point
from zelo.training.fit import scores_of
from zelo.training.train import Trained, train
from zelo.training.truth import truth_of

METRICS = ("f1", "f2", "precision", "recall", "accuracy", "roc_auc")
CANDIDATES = ("prior", "logistic_regression", "random_forest", "lightgbm")
MODELS, SHIFTS, REPEATS, ROWS = 4, 40, 4, 250
STRENGTHS = (0.0, 0.5, 1.0, 1.5)
"""Standard deviations that the mean of a normal covariate would move by."""


@dataclass(frozen=True)
class Population:
    """Rows that a model never saw, as it answers them."""

    columns: Columns
    truth: np.ndarray[Any, Any]
    scores: np.ndarray[Any, Any]
    predicted: np.ndarray[Any, Any]


def run() -> None:
    for name in ("churn", "machine_failure"):
        parts = [_errors(name, seed) for seed in range(MODELS)]
        _show(name, pd.concat(parts, ignore_index=True))


def _errors(name: str, seed: int) -> pd.DataFrame:
    """A row a window and metric: the truth and both estimates."""
    project, trained, population = _model(name, seed)
    judged = judged_rows(trained)
    scores = judged[[f"{SCORE}0", f"{SCORE}1"]].to_numpy()
    calibration = fit_recalibration(judged[TRUTH].to_numpy(), scores)
    positions = list(_windows(population.columns, np.random.default_rng(seed)))
    with tempfile.TemporaryDirectory() as folder:
        said = predicted_classes(scores, trained.policy)
        reference = _table(scores, said).assign(truth=judged[TRUTH])
        peer = _peer(Path(folder), reference, population, [places for _, places in positions])
    rows = []
    for place, (shift, places) in enumerate(positions):
        ours = _estimated(population, places, calibration, seed)
        shown = point(_scored(population, places), METRICS)
        rows += [
            {"model": seed, "shift": shift, "metric": metric, "truth": shown[metric], **found}
            for metric, found in ours.items()
        ]
        for row in rows[-len(METRICS) :]:
            row["peer"] = peer[row["metric"]].iloc[place]
    table = pd.DataFrame(rows)
    OUT.print(f"{project.name} model {seed}: {trained.comparison.winner.name}, {len(judged)} judged rows")
    return table


def _model(name: str, seed: int) -> tuple[Project, Trained, Population]:
    project, table, _ = project_table(name)
    split = project.split.model_copy(update={"seed": seed})
    small = project.model_copy(update={"candidates": _few(project), "split": split})
    if name == "churn":
        fresh = project_table(name, "new")[1]
    else:
        order = np.random.default_rng(100 + seed).permutation(len(table))
        fresh = table.iloc[order[: int(0.4 * len(table))]]
        table = table.iloc[np.sort(order[len(fresh) :])].reset_index(drop=True)
    trained = train(table, small, threads=2, budget=Tuning(trials=0))
    columns = columns_from_frame(project, fresh)
    scores = scores_of(trained.model, frame_from_columns(columns), 2)
    said = predicted_classes(scores, trained.policy)
    return project, trained, Population(columns, truth_of(fresh, project), scores, said)


def _few(project: Project) -> tuple[Any, ...]:
    """Candidates that train in seconds: what is measured is the estimate of a model, not the model."""
    return tuple(
        entry
        for entry in project.candidates
        if (entry if isinstance(entry, str) else next(iter(entry))) in CANDIDATES
    )


def _windows(columns: Columns, rng: np.random.Generator) -> Iterator[tuple[int, np.ndarray[Any, Any]]]:
    """Places of the rows of each window, with the number of its shift."""
    standard = _standardised(columns)
    for shift in range(SHIFTS):
        along = (
            standard[:, rng.integers(standard.shape[1])] * rng.choice([-1.0, 1.0])
            if shift % 2
            else standard @ rng.normal(size=standard.shape[1])
        )
        tilt = np.exp(rng.choice(STRENGTHS) * along / along.std())
        for _ in range(REPEATS):
            yield shift, rng.choice(len(tilt), size=ROWS, p=tilt / tilt.sum(), replace=False)


def _standardised(columns: Columns) -> np.ndarray[Any, Any]:
    parts = []
    for values in columns.values():
        if values.dtype.kind == "f":
            parts.append(np.nan_to_num(values, nan=float(np.nanmedian(values)))[:, None])
        else:
            parts.append((values[:, None] == np.unique(values.astype(str))[1:]).astype(np.float64))
    whole = np.hstack(parts)
    return np.asarray((whole - whole.mean(axis=0)) / whole.std(axis=0))


def _scored(population: Population, places: np.ndarray[Any, Any]) -> Scored:
    return Scored(population.truth[places], population.scores[places], population.predicted[places], 1)


def _estimated(
    population: Population, places: np.ndarray[Any, Any], calibration: Recalibration, seed: int
) -> dict[str, dict[str, float]]:
    scored = _scored(population, places)
    found = estimated_metrics(scored.scores, population.predicted[places], 1, METRICS, calibration, seed=seed)
    return {metric: {"ours": one.value, "low": one.low, "high": one.high} for metric, one in found.items()}


def _table(scores: np.ndarray[Any, Any], predicted: np.ndarray[Any, Any]) -> pd.DataFrame:
    return pd.DataFrame({"score": scores[:, 1], "predicted": predicted})


def _peer(
    folder: Path, reference: pd.DataFrame, population: Population, windows: Sequence[np.ndarray[Any, Any]]
) -> pd.DataFrame:
    every = np.concatenate(windows)
    reference.to_parquet(folder / "reference.parquet")
    _table(population.scores[every], population.predicted[every]).to_parquet(folder / "windows.parquet")
    script = Path(__file__).with_name("nannyml_cbpe.py")
    run_peer(
        script, *(str(folder / f"{part}.parquet") for part in ("reference", "windows", "found")), str(ROWS)
    )
    return pd.read_parquet(folder / "found.parquet")


def _show(name: str, table: pd.DataFrame) -> None:
    # Windows of which an estimator says nothing, or whose truth has no answer, are left out for both.
    known = table.dropna(subset=["truth", "ours", "peer"])
    known = known.assign(
        own=(known["ours"] - known["truth"]).abs(),
        other=(known["peer"] - known["truth"]).abs(),
        held=(known["low"] <= known["truth"]) & (known["truth"] <= known["high"]),
    )
    figures = [_figure(metric, known[known["metric"] == metric]) for metric in METRICS]
    scale = known.groupby("metric")["truth"].std()
    relative = known[["own", "other"]].div(known["metric"].map(scale), axis=0)
    whole = known.assign(own=relative["own"], other=relative["other"])
    figures.append(_figure("all, in standard deviations of the truth", whole))
    held = known.groupby("metric")["held"].mean()
    told = ", ".join(f"{metric} {held[metric]:.0%}" for metric in METRICS)
    figures.append(Figure("truths within the 95 % interval", f"{known['held'].mean():.1%}", "–", None, told))
    show(
        f"{name}: {MODELS} models, {MODELS * SHIFTS * REPEATS} windows of {ROWS} rows, mean absolute error "
        "of the estimate",
        figures,
    )


def _figure(metric: str, rows: pd.DataFrame) -> Figure:
    """Windows of one shift share their rows, and so shifts are what is resampled.

    No worse: the mean is not above, or by no more than chance.
    """
    own, other = rows["own"].mean(), rows["other"].mean()
    by_shift = rows.assign(gap=rows["own"] - rows["other"]).groupby(["model", "shift"])["gap"]
    gaps = by_shift.mean().to_numpy()
    drawn = np.random.default_rng(0).integers(len(gaps), size=(2000, len(gaps)))
    low, high = np.quantile(gaps[drawn].mean(axis=1), (0.025, 0.975))
    return Figure(
        metric,
        f"{own:.4f}",
        "no worse than NannyML's",
        bool(low <= 0),
        f"NannyML {other:.4f}; difference [{low:+.4f}, {high:+.4f}], {len(rows)} windows",
    )


if __name__ == "__main__":
    OUT.print(f"Machine: {machine()}\n")
    run()
