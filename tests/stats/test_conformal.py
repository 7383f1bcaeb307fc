from __future__ import annotations

import math

import numpy as np
import pytest

from zelo.stats.conformal import interval_half_width


def test_the_rank_has_the_finite_sample_correction() -> None:
    residuals = np.array([-3.0, 1.0, -2.0, 5.0, 4.0, -6.0, 7.0, 8.0, -9.0])
    # 10 rows with the new one: the ninth of nine at 90 %, the eighth at 80 %.
    assert interval_half_width(residuals, 0.9) == 9.0
    assert interval_half_width(residuals, 0.8) == 8.0
    assert interval_half_width(residuals, 0.5) == 5.0


def test_too_few_rows_promise_nothing() -> None:
    assert interval_half_width(np.ones(8), 0.9) == math.inf
    assert interval_half_width(np.empty(0), 0.5) == math.inf


def test_new_rows_are_covered_at_least_as_often_as_promised() -> None:
    rng = np.random.default_rng(0)
    covered = [
        abs(rng.standard_t(3)) <= interval_half_width(rng.standard_t(3, size=30), 0.9) for _ in range(4000)
    ]
    assert 0.885 <= np.mean(covered) <= 0.95


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="level 1 is not within"):
        interval_half_width(np.ones(3), 1)
    with pytest.raises(ValueError, match="NaN"):
        interval_half_width(np.array([1.0, np.nan]))
