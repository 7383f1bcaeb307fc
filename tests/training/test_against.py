from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import ttest_rel
from tests.weeks import make_weekly_project

from zelo.stats.metrics import Scored
from zelo.training.against import NO_CHANGE, ONE_WAY, Against, against, beside_baseline
from zelo.training.evaluate import Assessed
from zelo.training.rows import Rows

Array = np.ndarray[Any, Any]
RNG = np.random.default_rng(0)
LAST = 100 + np.cumsum(RNG.normal(0, 1, 300))
TRUTH = LAST + RNG.normal(0, 1, 300)
NAIVE = Scored(TRUTH, LAST[:, None])


def beside(said: Array) -> Against:
    return against(Scored(TRUTH, said[:, None]), NAIVE, LAST, "persistence")


def test_one_that_knows_some_of_the_change() -> None:
    found = beside(LAST + 0.5 * (TRUTH - LAST) + RNG.normal(0, 0.1, 300))
    errors = np.abs(TRUTH - LAST)
    assert found.mae_difference == pytest.approx(-0.5 * errors.mean(), abs=0.05)
    assert found.skill == pytest.approx(-found.mae_difference / errors.mean())
    assert found.p_value < 1e-6
    assert found.direction is not None
    assert found.direction.right > 0.9
    assert found.direction.p_value < 1e-6
    assert found.note is None


def test_one_that_guesses() -> None:
    said = LAST + RNG.normal(0, 0.5, 300)
    found = beside(said)
    expected = ttest_rel(np.abs(said - TRUTH), np.abs(LAST - TRUTH), alternative="less").pvalue
    assert found.p_value == pytest.approx(expected)
    assert found.p_value > 0.5
    assert found.skill < 0
    assert found.direction is not None
    assert found.direction.p_value > 0.01


def test_the_last_value_has_no_direction() -> None:
    found = beside(LAST)
    assert (found.mae_difference, found.skill) == (0, 0)
    assert np.isnan(found.p_value)
    assert (found.direction, found.note) == (None, NO_CHANGE)


def test_a_drift_goes_one_way() -> None:
    found = beside(LAST + 0.01)
    assert found.direction is not None
    assert found.direction.right == pytest.approx((TRUTH > LAST).mean())
    assert np.isnan(found.direction.p_value)
    assert found.note == ONE_WAY


def test_a_baseline_without_errors_leaves_no_skill_to_tell() -> None:
    flat = Scored(LAST, LAST)
    found = against(Scored(LAST, LAST + 1), flat, LAST, "persistence")
    assert np.isnan(found.skill)
    assert found.mae_difference == pytest.approx(1)


def assessed(name: str, said: Array | None) -> Assessed:
    """Scored from the tenth row on, as rolling origins leave the first ones unscored."""
    if said is None:
        return Assessed(name, {}, np.empty((0, 0)), 0.1, error="ValueError: no")
    raw = said[:, None].copy()
    raw[:10] = np.nan
    return Assessed(name, {}, raw, 0.1, Scored(TRUTH[10:], raw[10:]))


def test_every_candidate_that_fits_stands_beside_the_first() -> None:
    project = make_weekly_project()
    rows = Rows({"effort_lag_1": LAST}, TRUTH, np.arange(300))
    items = [assessed("persistence", LAST), assessed("sure", TRUTH), assessed("broken", None)]
    found = beside_baseline(items, rows, project)
    assert set(found) == {"persistence", "sure"}
    assert found["sure"].baseline == "persistence"
    assert found["sure"].skill == 1
    direction = found["sure"].direction
    assert direction is not None
    assert direction.right == 1


def test_without_a_forecast_or_a_baseline_there_is_nothing_to_stand_beside() -> None:
    rows = Rows({"effort_lag_1": LAST}, TRUTH, np.arange(300))
    items = [assessed("persistence", LAST), assessed("sure", TRUTH)]
    no_forecast = make_weekly_project().model_copy(update={"forecast": None})
    assert beside_baseline(items, rows, no_forecast) == {}
    assert beside_baseline([assessed("persistence", None), items[1]], rows, make_weekly_project()) == {}
