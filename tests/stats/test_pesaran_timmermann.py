from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm

from zelo.stats.pesaran_timmermann import pesaran_timmermann


def test_the_statistic_is_the_papers() -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(0.3, 1.0, 70)
    said = truth + rng.normal(0.0, 2.0, 70)
    found = pesaran_timmermann(truth, said)
    n, p, q = 70, (truth > 0).mean(), (said > 0).mean()
    right = (truth * said > 0).mean()
    chance = p * q + (1 - p) * (1 - q)
    of_right = chance * (1 - chance) / n
    of_chance = (
        (2 * p - 1) ** 2 * q * (1 - q) / n
        + (2 * q - 1) ** 2 * p * (1 - p) / n
        + 4 * p * q * (1 - p) * (1 - q) / n**2
    )
    statistic = (right - chance) / math.sqrt(of_right - of_chance)
    assert (found.right, found.by_chance) == pytest.approx((right, chance))
    assert (found.statistic, found.p_value) == pytest.approx((statistic, norm.sf(statistic)))


def test_forecasts_that_know_nothing_are_significant_as_rarely_as_stated() -> None:
    rng = np.random.default_rng(1)
    # Both mostly rise, so that most directions are right by chance.
    p = [pesaran_timmermann(*rng.normal(0.7, 1.0, (2, 120))).p_value for _ in range(1000)]
    assert 0.03 < np.mean(np.array(p) < 0.05) < 0.075


def test_forecasts_that_know_are_found_and_those_that_know_the_opposite_are_not() -> None:
    truth = np.random.default_rng(2).normal(size=40)
    assert pesaran_timmermann(truth, truth).p_value < 1e-6
    assert pesaran_timmermann(truth, truth).right == 1.0
    assert pesaran_timmermann(truth, -truth).p_value > 0.999


def test_no_change_is_no_rise() -> None:
    found = pesaran_timmermann(np.array([0.0, 0.0, 1.0, 1.0]), np.array([-1.0, 0.0, 1.0, 0.0]))
    assert (found.right, found.by_chance) == (0.75, 0.5)


def test_one_direction_alone_is_no_test() -> None:
    rising = np.ones(20)
    mixed = np.tile([1.0, -1.0], 10)
    for found in (pesaran_timmermann(mixed, rising), pesaran_timmermann(rising, mixed)):
        assert (found.right, found.by_chance) == (0.5, 0.5)
        assert math.isnan(found.statistic)
        assert math.isnan(found.p_value)
    assert math.isnan(pesaran_timmermann(np.empty(0), np.empty(0)).right)


def test_other_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="not of the same rows"):
        pesaran_timmermann(np.ones(3), np.ones(2))
    with pytest.raises(ValueError, match="not finite"):
        pesaran_timmermann(np.ones(2), np.array([1.0, np.nan]))
