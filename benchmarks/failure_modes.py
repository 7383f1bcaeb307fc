"""FMC under 2x5 repeated stratified CV; excavator orders, trained on the past and scored on what followed."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from benchmarks.figures import Figure, resampled_mean, show
from benchmarks.tables import project_table
from zelo.features.columns import columns_from_frame, frame_from_columns
from zelo.models.candidate import Setting
from zelo.models.catalogue import chosen, features_of
from zelo.spec.project import Project
from zelo.stats.bootstrap import metric_intervals
from zelo.stats.metrics import point
from zelo.training.fit import fit_whole, scores_of
from zelo.training.train import Trained, train
from zelo.training.truth import truth_of

CANDIDATE = "svm_chars_sentence"
REPEATS, FOLDS = 2, 5
ASKED = {"accuracy": 0.78, "weighted F1": 0.76}

Predict = Callable[[pd.DataFrame, np.ndarray[Any, Any], pd.DataFrame], np.ndarray[Any, Any]]
Array = np.ndarray[Any, Any]


def run() -> None:
    comments()
    orders()


def comments() -> None:
    """Train and dev together: every text is scored by models that never saw it, twice."""
    project, table, origin = project_table("failure_modes")
    _, more, more_origin = project_table("failure_modes", "dev")
    table = pd.concat([table, more], ignore_index=True)
    frame, truth = frame_from_columns(columns_from_frame(project, table)), truth_of(table, project)
    (text,) = project.texts
    ours = _folded(_of_project(project, CANDIDATE), frame, truth)
    peer = _folded(_ngrams(text), frame, truth)
    figures = [
        Figure(
            f"{name}, mean [95 %]",
            "{:.4f} [{:.4f}, {:.4f}]".format(*resampled_mean(ours[name], FOLDS)),
            f">= {asked}",
            bool(np.mean(ours[name]) >= asked),
            f"character n-grams and logistic regression: {np.mean(peer[name]):.4f}",
        )
        for name, asked in ASKED.items()
    ]
    show(
        f"failure_modes: {origin} and {more_origin}, {REPEATS}x{FOLDS} repeated stratified CV, {CANDIDATE}",
        figures,
    )


def orders() -> None:
    """The first 80 % by date, scored on the rest, whole and by asset; the mark is TF-IDF and a linear SVM."""
    project, table, origin = project_table("failure_modes_excavator")
    trained = train(table, project, threads=2)
    mark = _mark(project, trained)
    found = metric_intervals(trained.tested, ["accuracy", "f1_macro"], seed=project.split.seed)
    naive = point(trained.baseline, ["accuracy", "f1_macro"])
    truth, said = trained.tested.truth, trained.tested.predicted
    assert said is not None
    figures = [
        Figure(
            name,
            f"{found[name].value:.4f} [{found[name].low:.4f}, {found[name].high:.4f}]",
            "beside the mark",
            None,
            f"mark {measure(truth, mark):.4f}; prior {naive[name]:.4f}",
        )
        for name, measure in (("accuracy", accuracy_score), ("f1_macro", _macro))
    ]
    assets = table["asset"].to_numpy()[trained.test.positions]
    for asset in sorted(set(assets)):
        rows = assets == asset
        figures.append(
            Figure(
                f"asset {asset}, {rows.sum()} orders: accuracy, macro F1",
                f"{accuracy_score(truth[rows], said[rows]):.4f}, {_macro(truth[rows], said[rows]):.4f}",
                "beside the mark",
                None,
                f"mark {accuracy_score(truth[rows], mark[rows]):.4f}, {_macro(truth[rows], mark[rows]):.4f}",
            )
        )
    show(
        f"failure_modes_excavator: {origin}, the last 20 % by date; winner {trained.comparison.winner.name}",
        figures,
    )


def _mark(project: Project, trained: Trained) -> Array:
    """TF-IDF of words and a linear support vector machine, on the same rows."""
    (text,) = project.texts
    machine = make_pipeline(TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2)), LinearSVC(random_state=0))
    machine.fit(trained.train.columns[text], trained.train.truth)
    return np.asarray(machine.predict(trained.test.columns[text]))


def _of_project(project: Project, name: str) -> Predict:
    candidate = next(item for item in chosen(project) if item.name == name)
    setting = Setting(project, project.split.seed, 2, features_of(project, name))

    def predict(fitted_on: pd.DataFrame, truth: Array, rows: pd.DataFrame) -> Array:
        model = fit_whole(candidate, setting, project.candidate_params[name], fitted_on, truth)
        return np.asarray(scores_of(model, rows, len(project.classes)).argmax(axis=1))

    return predict


def _ngrams(text: str) -> Predict:
    def predict(fitted_on: pd.DataFrame, truth: Array, rows: pd.DataFrame) -> Array:
        peer = make_pipeline(
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True),
            LogisticRegression(C=30, max_iter=2000),
        )
        return np.asarray(peer.fit(fitted_on[text], truth).predict(rows[text]))

    return predict


def _folded(predict: Predict, frame: pd.DataFrame, truth: Array) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {name: [] for name in ASKED}
    for repeat in range(REPEATS):
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The least populated class")
            folds = list(StratifiedKFold(FOLDS, shuffle=True, random_state=repeat).split(frame, truth))
        for fitted_on, rows in folds:
            said = predict(frame.iloc[fitted_on], truth[fitted_on], frame.iloc[rows])
            found["accuracy"].append(accuracy_score(truth[rows], said))
            found["weighted F1"].append(f1_score(truth[rows], said, average="weighted", zero_division=0))
    return found


def _macro(truth: Array, said: Array) -> float:
    return float(f1_score(truth, said, average="macro", zero_division=0))


if __name__ == "__main__":
    run()
