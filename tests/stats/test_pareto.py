from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
from hypothesis import given
from hypothesis.extra.numpy import arrays

from zelo.stats.arrays import FloatArray
from zelo.stats.pareto import pareto_front


def test_dominated_points_are_off() -> None:
    points = np.array([[0.9, 0.1], [0.8, 0.2], [0.8, 0.05], [0.9, 0.1], [0.5, 0.05]])
    assert pareto_front(points, [True, False]).tolist() == [True, False, True, True, False]


def test_undefined_points_are_off_and_beat_none() -> None:
    points = np.array([[np.nan, 9.0], [1.0, 1.0]])
    assert pareto_front(points, [True, True]).tolist() == [False, True]


def test_no_points() -> None:
    assert pareto_front(np.empty((0, 3)), [True, True, False]).tolist() == []


@given(arrays(float, st.tuples(st.integers(1, 12), st.integers(1, 3)), elements=st.integers(0, 5)))
def test_the_front_is_what_nothing_beats(points: FloatArray) -> None:
    front = pareto_front(points, [True] * points.shape[1])
    assert front.any()
    for i, point in enumerate(points):
        beaten = any((other >= point).all() and (other > point).any() for other in points)
        assert front[i] == (not beaten)


@given(arrays(float, (6, 2), elements=st.integers(0, 5)))
def test_turning_a_column_and_its_sense_changes_nothing(points: FloatArray) -> None:
    turned = points * [1, -1]
    assert (pareto_front(points, [True, True]) == pareto_front(turned, [True, False])).all()
