from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zelo.stats.holm import holm

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=12)


def test_as_worked_by_hand() -> None:
    # 0.005 * 4, 0.01 * 3, 0.03 * 2, and 0.04 * 1, which may not fall below the one before it.
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])


def test_one_test_is_left_as_it_is_and_none_are_none() -> None:
    assert holm([0.03]).tolist() == [0.03]
    assert holm([]).tolist() == []


@given(P_VALUES)
def test_never_smaller_never_beyond_bonferroni_and_in_the_same_order(p_values: list[float]) -> None:
    found, given_ = holm(p_values), np.array(p_values)
    assert (found >= given_).all()
    assert (found <= np.minimum(given_ * len(given_), 1.0)).all()
    assert (np.diff(found[np.argsort(given_, kind="stable")]) >= 0).all()


@given(P_VALUES)
def test_the_order_of_the_tests_changes_nothing(p_values: list[float]) -> None:
    turned = np.random.default_rng(len(p_values)).permutation(len(p_values))
    np.testing.assert_array_equal(holm(np.array(p_values)[turned].tolist()), holm(p_values)[turned])


def test_it_holds_its_level_where_nothing_is_true() -> None:
    rng = np.random.default_rng(0)
    wrong = sum((holm(rng.random(8).tolist()) < 0.05).any() for _ in range(4000))
    assert wrong / 4000 == pytest.approx(0.05, abs=0.012)


@pytest.mark.parametrize("wrong", [-0.1, 1.1, float("nan")])
def test_what_is_no_p_value_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="p-values"):
        holm([0.2, wrong])
