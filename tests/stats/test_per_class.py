from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support

from zelo.stats.metrics import Scored
from zelo.stats.per_class import class_figures, share_interval


def several(rows: int = 300, classes: int = 5, seed: int = 0) -> Scored:
    rng = np.random.default_rng(seed)
    truth = rng.choice(classes, rows, p=[0.5, 0.3, 0.15, 0.05, 0.0])
    scores = rng.dirichlet(np.ones(classes), rows)
    scores[np.arange(rows), truth] += 0.4
    scores[:, 4] = 0.0
    scores /= scores.sum(axis=1, keepdims=True)
    return Scored(truth, scores, scores.argmax(axis=1))


def test_figures_are_scikit_learns() -> None:
    scored = several()
    found = class_figures(scored, seed=1, resamples=200)
    expected = precision_recall_fscore_support(
        scored.truth, scored.predicted, labels=range(5), zero_division=np.nan
    )
    for name, values in zip(("precision", "recall", "f1"), expected, strict=False):
        np.testing.assert_allclose([getattr(item, name).value for item in found], values)
    assert [item.support for item in found] == expected[3].tolist()


def test_bounds_hold_their_value_and_are_wide_where_rows_are_few() -> None:
    found = class_figures(several(), seed=1, resamples=200)
    for item in found[:4]:
        for interval in (item.precision, item.recall, item.f1):
            assert 0 <= interval.low <= interval.value <= interval.high <= 1
    often, rare = found[0].recall, found[3].recall
    assert rare.high - rare.low > 2 * (often.high - often.low)


def test_a_class_that_is_nowhere_has_no_figures() -> None:
    absent = class_figures(several(), seed=1, resamples=50)[4]
    assert absent.support == 0
    values = [absent.precision.value, absent.recall.value, absent.f1.value, absent.f1.low]
    assert np.isnan(values).all()


def test_three_of_three_is_no_certainty() -> None:
    assert share_interval(3, 3).low == pytest.approx(0.4385, abs=1e-4)
    assert np.isnan(share_interval(0, 0).value)


def test_rows_scored_repeatedly_count_once() -> None:
    scored = several()
    assert scored.predicted is not None
    twice = Scored(
        np.tile(scored.truth, 2), np.tile(scored.scores, (2, 1)), np.tile(scored.predicted, 2), repeats=2
    )
    once, again = (class_figures(item, seed=1, resamples=200)[:4] for item in (scored, twice))
    for a, b in zip(once, again, strict=True):
        assert a.support == b.support
        for name in ("precision", "recall", "f1"):
            for end in ("value", "low", "high"):
                assert getattr(getattr(a, name), end) == pytest.approx(getattr(getattr(b, name), end))
