from __future__ import annotations

import numpy as np
import pytest

from zelo.training.fit import stack_out_of_fold

TRUTH = np.arange(60) % 2
ROWS = np.arange(60)
THIRD = ROWS % 3
FOLDS = [(np.flatnonzero(k != THIRD), np.flatnonzero(k == THIRD)) for k in range(3)]
REPEATED = [*FOLDS, *((fitted_on[::-1] + 60, scored + 60) for fitted_on, scored in FOLDS)]


def member(rows: int, seed: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Probabilities [n, 2] that say nothing of the truth."""
    positive = np.random.default_rng(seed).uniform(0.2, 0.8, rows)
    return np.column_stack([1 - positive, positive])


def test_another_repetition_of_a_row_does_not_tell_its_truth() -> None:
    truth, raw = np.tile(TRUTH, 2), [member(120, 0), member(120, 1)]
    before = stack_out_of_fold(raw, truth, REPEATED, 2)
    scored = FOLDS[0][1]
    turned = truth.copy()
    turned[np.concatenate([scored, scored + 60])] ^= 1
    after = stack_out_of_fold(raw, turned, REPEATED, 2)
    np.testing.assert_array_equal(after[scored], before[scored])
    assert not np.allclose(after[FOLDS[1][1]], before[FOLDS[1][1]])


@pytest.mark.parametrize("early", [np.zeros(20, dtype=int), np.ones(20, dtype=int)])
def test_before_a_final_model_can_be_fitted_the_members_mean_stands_in(
    early: np.ndarray[tuple[int], np.dtype[np.int64]],
) -> None:
    # By time: nothing before the first fold is scored, and before the second there is one class alone.
    truth = np.concatenate([early, TRUTH[:40]])
    truth[20:40] = early[0]
    raw = [member(60, 0), member(60, 1)]
    for one in raw:
        one[:20] = np.nan
    folds = [(ROWS[:20], ROWS[20:40]), (ROWS[:40], ROWS[40:60])]
    found = stack_out_of_fold(raw, truth, folds, 2)
    np.testing.assert_allclose(found[20:], np.mean(raw, axis=0)[20:])
    assert np.isnan(found[:20]).all()
