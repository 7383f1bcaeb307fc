"""Counts between a reference's values give what the rows themselves give."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zelo.stats.binned import Cells, ks_of_cells, psi_of_cells, wasserstein_of_cells
from zelo.stats.drift import ks, psi, wasserstein

RNG = np.random.default_rng(3)
PAIRS = {
    "numbers": (RNG.normal(size=1500), RNG.normal(0.3, 1.4, 900)),
    "whole numbers": (RNG.integers(0, 9, 800) * 1.0, RNG.integers(2, 14, 1200) * 1.0),
    "missing values": (
        np.where(RNG.random(900) < 0.1, np.nan, RNG.gamma(2, 1, 900)),
        np.where(RNG.random(700) < 0.4, np.nan, RNG.gamma(2.4, 1, 700)),
    ),
    "nearly all alike": (np.array([5.0] * 300 + [1.0]), np.array([5.0] * 200 + [7.0] * 9)),
}


def cells(reference: np.ndarray, current: np.ndarray) -> tuple[Cells, Cells]:
    before = Cells.of(reference)
    after = Cells(before.edges)
    for part in np.array_split(current, 4):
        after.add(part)
    return before, after


@pytest.mark.parametrize("name", PAIRS)
def test_the_figures_of_the_rows(name: str) -> None:
    reference, current = PAIRS[name]
    before, after = cells(reference, current)

    assert psi_of_cells(before, after) == pytest.approx(psi(reference, current), rel=1e-12)
    assert ks_of_cells(before, after) == pytest.approx(ks(reference, current).statistic, rel=1e-12)
    expected, found = wasserstein(reference, current), wasserstein_of_cells(before, after)
    assert found.units == pytest.approx(expected.units, rel=2e-3)
    assert found.deviations == pytest.approx(expected.deviations, rel=2e-3)
    assert after.mean == pytest.approx(np.nanmean(current))
    assert (after.rows, after.missing) == (len(current), int(np.isnan(current).sum()))


@given(
    st.lists(st.integers(-5, 5), min_size=2, max_size=30).filter(lambda values: len(set(values)) > 1),
    st.lists(st.integers(-8, 8), min_size=1, max_size=30),
)
def test_small_samples(reference: list[int], current: list[int]) -> None:
    before, after = (np.array(values, dtype=np.float64) for values in (reference, current))
    found = cells(before, after)

    assert psi_of_cells(*found) == pytest.approx(psi(before, after), abs=1e-12)
    places = np.arange(-8, 9)
    shares = [np.mean(values[:, None] <= places, axis=0) for values in (before, after)]
    assert ks_of_cells(*found) == pytest.approx(np.abs(shares[0] - shares[1]).max(), abs=1e-12)


def test_the_distance_is_exact_where_all_current_values_are_the_references() -> None:
    reference, current = RNG.integers(0, 9, 300) * 1.0, RNG.integers(0, 9, 200) * 1.0

    assert wasserstein_of_cells(*cells(reference, current)).units == pytest.approx(
        wasserstein(reference, current).units, rel=1e-12
    )


def test_nothing_to_compare() -> None:
    empty, some = Cells.of(np.array([np.nan])), Cells.of(np.array([1.0, 2.0]))
    nobody = Cells(some.edges)

    assert np.isnan(psi_of_cells(empty, empty))
    assert np.isnan(psi_of_cells(some, nobody))
    assert np.isnan(ks_of_cells(some, nobody))
    assert np.isnan(wasserstein_of_cells(some, nobody).units)
    assert np.isnan(nobody.mean)
    alike = Cells.of(np.array([3.0, 3.0]))
    assert np.isnan(wasserstein_of_cells(alike, alike).deviations)
    empty.add(np.array([4.0, np.nan]))
    assert (empty.known, empty.missing) == (1, 2)
