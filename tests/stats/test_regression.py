from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from sklearn.metrics import mean_pinball_loss

from zelo.stats.arrays import FloatArray
from zelo.stats.metrics import Scored, evaluate, point

FORECAST = ("smape", "mase", "pinball", "coverage")


def rows(seed: int, n: int, *, factor: float = 1.0, missing: float = 0.2) -> Scored:
    """Forecasts with intervals of changing width, some of them absent."""
    rng = np.random.default_rng(seed)
    truth, said = rng.gamma(2.0, 10.0, (2, n))
    bounds = np.column_stack((said - rng.gamma(2.0, 5.0, n), said + rng.gamma(2.0, 5.0, n)))
    bounds[rng.random(n) < missing] = np.nan
    return Scored(truth * factor, said * factor, bounds=bounds * factor, level=0.8, scale=7.0 * factor)


def test_figures_of_a_few_rows_are_those_of_hand() -> None:
    bounds = np.array([[0.0, 10.0], [5.0, 6.0], [np.nan, np.nan], [0.0, 4.0]])
    scored = Scored(
        np.array([10.0, 4.0, 3.0, 0.0]), np.array([6.0, 4.0, 1.0, 0.0]), bounds=bounds, level=0.8, scale=3.0
    )
    found = point(scored, FORECAST)
    assert found["smape"] == pytest.approx((2 * 4 / 16 + 0 + 2 * 2 / 4 + 0) / 4)
    assert found["mase"] == pytest.approx((4 + 0 + 2 + 0) / 4 / 3)
    assert found["coverage"] == pytest.approx(2 / 3)
    # At 80 % the ends are the quantiles 0.1 and 0.9: above them a tenth counts, below nine tenths.
    lower = 0.1 * 10 + 0.9 * 1 + 0.0
    upper = 0.0 + 0.1 * 2 + 0.1 * 4
    assert found["pinball"] == pytest.approx((lower + upper) / 2 / 3)


@settings(deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(5, 60))
def test_pinball_is_scikit_learns_and_the_interval_score(seed: int, n: int) -> None:
    scored = rows(seed, n, missing=0.0)
    weights = np.random.default_rng(seed).integers(1, 4, size=n).astype(np.float64)
    assert scored.bounds is not None
    low, high = scored.bounds.T
    expected = np.mean(
        [
            mean_pinball_loss(scored.truth, end, alpha=alpha, sample_weight=weights)
            for end, alpha in ((low, 0.1), (high, 0.9))
        ]
    )
    found = evaluate(scored, ["pinball"], weights[None])["pinball"][0]
    assert found == pytest.approx(expected)
    truth = scored.truth.astype(np.float64)
    outside = np.maximum(low - truth, 0) + np.maximum(truth - high, 0)
    score = np.average(high - low + 2 / 0.2 * outside, weights=weights)
    assert found == pytest.approx(0.2 / 4 * score)


@settings(deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(5, 60), factor=st.floats(1e-3, 1e3))
def test_the_unit_changes_only_what_has_one(seed: int, n: int, factor: float) -> None:
    plain, scaled = (point(rows(seed, n, factor=by), FORECAST) for by in (1.0, factor))
    expected = {**plain, "pinball": plain["pinball"] * factor}
    assert scaled == pytest.approx(expected, nan_ok=True)


@settings(deadline=None)
@given(st.lists(st.tuples(*[st.integers(-50, 50)] * 2), min_size=1, max_size=30))
def test_smape_is_within_its_range_and_does_not_know_which_was_forecast(
    pairs: list[tuple[int, int]],
) -> None:
    truth, said = np.array(pairs, dtype=np.float64).T
    found = point(Scored(truth, said), ["smape"])["smape"]
    assert 0 <= found <= 2 + 1e-12
    assert point(Scored(said, truth), ["smape"])["smape"] == found
    assert point(Scored(truth, truth), ["smape"])["smape"] == 0.0


@settings(deadline=None)
@given(seed=st.integers(0, 10**6))
def test_a_count_means_what_repeated_rows_mean(seed: int) -> None:
    scored = rows(seed, 40)
    counts = np.random.default_rng(seed).multinomial(40, np.full(40, 1 / 40))
    repeated = point(scored.where(np.repeat(np.arange(40), counts)), FORECAST)
    weighted = evaluate(scored, FORECAST, counts[None].astype(np.float64))
    assert {name: values[0] for name, values in weighted.items()} == pytest.approx(repeated, nan_ok=True)


def test_a_slice_keeps_its_intervals_level_and_scale() -> None:
    scored = rows(1, 30)
    part = scored.where(np.arange(30) >= 20)
    assert scored.bounds is not None
    np.testing.assert_array_equal(part.bounds, scored.bounds[20:])
    assert (part.level, part.scale, len(part)) == (0.8, 7.0, 10)


@pytest.mark.parametrize("bounds", [None, np.full((3, 2), np.nan)])
@pytest.mark.parametrize("scale", [None, 0.0])
def test_what_was_not_given_is_not_measured(bounds: FloatArray | None, scale: float | None) -> None:
    found = point(Scored(np.ones(3), np.zeros(3), bounds=bounds, scale=scale), ("mae", *FORECAST))
    assert np.isnan([found["mase"], found["pinball"], found["coverage"]]).all()
    assert (found["mae"], found["smape"]) == (1.0, 2.0)


def test_right_quantiles_have_the_least_pinball_loss() -> None:
    truth = np.random.default_rng(0).normal(size=20_000)

    def loss(half: float) -> dict[str, float]:
        bounds = np.tile([-half, half], (len(truth), 1))
        return point(Scored(truth, np.zeros(len(truth)), bounds=bounds, level=0.9), ["pinball", "coverage"])

    right = loss(1.645)
    assert right["coverage"] == pytest.approx(0.9, abs=0.01)
    assert right["pinball"] < min(loss(1.3)["pinball"], loss(2.0)["pinball"])
