from __future__ import annotations

import math

import hypothesis.strategies as st
import pytest
from hypothesis import given
from scipy.stats import binomtest

from zelo.stats.coverage import coverage_interval


@given(n=st.integers(1, 400), share=st.floats(0, 1), level=st.sampled_from([0.8, 0.95]))
def test_bounds_of_coverage_are_scipys(n: int, share: float, level: float) -> None:
    hits = round(share * n)
    expected = binomtest(hits, n).proportion_ci(level, method="exact")
    found = coverage_interval(hits, n, level)
    assert (found.value, found.low, found.high) == pytest.approx((hits / n, expected.low, expected.high))


def test_coverage_of_nothing_is_not_known() -> None:
    assert math.isnan(coverage_interval(0, 0).value)
    with pytest.raises(ValueError, match="3 hits of 2 intervals"):
        coverage_interval(3, 2)
    with pytest.raises(ValueError, match="-1 hits"):
        coverage_interval(-1, 2)
