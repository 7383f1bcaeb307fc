"""How soon a change is seen, and how large it is."""

from __future__ import annotations

import numpy as np
import pytest

from zelo.stats.changes import Figures, Found, Kind, best_shift, rows_until
from zelo.stats.restarts import About, Column
from zelo.stats.watched import Stream


def figures(
    kind: Kind, about: About, reference: np.ndarray, rows: np.ndarray, category: str | None = None
) -> Figures:
    column = Column(about, ("a",), category, 1.0, np.full(len(rows), 0.5))
    found = Found(kind, column, onset=0, growth=0.1, share=0.1, seen=0.5)
    return Figures({"a": Stream("a", reference)}, {"a": rows}, found, seed=0)


def test_what_grows_fast_is_seen_soon_and_what_does_not_grow_never() -> None:
    waits = [rows_until(growth, 0.01, 0.01, 90.0) or 0 for growth in (1.0, 0.3, 0.1)]
    assert 0 < waits[0] < waits[1] < waits[2]
    assert rows_until(0.0, 0.01, 0.01, 90.0) is None
    dearer, heavier = rows_until(0.1, 0.01, 0.01, 900.0), rows_until(0.1, 0.1, 0.01, 90.0)
    assert dearer is not None
    assert heavier is not None
    assert heavier < waits[2] < dearer


def test_the_best_bet_on_a_shift_is_the_nearest() -> None:
    assert best_shift(1.0) == pytest.approx((0.5, 0.05))
    assert best_shift(-0.5) == pytest.approx((0.125, 0.1))
    assert best_shift(0.05)[0] < 0


def test_figures_are_in_the_fields_unit() -> None:
    reference, rows = np.array([10.0, 20.0, 30.0, np.nan]), np.array([40.0, np.nan, 60.0, np.nan])
    assert figures("mean", "value", reference, rows).of(slice(None)) == 50
    assert figures("mean", "value", reference, rows).reference() == 20
    assert figures("spread", "value", reference, rows).of(slice(None)) == 10
    assert figures("missing", "missing", reference, rows).of(slice(None)) == 0.5
    words, seen = (np.array(of, dtype=object) for of in (["x"] * 9 + [""], ["x", "y", None, "y"]))
    assert figures("category", "category", words, seen, "x").of(slice(None)) == 0.25
    assert figures("other", "other", words, seen).of(slice(None)) == 0.5


def test_what_cannot_be_measured_is_nan_and_not_there() -> None:
    of = figures("mean", "value", np.arange(9.0), np.array([np.nan, 50.0]))
    assert np.isnan(of.of(slice(0, 1)))
    assert not of.moved(slice(1, 2), slice(0, 1))


def test_an_outlier_does_not_make_a_change_go_on() -> None:
    rng = np.random.default_rng(0)
    rows = np.concatenate([rng.normal(1.0, size=50), rng.normal(size=100)])
    rows[-1] = 1e6
    of = figures("mean", "value", rng.normal(size=500), rows)
    assert of.moved(slice(0, 50), slice(10, 40))
    assert not of.moved(slice(0, 50), slice(50, 150))
