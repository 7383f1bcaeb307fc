"""What Zelo adds to a training: its wall time against the same scikit-learn fits called directly."""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.figures import Figure, show
from benchmarks.tables import PROJECTS, project_table
from zelo.data.prepare import Places, prepare
from zelo.data.split import split
from zelo.features.columns import columns_from_frame, frame_from_columns, take
from zelo.models.candidate import Setting
from zelo.models.catalogue import BLENDS, chosen
from zelo.registry.register import register
from zelo.registry.store import Store
from zelo.settings import Settings
from zelo.spec.project import Project, Tuning
from zelo.training.folds import make_folds
from zelo.training.train import train
from zelo.training.truth import truth_of

ASKED = 10.0
ROUNDS = 3


def run(*names: str) -> None:
    for name in names or ("machine_failure", "churn"):
        project, _, origin = project_table(name)
        with tempfile.TemporaryDirectory() as folder:
            pairs = [(direct(project), whole(project, Path(folder) / str(turn))) for turn in range(ROUNDS)]
        added = [100 * (ours / bare - 1) for bare, (ours, _) in pairs]
        registering = np.median([extra for _, (_, extra) in pairs])
        show(
            f"{name}: {origin}, every candidate of the project, {ROUNDS} interleaved rounds, medians",
            [
                Figure(
                    "training over the bare fits",
                    f"{np.median(added):+.1f} % ({', '.join(f'{value:+.1f}' for value in added)})",
                    f"< {ASKED:g} %",
                    bool(np.median(added) < ASKED),
                    f"bare fits {np.median([bare for bare, _ in pairs]):.1f} s",
                ),
                Figure(
                    "and to bundle, compile, certify, plot, track and examine",
                    f"{registering:.1f} s",
                    "–",
                    None,
                ),
            ],
        )


def direct(project: Project) -> float:
    """Seconds of the same fits and predictions: each candidate fold by fold, and the winner once more."""
    _, table, _ = project_table(project.name)
    rows = split(table, project).train
    truth = truth_of(table, project)[rows]
    frame = frame_from_columns(take(columns_from_frame(project, table), rows))
    folds = make_folds(truth, project)
    setting = Setting(project, project.split.seed, 2)
    start = time.perf_counter()
    for candidate in chosen(project):
        for fitted_on, scored in folds:
            pipeline = candidate.build(setting, project.candidate_params.get(candidate.name, {}))
            pipeline.fit(frame.iloc[fitted_on], truth[fitted_on]).predict_proba(frame.iloc[scored])
    return time.perf_counter() - start


def whole(project: Project, home: Path) -> tuple[float, float]:
    """Seconds of Zelo's training of the same candidates, and of registering what it gave."""
    settings = Settings()
    places = Places(PROJECTS / project.name, settings.data_dir, settings.downloads, home / "snapshots")
    snapshot = prepare(project, places, created=datetime.now(UTC)).snapshot
    bare = project.model_copy(
        update={"candidates": tuple(entry for entry in project.candidates if entry not in BLENDS)}
    )
    start = time.perf_counter()
    trained = train(snapshot.frame(), bare, threads=2, budget=Tuning(trials=0))
    middle = time.perf_counter()
    store = Store(
        home / "bundles",
        home / "registry",
        home / "snapshots",
        f"sqlite:///{home / 'mlflow.db'}",
        home / "runs",
    )
    register(trained, snapshot, store, code_folder=PROJECTS, created=datetime.now(UTC))
    refit = trained.fit_seconds - sum(item.seconds for item in trained.comparison.ranked)
    return middle - start - refit, time.perf_counter() - middle


if __name__ == "__main__":
    run(*sys.argv[1:])
