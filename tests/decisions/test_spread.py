from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from zelo.decisions.decide import decide, decide_ahead, interval_bounds
from zelo.decisions.policy import Policy
from zelo.decisions.spread import Spread

HISTORY = 12
WINDOWS = arrays(np.float64, (2, HISTORY), elements=st.floats(0.01, 1000.0))


def make_spread(**changes: Any) -> Spread:
    """An average of squares over eleven returns."""
    facts: dict[str, Any] = {
        "model": "ewma",
        "power": 2,
        "constant": 1e-5,
        "weights": tuple(0.1 * 0.9**age for age in range(HISTORY - 1)),
        "falls": (0.0,) * (HISTORY - 1),
        "fill": 4e-4,
        "fill_falls": 2e-4,
        "limit": 1.6,
        "look_back": 5,
        "rate": 0.1,
    }
    return Spread.model_validate({**facts, **changes})


def test_each_day_is_judged_by_what_was_known_before_it() -> None:
    spread = make_spread()
    windows = 10 + np.random.default_rng(0).normal(0, 0.3, (4, HISTORY))
    found = spread.half_widths(windows)
    for window, width in zip(windows, found, strict=True):
        returns = window[:-1] / window[1:] - 1
        limit = spread.limit
        for day in range(4, -1, -1):
            known = spread.spreads(returns[None, day + 1 :])[0, 0]
            limit *= np.exp(0.1 * (float(abs(returns[day]) > limit * known) - 0.1))
        expected = window[0] * spread.spreads(returns[None])[0, 0] * limit
        assert width == pytest.approx(expected, rel=1e-12)


def test_a_price_that_does_not_move_still_has_an_interval() -> None:
    (width,) = make_spread().half_widths(np.full((1, HISTORY), 100.0))
    assert 0 < width < 100


@given(windows=WINDOWS, factor=st.floats(0.1, 10.0))
def test_widths_are_above_0_and_scale_with_the_price(windows: Any, factor: float) -> None:
    spread = make_spread(falls=(0.05,) * (HISTORY - 1))
    found = spread.half_widths(windows)
    assert np.isfinite(found).all()
    assert (found > 0).all()
    # Bit for bit by a power of 2; any other factor may round a move to the other side of its limit.
    np.testing.assert_array_equal(spread.half_widths(4.0 * windows), 4.0 * found)
    np.testing.assert_allclose(
        make_spread(look_back=0).half_widths(factor * windows),
        factor * make_spread(look_back=0).half_widths(windows),
        rtol=1e-6,
    )


@given(windows=WINDOWS)
def test_a_row_alone_has_the_interval_that_it_has_among_others(windows: Any) -> None:
    spread = make_spread()
    alone = np.concatenate([spread.half_widths(windows[[row]]) for row in range(2)])
    np.testing.assert_allclose(spread.half_widths(windows), alone, rtol=1e-9)


def test_a_spread_survives_json() -> None:
    spread = make_spread(limit=0.1 + 0.2)
    assert Spread.model_validate_json(spread.model_dump_json()) == spread


def test_decisions_have_the_width_of_their_own_window() -> None:
    policy = Policy(kind="regression", spread=make_spread())
    calm, wild = np.full(HISTORY, 10.0), np.where(np.arange(HISTORY) % 2, 9.0, 10.0)
    windows, scores = np.stack([calm, wild]), np.array([[10.0], [10.0]])
    first, second = decide(scores, policy, windows)
    widths = make_spread().half_widths(windows)
    assert (first.lower, first.upper) == pytest.approx((10 - widths[0], 10 + widths[0]))
    assert (second.lower, second.upper) == pytest.approx((10 - widths[1], 10 + widths[1]))
    assert widths[1] > 3 * widths[0]
    bounds = interval_bounds(scores, policy, windows)
    assert bounds is not None
    assert bounds.tolist() == [[first.lower, first.upper], [second.lower, second.upper]]


def test_the_coming_day_has_the_same_interval_as_a_request() -> None:
    policy = Policy(kind="regression", spread=make_spread())
    window = np.full((1, HISTORY), 10.0)
    (ahead,) = decide_ahead(np.array([10.1]), policy, window)
    (asked,) = decide(np.array([[10.1]]), policy, window)
    assert (ahead.lower, ahead.upper, ahead.horizon) == (asked.lower, asked.upper, 1)


def test_a_spread_without_windows_is_a_mistake() -> None:
    policy = Policy(kind="regression", spread=make_spread())
    with pytest.raises(ValueError, match="need the windows"):
        decide(np.array([[10.0]]), policy)


def test_no_interval_reaches_below_a_price_of_nothing() -> None:
    policy = Policy(kind="regression", spread=make_spread(limit=500.0), least=0.0)
    windows = 10 + np.random.default_rng(0).normal(0, 0.3, (1, HISTORY))
    (decision,) = decide(windows[:, :1], policy, windows)
    bounds = interval_bounds(windows[:, :1], policy, windows)
    assert bounds is not None
    assert decision.lower == bounds[0, 0] == 0.0
    assert decision.upper == bounds[0, 1] > 2 * windows[0, 0]
