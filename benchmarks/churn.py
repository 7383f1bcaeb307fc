"""Trained on the rows of dados_treino.csv, scored once on those of dados_novos_1.csv."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.figures import Figure, show
from benchmarks.tables import project_table
from zelo.decisions.decide import predicted_classes
from zelo.features.columns import columns_from_frame, frame_from_columns
from zelo.models.candidate import Setting
from zelo.models.catalogue import CATALOGUE
from zelo.spec.project import Project
from zelo.stats.bootstrap import Interval, metric_intervals
from zelo.stats.metrics import Scored, point
from zelo.stats.thresholds import best_threshold
from zelo.training.fit import fit_whole, out_of_fold, scores_of
from zelo.training.folds import make_folds
from zelo.training.train import train
from zelo.training.truth import scored_rows, truth_of

ASKED = {"roc_auc": 0.86, "f2": 0.70, "brier": 0.107}


def run() -> None:
    project, table, origin = project_table("churn")
    _, fresh, new_origin = project_table("churn", "new")
    columns, truth = columns_from_frame(project, fresh), truth_of(fresh, project)
    trained = train(table, project, threads=2)
    frame = frame_from_columns(columns)
    scores = scores_of(trained.model, frame, 2)
    ours = scored_rows(truth, scores, predicted_classes(scores, trained.policy), project)
    found = metric_intervals(ours, list(ASKED), seed=project.split.seed)
    peer = point(published_recipe(project, table, fresh), list(ASKED))
    figures = [_figure(name, found[name], peer[name]) for name in ASKED]
    show(
        f"churn: {origin}, of which 15 % are kept as the test set; scored on {new_origin}; "
        f"winner {trained.comparison.winner.name}",
        figures,
    )


def _figure(name: str, found: Interval, peer: float) -> Figure:
    lower = name == "brier"
    reached = found.value <= ASKED[name] if lower else found.value >= ASKED[name]
    return Figure(
        name,
        f"{found.value:.4f} [{found.low:.4f}, {found.high:.4f}]",
        f"{'<=' if lower else '>='} {ASKED[name]}",
        reached,
        f"the published recipe, on all of the training file: {peer:.4f}",
    )


def published_recipe(project: Project, table: pd.DataFrame, fresh: pd.DataFrame) -> Scored:
    """The seed recipe as published: every training row, no calibration, F2 threshold out of fold."""
    frame, truth = frame_from_columns(columns_from_frame(project, table)), truth_of(table, project)
    setting, params = Setting(project, project.split.seed, 2), project.candidate_params["seed_recipe"]
    candidate = CATALOGUE["seed_recipe"]
    raw = out_of_fold(candidate, setting, params, frame, truth, make_folds(truth, project))
    threshold = best_threshold(truth == 1, raw[:, 1], "f2").threshold
    model = fit_whole(candidate, setting, params, frame, truth)
    scores = scores_of(model, frame_from_columns(columns_from_frame(project, fresh)), 2)
    predicted = (scores[:, 1] >= threshold).astype(np.int64)
    return scored_rows(truth_of(fresh, project), scores, predicted, project)


if __name__ == "__main__":
    run()
