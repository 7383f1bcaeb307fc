from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from zelo.stats.blocks import block_length, circular_blocks
from zelo.stats.bootstrap import bootstrap_weights


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (0, 1),
        (1, 1),
        (2, 1),
        (3, 1),
        (4, 2),
        (8, 2),
        (9, 3),
        (27, 3),
        (52, 4),
        (156, 6),
        (1000, 10),
        (1001, 11),
    ],
)
def test_blocks_are_the_cube_root_long(n: int, expected: int) -> None:
    assert block_length(n) == expected


@given(n=st.integers(0, 60), block=st.integers(1, 70), seed=st.integers(0, 10**6))
def test_weights_of_blocks_sum_to_the_rows(n: int, block: int, seed: int) -> None:
    weights = bootstrap_weights(n, 7, np.random.default_rng(seed), block=block)
    assert weights.shape == (7, n)
    assert (weights.sum(axis=1) == n).all()


@given(n=st.integers(1, 60), block=st.integers(1, 70), seed=st.integers(0, 10**6))
def test_blocks_hold_neighbours(n: int, block: int, seed: int) -> None:
    drawn = circular_blocks(n, block, 5, np.random.default_rng(seed))
    steps = np.diff(drawn, axis=1) % n
    inside = np.arange(1, n) % block != 0
    assert drawn.shape == (5, n)
    assert ((drawn >= 0) & (drawn < n)).all()
    assert (steps[:, inside] == 1 % n).all()


def test_each_row_is_drawn_equally_often() -> None:
    # The ends too, which blocks that do not go round would leave out.
    weights = bootstrap_weights(23, 20_000, np.random.default_rng(0), block=5)
    assert abs(weights.mean(axis=0) - 1).max() < 0.05


def test_the_mean_has_the_variance_of_its_blocks() -> None:
    # Over all starts, the sums of three neighbours of the values, going round, are 8, 7 and so on.
    values = np.array([5.0, 1.0, 2.0, 4.0, 9.0, 3.0])
    sums = np.array([values[np.arange(start, start + 3) % 6].sum() for start in range(6)])
    drawn = bootstrap_weights(6, 40_000, np.random.default_rng(1), block=3) @ values
    assert drawn.mean() == pytest.approx(values.sum(), rel=0.01)
    assert drawn.var() == pytest.approx(2 * sums.var(), rel=0.03)
