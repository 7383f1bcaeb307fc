from __future__ import annotations

import numpy as np
import pytest
from tests.tables import METRICS, make_project

from zelo.errors import TrainingError
from zelo.spec.project import Project
from zelo.training.folds import make_folds


def by(how: str, kind: str = "binary", folds: int = 3, seed: int = 7) -> Project:
    split = {"by": how, "test": 0.25, "seed": seed, "column": "day" if how == "time" else None}
    return make_project(kind, split=split, select={"primary": METRICS[kind], "folds": folds})


TRUTH = np.array([0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1] * 5)


@pytest.mark.parametrize("how", ["class", "random"])
def test_each_row_is_scored_once_and_never_fitted_on_where_it_is_scored(how: str) -> None:
    folds = make_folds(TRUTH, by(how))
    scored = np.concatenate([rows for _, rows in folds])
    np.testing.assert_array_equal(np.sort(scored), np.arange(len(TRUTH)))
    for fitted_on, rows in folds:
        assert not set(fitted_on) & set(rows)
        assert len(fitted_on) + len(rows) == len(TRUTH)


def test_folds_by_class_hold_the_same_share_of_each_class() -> None:
    shares = [TRUTH[rows].mean() for _, rows in make_folds(TRUTH, by("class", folds=5))]
    np.testing.assert_allclose(shares, TRUTH.mean())


@pytest.mark.parametrize("how", ["class", "random"])
def test_the_seed_decides_the_folds(how: str) -> None:
    first, again, other = (make_folds(TRUTH, by(how, seed=seed)) for seed in (1, 1, 2))
    assert all((a[1] == b[1]).all() for a, b in zip(first, again, strict=True))
    assert any((a[1] != b[1]).any() for a, b in zip(first, other, strict=True))


def test_by_time_the_future_never_teaches_the_past() -> None:
    folds = make_folds(TRUTH, by("time", folds=4))
    for fitted_on, rows in folds:
        assert fitted_on.max() < rows.min()
    scored = np.concatenate([rows for _, rows in folds])
    np.testing.assert_array_equal(scored, np.arange(scored.min(), len(TRUTH)))
    assert scored.min() > 0


def test_a_class_too_rare_for_the_folds_is_named() -> None:
    truth = np.array([0] * 20 + [1] * 2)
    with pytest.raises(TrainingError) as caught:
        make_folds(truth, by("class"))
    assert "2 training rows of class 1 for 3 folds" in caught.value.found
    assert "select.folds" in caught.value.where


def test_of_several_classes_a_rare_one_is_spread_as_far_as_it_goes() -> None:
    truth = np.array([0] * 20 + [1] * 20 + [2] * 2)
    folds = make_folds(truth, by("class", "multiclass"))
    np.testing.assert_array_equal(np.sort(np.concatenate([rows for _, rows in folds])), np.arange(42))
    assert sorted((truth[rows] == 2).sum() for _, rows in folds) == [0, 1, 1]


def test_classes_that_are_all_too_rare_are_an_error() -> None:
    with pytest.raises(TrainingError, match="2 training rows of class 'high' for 5 folds"):
        make_folds(np.array([0, 0, 0, 1, 1, 1, 2, 2]), by("class", "multiclass", folds=5))


@pytest.mark.parametrize("how", ["class", "random"])
def test_repeated_folds_are_the_rows_once_more_drawn_anew(how: str) -> None:
    project, rows = by(how), len(TRUTH)
    select = project.select.model_copy(update={"repeats": 3})
    folds = make_folds(TRUTH, project.model_copy(update={"select": select}))
    assert len(folds) == 9
    for repetition in range(3):
        part = folds[3 * repetition : 3 * repetition + 3]
        start = repetition * rows
        scored = np.concatenate([places for _, places in part])
        np.testing.assert_array_equal(np.sort(scored), np.arange(start, start + rows))
        for fitted_on, places in part:
            both = np.sort(np.concatenate([fitted_on, places]))
            np.testing.assert_array_equal(both, np.arange(start, start + rows))
    for (_, once), (_, first), (_, second) in zip(
        make_folds(TRUTH, project), folds[:3], folds[3:6], strict=True
    ):
        np.testing.assert_array_equal(once, first)
        assert set(second - rows) != set(first)


def test_a_class_without_a_row_is_named() -> None:
    project = by("class", "multiclass")
    with pytest.raises(TrainingError, match="0 training rows of class 'high'"):
        make_folds(np.array([0, 1] * 10), project)
