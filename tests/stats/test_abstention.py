from __future__ import annotations

import numpy as np

from zelo.stats.abstention import abstention_curve


def test_the_surest_answers_come_first() -> None:
    right = np.array([True, False, True, True])
    curve = abstention_curve(right, np.array([0.9, 0.2, 0.8, 0.3]))
    np.testing.assert_allclose(curve.confidence, [0.9, 0.8, 0.3, 0.2])
    np.testing.assert_allclose(curve.answered, [0.25, 0.5, 0.75, 1.0])
    np.testing.assert_allclose(curve.accuracy, [1.0, 1.0, 1.0, 0.75])


def test_equal_confidences_are_answered_together() -> None:
    curve = abstention_curve(np.array([True, False, True]), np.array([0.5, 0.5, 0.9]))
    np.testing.assert_allclose(curve.answered, [1 / 3, 1.0])
    np.testing.assert_allclose(curve.accuracy, [1.0, 2 / 3])


def test_no_rows_have_no_curve() -> None:
    assert len(abstention_curve(np.empty(0, dtype=bool), np.empty(0)).answered) == 0
