"""Ranks are those of the definition, and uniform whatever ties there are."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from scipy import stats

from zelo.stats.exchangeable import indicator_ranks, ranks


@given(
    st.lists(st.integers(0, 6), max_size=30),
    st.lists(st.integers(0, 8), min_size=1, max_size=70),
    st.integers(0, 2**32 - 1),
)
def test_a_rank_counts_what_came_before(reference: list[int], rows: list[int], seed: int) -> None:
    ties = np.random.default_rng(seed).random(len(rows))
    pool, expected = list(reference), []
    for row, tie in zip(rows, ties, strict=True):
        less, equal = sum(other < row for other in pool), sum(other == row for other in pool)
        expected.append((less + tie * (equal + 1)) / (len(pool) + 1))
        pool.append(row)
    found = ranks(np.array(reference, dtype=float), np.array(rows, dtype=float), ties)
    assert found == pytest.approx(expected)


def test_indicators_rank_as_the_numbers_0_and_1() -> None:
    rng = np.random.default_rng(0)
    reference, rows, ties = rng.random(50) < 0.2, rng.random(300) < 0.4, rng.random(300)
    assert indicator_ranks(reference, rows, ties) == pytest.approx(
        ranks(reference.astype(float), rows.astype(float), ties)
    )


@pytest.mark.parametrize("size", [3, 40])
def test_ranks_are_uniform_and_independent_though_the_reference_is_small(size: int) -> None:
    rng = np.random.default_rng(0)
    found = np.array(
        [
            ranks(rng.poisson(1.5, size).astype(float), rng.poisson(1.5, 6).astype(float), rng.random(6))
            for _ in range(1500)
        ]
    )
    assert stats.kstest(found.ravel(), "uniform").pvalue > 0.01
    correlations = np.corrcoef(found.T)[np.triu_indices(6, 1)]
    assert np.abs(correlations).max() < 4 / np.sqrt(1500)


def test_no_rows_have_no_ranks() -> None:
    assert ranks(np.array([1.0]), np.array([]), np.array([])).shape == (0,)
