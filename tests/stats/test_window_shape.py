from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from zelo.stats.window_shape import distances, evenly, shapes

PRICES = arrays(np.float64, (3, 20), elements=st.floats(1e-6, 1e9))


def test_a_window_by_hand() -> None:
    # Newest first: doubled, halved, doubled, and unchanged before.
    found = shapes(np.array([[8.0, 4.0, 8.0, 4.0, 4.0]]))
    two = np.log(2.0)
    # Returns ln 2 x (1, -1, 1, 0): their median is ln 2 / 2.
    assert found.usual[0] == pytest.approx(two * (0.5 + 1.5 + 0.5 + 0.5) / 4)
    assert found.largest[0] == pytest.approx(two)
    assert found.span[0] == pytest.approx(two)
    assert found.scaled[0] == pytest.approx(np.array([-1.5, -0.5, 0.5, 0.5]) / 0.75)


def test_the_largest_move_keeps_its_sign() -> None:
    (largest,) = shapes(np.array([[4.0, 8.0, 7.0]])).largest
    assert largest == pytest.approx(-np.log(2.0))


@given(PRICES, st.floats(1e-3, 1e3))
def test_the_unit_of_money_does_not_matter(prices: np.ndarray, factor: float) -> None:
    for mine, other in zip(shapes(prices)[:3], shapes(prices * factor)[:3], strict=True):
        assert mine == pytest.approx(other, rel=1e-6, abs=1e-9)


def test_a_price_that_stands_still_has_no_shape() -> None:
    found = shapes(np.full((2, 30), 7.0))
    assert not found.usual.any()
    assert not found.scaled.any()


def test_the_distance_is_that_of_kolmogorov_and_smirnov() -> None:
    rng = np.random.default_rng(3)
    count = 5_000
    quantiles = stats.norm.ppf(evenly(count))
    samples = np.sort(rng.normal(0.3, 1.4, (4, 59)), axis=1)
    known = [stats.kstest(sample, "norm").statistic for sample in samples]
    assert distances(samples, quantiles) == pytest.approx(known, abs=1 / count)


def test_a_sample_beyond_the_distribution_is_as_far_as_can_be() -> None:
    quantiles = np.linspace(-1, 1, 50)
    assert distances(np.full((1, 9), 5.0), quantiles) == pytest.approx([1.0])
    assert distances(np.full((1, 9), -5.0), quantiles) == pytest.approx([1.0])
