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


def test_a_class_without_a_row_is_named() -> None:
    project = by("class", "multiclass")
    with pytest.raises(TrainingError, match="0 training rows of class 'high'"):
        make_folds(np.array([0, 1] * 10), project)
