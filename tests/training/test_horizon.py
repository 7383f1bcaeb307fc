from __future__ import annotations

import numpy as np
import pytest
from tests.weeks import HORIZON, make_weekly_project, make_weekly_table

from zelo.features.columns import Columns, columns_from_frame
from zelo.training.horizon import (
    Ahead,
    dates_of,
    figures,
    forecast_from,
    half_widths_of,
    judged_earlier,
    rolling,
    rows_ahead,
)
from zelo.training.truth import truth_of

PROJECT = make_weekly_project()
TABLE = make_weekly_table(60)
COLUMNS, TRUTH = columns_from_frame(PROJECT, TABLE), truth_of(TABLE, PROJECT)
DATES = dates_of(TABLE, PROJECT, np.arange(len(TABLE)))


def persist(columns: Columns) -> np.ndarray:
    return columns["effort_lag_1"][:, None]


def test_rows_ahead_are_the_next_ones() -> None:
    assert rows_ahead(DATES[:4], 3, weekly=False).tolist() == [[0, 1, 2], [1, 2, 3], [2, 3, -1], [3, -1, -1]]


def test_a_week_that_is_missing_has_no_row() -> None:
    dates = np.delete(DATES[:5], 2)
    assert rows_ahead(dates, 3, weekly=True).tolist() == [[0, 1, -1], [1, -1, 2], [2, 3, -1], [3, -1, -1]]


def test_forecasts_meet_their_own_truth() -> None:
    ahead = rows_ahead(DATES, HORIZON, weekly=True)
    origins = np.array([10, 58])
    found = forecast_from(persist, COLUMNS, TRUTH, origins, ahead[origins], PROJECT)
    assert np.array_equal(found.said, np.repeat(TRUTH[origins - 1][:, None], HORIZON, axis=1))
    assert np.array_equal(found.truth[0], TRUTH[10:13])
    assert np.array_equal(found.truth[1], [TRUTH[58], TRUTH[59], np.nan], equal_nan=True)


def test_rolling_origins_use_the_model_of_their_fold() -> None:
    def constant(value: float) -> object:
        return lambda columns: np.full((len(columns["annual_sin"]), 1), value)

    folds = [(np.arange(20, 30), constant(1.0)), (np.arange(30, 40), constant(2.0))]
    found = rolling(folds, COLUMNS, TRUTH, DATES, PROJECT)
    assert found.said[:, 0].tolist() == [1.0] * 10 + [2.0] * 10
    assert found.said.shape == (20, HORIZON)
    assert np.array_equal(found.truth[:, 1], TRUTH[21:41])


def test_a_fold_is_judged_by_the_folds_before_it() -> None:
    rng = np.random.default_rng(0)
    ahead = Ahead(rng.normal(size=(60, 2)), np.zeros((60, 2)))
    widths = judged_earlier([np.arange(30), np.arange(20), np.arange(10)], ahead)
    assert np.isnan(widths[:30]).all()
    assert len(np.unique(widths[30:50, 0])) == 1
    changed = Ahead(np.where(np.arange(60)[:, None] < 50, ahead.said, 100.0), ahead.truth)
    again = judged_earlier([np.arange(30), np.arange(20), np.arange(10)], changed)
    assert np.array_equal(widths, again, equal_nan=True)


def test_too_few_forecasts_promise_nothing() -> None:
    few = Ahead(np.ones((5, 1)), np.zeros((5, 1)))
    assert half_widths_of(few) == (np.inf,)


def test_figures_stand_beside_the_baselines() -> None:
    rng = np.random.default_rng(1)
    truth = np.column_stack([TRUTH, np.append(TRUTH[1:], np.nan)])
    good = Ahead(truth + rng.normal(0, 1, truth.shape), truth)
    poor = Ahead(truth + rng.normal(0, 10, truth.shape), truth)
    widths = np.full(truth.shape, 1.645)
    one, two = figures(good, widths, {"naive": poor}, PROJECT, scale=5.0)
    assert (one.horizon, one.rows, two.horizon, two.rows) == (1, 60, 2, 59)
    assert one.metrics["mase"].value == pytest.approx(one.metrics["mae"].value / 5.0)
    assert one.coverage.low < 0.9 < one.coverage.high
    mae, test = one.against["naive"]
    assert mae == pytest.approx(np.abs(poor.errors[:, 0]).mean())
    assert test.p_value < 1e-6
    assert test.mean_difference == pytest.approx(one.metrics["mae"].value - mae)
