from __future__ import annotations

import numpy as np
import pytest

from zelo.stats.arrays import FloatArray
from zelo.stats.drift import chi2, ks, missing_share, psi, psi_categories, wasserstein

NOTHING = np.empty(0)
GAPS = np.array([np.nan, np.nan])


def normal(seed: int, n: int = 5000, shift: float = 0.0) -> FloatArray:
    return np.random.default_rng(seed).normal(shift, size=n)


def letters(text: str) -> np.ndarray:
    return np.array([None if letter == "?" else letter.strip() for letter in text], dtype=object)


def test_nothing_moved() -> None:
    a, b = normal(0), normal(1)
    assert psi(a, b) < 0.02
    assert ks(a, b).p_value > 0.01
    assert wasserstein(a, b).deviations < 0.1


def test_a_shift_is_seen() -> None:
    a, b = normal(0), normal(1, shift=1.0)
    assert psi(a, b) > 0.25
    assert ks(a, b).p_value < 1e-6
    moved = wasserstein(10 * a, 10 * b)
    assert moved.units == pytest.approx(10, rel=0.1)
    assert moved.deviations == pytest.approx(1, rel=0.1)


def test_psi_of_known_shares() -> None:
    reference = np.repeat([1.0, 2.0], [500, 500])
    current = np.repeat([1.0, 2.0], [800, 200])
    expected = (0.8 - 0.5) * np.log(0.8 / 0.5) + (0.2 - 0.5) * np.log(0.2 / 0.5)
    assert psi(reference, current) == pytest.approx(expected, rel=0.01)
    named = psi_categories(letters("a" * 500 + "b" * 500), letters("a" * 800 + "b" * 200))
    assert named == pytest.approx(expected, rel=0.01)


def test_psi_is_zero_for_the_same_sample() -> None:
    assert psi(normal(0), normal(0)) == 0.0
    assert psi_categories(letters("aab"), letters("aab")) == 0.0


def test_values_outside_the_reference_and_new_categories_are_finite() -> None:
    assert np.isfinite(psi(normal(0), np.full(50, 1e9)))
    assert np.isfinite(psi(normal(0), np.full(50, np.inf)))
    assert 0.5 < psi_categories(letters("ab" * 50), letters("c" * 50)) < np.inf


def test_a_reference_that_is_nearly_all_its_largest_value_still_tells() -> None:
    reference = np.repeat([0.0, 1.0], [5, 95])
    assert psi(reference, np.zeros(100)) > 1
    assert psi(reference, np.repeat([0.0, 1.0], [5, 95])) == 0.0


def test_missing_values_are_a_bin_of_their_own() -> None:
    reference = normal(0, 1000)
    current = reference.copy()
    current[:400] = np.nan
    assert psi(reference, current) > 0.25
    assert psi(reference, GAPS) > 0.25
    assert psi_categories(letters("aaaa" * 20), letters("a?a " * 20)) > 0.25
    assert ks(reference, current).statistic < 0.05


def test_missing_shares() -> None:
    assert missing_share(np.array([1.0, np.nan])) == 0.5
    assert missing_share(letters("a? b")) == 0.5
    assert np.isnan(missing_share(NOTHING))


@pytest.mark.parametrize(
    ("a", "b"), [(NOTHING, normal(0)), (normal(0), NOTHING), (GAPS, normal(0)), (NOTHING, NOTHING)]
)
def test_empty_samples_have_no_answer(a: FloatArray, b: FloatArray) -> None:
    assert np.isnan(psi(a, b))
    assert np.isnan(ks(a, b)).all()
    assert np.isnan(wasserstein(a, b)).all()


def test_samples_of_gaps_alone_have_no_distance() -> None:
    assert np.isnan(ks(normal(0), GAPS)).all()
    assert np.isnan(wasserstein(normal(0), GAPS)).all()


def test_a_constant_reference() -> None:
    flat = np.full(30, 0.1)
    assert np.isnan(psi(flat, normal(0)))
    assert np.isnan(wasserstein(flat, flat + 1).deviations)
    assert wasserstein(flat, flat + 1).units == pytest.approx(1)
    assert ks(flat, flat) == (0.0, 1.0)
    assert ks(flat, flat + 1).p_value < 1e-6


def test_categories_without_values_or_choice() -> None:
    nothing = letters("")
    assert np.isnan(psi_categories(nothing, letters("a")))
    assert np.isnan(psi_categories(letters("a"), nothing))
    assert np.isnan(chi2(nothing, letters("a"))).all()
    assert np.isnan(chi2(letters("aa"), letters("aaa"))).all()


def test_chi2() -> None:
    same = chi2(letters("ab" * 100), letters("ab" * 50))
    assert same == (0.0, 1.0)
    assert chi2(letters("ab" * 100), letters("a" * 90 + "b" * 10)).p_value < 1e-6
    # A 2 x 2 table, (20, 30) and (30, 20): n (ad - bc)^2 over the product of the margins.
    found = chi2(letters("a" * 20 + "b" * 30), letters("a" * 30 + "b" * 20))
    assert found.statistic == pytest.approx(4.0)
    assert found.p_value == pytest.approx(0.0455, abs=1e-4)


def test_plain_floats() -> None:
    a, b = normal(0, 50), normal(1, 50)
    c, d = letters("ab"), letters("ba")
    for value in (
        psi(a, b),
        *ks(a, b),
        *wasserstein(a, b),
        *chi2(c, d),
        psi_categories(c, d),
        missing_share(a),
    ):
        assert type(value) is float
