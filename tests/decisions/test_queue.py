from __future__ import annotations

import numpy as np
import pytest

from zelo.decisions.queue import rank, trigrams

NONE = np.empty((0, 3))
APART = np.eye(3)


def test_the_most_unsure_comes_first() -> None:
    probabilities = np.array([[0.9, 0.1], [0.5, 0.5], [0.7, 0.3]])
    found = rank(probabilities, APART, NONE, np.zeros(2))
    assert found.order.tolist() == [1, 2, 0]
    np.testing.assert_allclose(found.unsure, [0.2, 1.0, 0.6])


def test_of_equally_unsure_ones_the_rare_class_comes_first() -> None:
    probabilities = np.array([[0.6, 0.4, 0.0], [0.0, 0.4, 0.6], [0.5, 0.0, 0.5]])[:2]
    found = rank(probabilities, APART[:2], NONE, np.array([50, 10, 1]))
    assert found.order.tolist() == [1, 0]
    assert found.rare[1] > 2 * found.rare[0]


def test_what_is_like_the_labelled_is_worth_nothing() -> None:
    probabilities = np.full((3, 2), 0.5)
    found = rank(probabilities, APART, APART[:1], np.ones(2))
    assert found.worth[0] == 0.0
    assert found.order[-1] == 0


def test_one_of_many_alike_tells_more_than_an_odd_one() -> None:
    features = np.array([[0.0, 0.0, 1.0], [0.8, 0.6, 0.0], [1.0, 0.0, 0.0], [0.6, 0.8, 0.0]])
    found = rank(np.full((4, 2), 0.5), features, NONE, np.zeros(2))
    assert found.order[0] == 1
    assert found.order[1] == 0
    assert found.typical.argmin() == 0


def test_what_is_like_a_chosen_one_is_put_off() -> None:
    probabilities = np.array([[0.5, 0.5], [0.5, 0.5], [0.9, 0.1]])
    features = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    found = rank(probabilities, features, np.empty((0, 2)), np.zeros(2))
    assert found.order.tolist() == [0, 2, 1]


@pytest.mark.parametrize("most", [0, 1, 7, 50, None])
def test_each_is_ordered_once_also_where_all_are_alike(most: int | None) -> None:
    probabilities, features = np.full((20, 3), 1 / 3), np.tile([1.0, 0.0], (20, 1))
    order = rank(probabilities, features, np.empty((0, 2)), np.zeros(3), most=most).order
    assert len(order) == len(set(order.tolist())) == min(20 if most is None else most, 20)


def test_the_order_is_the_same_each_time() -> None:
    rng = np.random.default_rng(0)
    probabilities, features = rng.dirichlet(np.ones(4), 200), np.abs(rng.normal(size=(200, 8)))
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    counts = np.array([3, 0, 9, 1])
    once, again = (rank(probabilities, features, features[:5], counts).order for _ in range(2))
    np.testing.assert_array_equal(once, again)


def test_like_texts_have_like_trigrams() -> None:
    found = trigrams(["Pump leaks oil", "pump leaks oill", "engine will not start", "", "泵漏油"])
    assert found.shape == (5, 1024)
    alike = found @ found.T
    assert alike[0, 1] > 0.7
    assert alike[0, 2] < 0.2
    np.testing.assert_allclose(np.diag(alike)[[0, 1, 2, 4]], 1.0, rtol=1e-5)
    assert np.isfinite(found).all()


def test_trigrams_of_a_long_text_are_quick_and_of_no_text_none() -> None:
    assert trigrams([]).shape == (0, 1024)
    assert trigrams(["x" * 2_000_000]).shape == (1, 1024)
