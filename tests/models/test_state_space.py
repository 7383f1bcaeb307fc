"""The weights of a one-step forecast against statsforecast's own forecasts, and by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from statsforecast.models import AutoARIMA, AutoETS
from tests.series import make_series, windows_of

from zelo.models.series import LinearFilter
from zelo.models.state_space import AutoArima, AutoEts, StateSpace

Array = np.ndarray[Any, Any]

ROWS = 400


def level(rng: np.random.Generator) -> Array:
    return 50.0 + np.cumsum(rng.normal(0.0, 1.0, ROWS)) + rng.normal(0.0, 2.0, ROWS)


def trend(rng: np.random.Generator) -> Array:
    slope = np.cumsum(rng.normal(0.0, 0.3, ROWS))
    return 200.0 + np.cumsum(slope) + rng.normal(0.0, 2.0, ROWS)


def damped(rng: np.random.Generator) -> Array:
    steps = np.zeros(ROWS)
    for place in range(1, ROWS):
        steps[place] = 0.85 * steps[place - 1] + rng.normal(0.0, 1.0)
    return 300.0 + np.cumsum(steps) + rng.normal(0.0, 0.5, ROWS)


def around_a_mean(rng: np.random.Generator) -> Array:
    values, noise = np.full(ROWS, 80.0), rng.normal(0.0, 5.0, ROWS)
    for place in range(2, ROWS):
        values[place] += 0.5 * (values[place - 1] - 80.0) + 0.2 * (values[place - 2] - 80.0)
        values[place] += noise[place] + 0.4 * noise[place - 1]
    return values


def drifting(rng: np.random.Generator) -> Array:
    noise = rng.normal(0.0, 1.0, ROWS)
    return np.cumsum(2.0 + noise - 0.5 * np.concatenate([[0.0], noise[:-1]]))


SHAPES = {shape.__name__: shape for shape in (level, trend, damped, around_a_mean, drifting)}
# What each draw's models are, so that the forms that they are read from are all here.
ETS = {"level": "ANNN", "trend": "AANN", "damped": "AAND", "around_a_mean": "ANNN", "drifting": "AANN"}


def series_of(shape: str) -> Array:
    return SHAPES[shape](np.random.default_rng(3))


def fitted(kind: type[LinearFilter], series: Array, history: int) -> LinearFilter:
    windows, truth = windows_of(series, history)
    return kind().fit(windows, truth)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("kind", "peer"), [(AutoEts, AutoETS), (AutoArima, AutoARIMA)])
def test_a_long_windows_forecast_is_that_of_statsforecast(kind: Any, peer: Any, shape: str) -> None:
    series = series_of(shape)
    model = peer(model="AZN").fit(series) if peer is AutoETS else peer().fit(series)
    if peer is AutoETS:
        assert model.model_["components"] == ETS[shape]
    found = fitted(kind, series, ROWS - 1).predict(series[None, ::-1][:, : ROWS - 1])
    # It starts at the second value, and from other states; both are forgotten after 400 rows, but for a slope
    # that hardly learns.
    learns = peer is AutoARIMA or not model.model_["par"][1] < 0.01
    expected = model.predict(h=1)["mean"][0]
    assert found[0] == pytest.approx(expected, rel=1e-6 if learns else 2e-5)


# A drift's rows statsforecast counts on from the start of the series that it was fitted to.
@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape != "drifting"])
def test_windows_of_a_year_are_forecast_as_arima_goes_forward_on_them(shape: str) -> None:
    series = series_of(shape)
    peer = AutoARIMA().fit(series)
    windows, _ = windows_of(series, 52)
    found = fitted(AutoArima, series, 52).predict(windows)
    for place in (0, 100, 300):
        forward = peer.forward(y=windows[place, ::-1].copy(), h=1)["mean"][0]
        assert found[place] == pytest.approx(forward, abs=1e-3 * series.std())


def test_a_drift_goes_on_in_every_window() -> None:
    series = series_of("drifting")
    model = fitted(AutoArima, series, 52)
    assert model.coef_.sum() == pytest.approx(1.0, abs=1e-9)
    straight = 2.0 * np.arange(52.0)[::-1]
    assert model.predict([straight])[0] == pytest.approx(104.0, abs=0.3)
    assert model.predict([straight + 1e4])[0] == pytest.approx(1e4 + 104.0, abs=0.3)


def test_simple_smoothing_weighs_by_hand() -> None:
    """The level before the window is the one whose squared innovations are least."""
    alpha, kept = 0.3, 0.7
    weights, constant = StateSpace(np.ones(1), np.ones((1, 1)), np.array([alpha])).one_step(3)

    def innovations(start: float, values: Array) -> tuple[Array, float]:
        found = []
        for value in values:
            found.append(value - start)
            start += alpha * (value - start)
        return np.array(found), start

    values = np.array([4.0, 1.0, 7.0])
    powers = kept ** np.arange(3)
    best = (powers @ innovations(0.0, values)[0]) / (powers @ powers)
    starts = best + np.array([-1e-3, 0.0, 1e-3])
    assert np.argmin([(innovations(start, values)[0] ** 2).sum() for start in starts]) == 1
    assert constant == 0.0
    assert weights @ values[::-1] == pytest.approx(innovations(best, values)[1], rel=1e-12)


def test_smoothing_that_hardly_moves_is_the_mean_of_the_window() -> None:
    weights, _ = StateSpace(np.ones(1), np.ones((1, 1)), np.array([1e-9])).one_step(10)
    np.testing.assert_allclose(weights, 0.1, rtol=1e-6)


def test_an_autoregression_reads_its_own_values_alone() -> None:
    observe = np.array([0.5, 1.0])
    move = np.array([[0.5, 1.0], [0.2, 0.0]])
    weights, constant = StateSpace(observe, move, np.array([1.0, 0.0]), level=10.0).one_step(8)
    np.testing.assert_allclose(weights[:2], [0.5, 0.2], atol=1e-12)
    np.testing.assert_allclose(weights[2:], 0.0, atol=1e-12)
    assert constant == pytest.approx(3.0)


@pytest.mark.parametrize("kind", [AutoEts, AutoArima])
def test_the_fitted_state_is_numbers_alone_and_the_same_twice(kind: type[LinearFilter]) -> None:
    series = make_series(150)
    first, again = (fitted(kind, series, 24) for _ in range(2))
    assert set(vars(first)) == {"coef_", "intercept_"}
    assert type(first.intercept_) is float
    np.testing.assert_array_equal(first.coef_, again.coef_)
    assert first.intercept_ == again.intercept_
    windows, truth = windows_of(series, 24)
    assert np.abs(first.predict(windows) - truth).mean() < np.abs(truth - truth.mean()).mean()


@pytest.mark.parametrize("kind", [AutoEts, AutoArima])
def test_a_noisy_level_is_forecast_better_than_by_its_last_value(kind: type[LinearFilter]) -> None:
    windows, truth = windows_of(series_of("level"), 52)
    found = kind().fit(windows[:200], truth[:200]).predict(windows[200:])
    naive = np.abs(windows[200:, 0] - truth[200:]).mean()
    assert np.abs(found - truth[200:]).mean() < 0.9 * naive


@pytest.mark.parametrize("kind", [AutoEts, AutoArima])
def test_a_constant_series_goes_on(kind: type[LinearFilter]) -> None:
    model = fitted(kind, np.full(60, 7.0), 12)
    assert model.predict(np.full((1, 12), 7.0))[0] == pytest.approx(7.0, rel=1e-9)


@pytest.mark.parametrize("kind", [AutoEts, AutoArima])
def test_a_missing_value_is_a_plain_error(kind: type[LinearFilter]) -> None:
    series = make_series(60)
    series[30] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        fitted(kind, series, 12)


def test_too_few_values_are_a_plain_error() -> None:
    with pytest.raises(ValueError, match="statsforecast"):
        fitted(AutoEts, make_series(4), 2)
