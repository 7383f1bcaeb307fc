"""A fitted model goes on learning: every figure before it learned the row, the version before untouched."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.series import make_forecast_project
from tests.tables import make_project, make_table
from tests.texts import make_text_project, make_text_table

from zelo.data.contract import ROW
from zelo.data.snapshot import BATCH
from zelo.data.split import split
from zelo.errors import TrainingError
from zelo.features.columns import columns_from_frame, frame_from_columns
from zelo.spec.project import Project
from zelo.training.fit import scores_of
from zelo.training.incremental import Before, learn_incrementally
from zelo.training.train import train

Array = np.ndarray[Any, Any]
OLD, NEW = 300, 200


def tables(kind: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What a version knows, and that with new rows below, as appending makes it."""
    known = numbered(make_table(kind, OLD), 0, 0)
    more = numbered(make_table(kind, NEW, seed=5), OLD, 1)
    return known, pd.concat([known, more], ignore_index=True)


def numbered(table: pd.DataFrame, first: int, batch: int) -> pd.DataFrame:
    key = [f"k{first + place}" for place in range(len(table))]
    return table.assign(**{"id": key, ROW: np.arange(len(table)), BATCH: batch})


def trained(kind: str, name: str, **changes: Any) -> tuple[Project, Before]:
    project = make_project(kind, candidates=["prior", name], **changes)
    found = train(tables(kind)[0], project, threads=1, pick=name)
    return project, Before("3", name, found.model, found.policy)


def scores(model: Any, project: Project, table: pd.DataFrame) -> Array:
    return scores_of(model, frame_from_columns(columns_from_frame(project, table)), len(project.classes))


@pytest.mark.parametrize(
    ("kind", "name"),
    [("binary", "sgd"), ("binary", "naive_bayes"), ("multiclass", "sgd"), ("regression", "sgd")],
)
def test_the_version_learns_the_new_training_rows_and_the_one_before_stays(kind: str, name: str) -> None:
    project, before = trained(kind, name)
    known, table = tables(kind)
    as_it_was = scores(before.model, project, table)

    found = learn_incrementally(table, known, project, before)

    assert np.array_equal(scores(before.model, project, table), as_it_was)
    assert not np.allclose(scores(found.model, project, table), as_it_was)
    assert found.policy == before.policy
    assert found.comparison.winner.name == name
    side = split(table, project)
    assert np.array_equal(np.sort(found.train.positions), np.sort(side.train))
    assert np.array_equal(np.sort(found.test.positions), np.sort(side.test))
    assert [item.name for item in found.comparison.ranked].count(f"{name} of version 3") == 1


def test_a_batch_is_scored_before_it_is_learned() -> None:
    project, before = trained("binary", "sgd")
    known, table = tables("binary")

    found = learn_incrementally(table, known, project, before, batch=50)

    new = np.flatnonzero(found.train.positions >= OLD)
    raw = found.comparison.winner.raw
    assert np.isnan(np.delete(raw, new, axis=0)).all()
    said = scores(before.model, project, table.iloc[found.train.positions[new]])
    assert np.array_equal(raw[new[:50]], said[:50])
    assert not np.allclose(raw[new[50:]], said[50:])
    assert found.comparison.winner.scored is not None
    assert len(found.comparison.winner.scored) == len(new)


def test_naive_bayes_that_goes_on_is_naive_bayes_of_all_rows() -> None:
    """Its counts are sums, so that on the same features the order of learning is nothing to it."""
    project, before = trained("binary", "naive_bayes")
    known, table = tables("binary")

    found = learn_incrementally(table, known, project, before)

    pipeline = found.model.estimator
    side = split(table, project).train
    frame = frame_from_columns(columns_from_frame(project, table.iloc[side]))
    features = np.asarray(pipeline[:-1].transform(frame))
    truth = table.iloc[side][project.task.target].to_numpy()
    for place, label in enumerate(project.classes):
        assert np.allclose(pipeline[-1].theta_[place], features[truth == label].mean(axis=0))


@pytest.mark.parametrize("name", ["complement_bayes", "sgd"])
def test_a_model_of_texts_goes_on_learning(name: str) -> None:
    project = make_text_project(candidates=["prior", name])
    known = make_text_table(150).assign(**{ROW: np.arange(150), BATCH: 0})
    more = make_text_table(120, seed=5).assign(**{ROW: np.arange(150, 270), BATCH: 1})
    first = train(known, project, threads=1, pick=name)
    table = pd.concat([known, more], ignore_index=True)

    found = learn_incrementally(table, known, project, Before("3", name, first.model, first.policy))

    assert not np.allclose(scores(found.model, project, table), scores(first.model, project, table))
    assert found.metrics["accuracy"].value > 0.8


def test_smote_counted_classes_alike_and_so_does_what_follows() -> None:
    project, before = trained("binary", "naive_bayes", imbalance="smote")
    known, table = tables("binary")

    found = learn_incrementally(table, known, project, before)

    assert found.model.estimator[-1].class_prior_ == pytest.approx([0.5, 0.5], abs=0.06)


def test_a_world_that_turned_round_is_followed() -> None:
    project, before = trained("binary", "sgd")
    known, _ = tables("binary")
    more = numbered(make_table("binary", 2000, seed=9), OLD, 1)
    more[project.task.target] = 1 - more[project.task.target]
    table = pd.concat([known, more], ignore_index=True)

    found = learn_incrementally(table, known, project, before)

    by_name = {item.name: item for item in found.comparison.ranked}
    assert by_name["sgd"].metrics["roc_auc"].low > by_name["sgd of version 3"].metrics["roc_auc"].high


def test_balanced_classes_stay_balanced() -> None:
    project, before = trained("binary", "sgd", imbalance="class_weight")
    known, table = tables("binary")
    assert before.model.estimator[-1].class_weight == "balanced"

    found = learn_incrementally(table, known, project, before)

    assert before.model.estimator[-1].class_weight == "balanced"
    assert np.isfinite(scores(found.model, project, table)).all()


@pytest.mark.parametrize(
    ("candidate", "rows", "batch", "what"),
    [
        ("lightgbm", NEW, 32, "cannot go on learning"),
        ("sgd", 20, 32, "too few new rows"),
        ("sgd", NEW, 31, "too small"),
        ("sgd", 0, 32, "too few new rows"),
    ],
)
def test_what_cannot_be_learned_is_refused(candidate: str, rows: int, batch: int, what: str) -> None:
    project, before = trained("binary", candidate)
    known, table = tables("binary")
    with pytest.raises(TrainingError, match=what):
        learn_incrementally(table.iloc[: OLD + rows], known, project, before, batch=batch)


def test_rows_that_do_not_continue_those_before_are_refused() -> None:
    project, before = trained("binary", "sgd")
    known, table = tables("binary")
    with pytest.raises(TrainingError, match="do not continue"):
        learn_incrementally(table.iloc[1:].reset_index(drop=True), known, project, before)


def test_a_forecast_is_refused() -> None:
    project = make_forecast_project()
    _, before = trained("regression", "sgd")
    with pytest.raises(TrainingError, match="forecast"):
        learn_incrementally(pd.DataFrame(), pd.DataFrame(), project, before)
