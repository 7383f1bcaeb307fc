from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
import pytest
from tests.prices import ALPHA, BETA, HISTORY, make_price_project, make_prices, price_windows

from zelo.decisions.spread import Spread
from zelo.errors import SpecError
from zelo.models.volatility import CONSTANT, MODELS, check_installed, fit_spread
from zelo.stats.volatility import moves

NEEDS_ARCH = pytest.mark.skipif(importlib.util.find_spec("arch") is None, reason="arch is not installed")
MODEL = [pytest.param(name, marks=NEEDS_ARCH if "garch" in name else ()) for name in MODELS]


def fitted(name: str, days: int = 900, seed: int = 0) -> tuple[Spread, Any, Any]:
    windows, truth = price_windows(make_prices(days, seed))
    return fit_spread(name, windows, truth), windows, truth


@pytest.mark.parametrize("name", MODEL)
def test_a_spread_is_above_0_finite_and_the_same_again(name: str) -> None:
    spread, windows, _ = fitted(name)
    assert fitted(name)[0] == spread
    assert (spread.model, spread.limit, len(spread.weights), len(spread.falls)) == (
        name,
        1.0,
        HISTORY - 1,
        HISTORY - 1,
    )
    assert min(spread.weights) >= 0
    widths = spread.half_widths(np.vstack([windows, np.full((1, HISTORY), 7.0)]))
    assert np.isfinite(widths).all()
    assert (widths > 0).all()


@pytest.mark.parametrize("name", MODEL)
def test_prices_in_another_unit_have_the_same_spread(name: str) -> None:
    windows, truth = price_windows(make_prices(500))
    ours, theirs = fit_spread(name, windows, truth), fit_spread(name, 64 * windows, 64 * truth)
    assert ours == theirs


@pytest.mark.parametrize("name", [one for one in MODEL if one.values[0] != CONSTANT])
def test_a_spread_tells_wild_days_from_calm_ones(name: str) -> None:
    spread, _, _ = fitted(name)
    windows, truth = price_windows(make_prices(3000, seed=7))
    said = spread.spreads(moves(windows))[:, 0]
    size = np.abs(truth / windows[:, 0] - 1)
    third = np.argsort(said)[: len(said) // 3], np.argsort(said)[-len(said) // 3 :]
    assert size[third[1]].mean() > 1.3 * size[third[0]].mean()


def test_the_constant_takes_no_notice_of_the_window() -> None:
    spread, windows, _ = fitted(CONSTANT)
    shares = spread.half_widths(windows) / windows[:, 0]
    assert np.ptp(shares) < 1e-12


@NEEDS_ARCH
def test_garch_finds_what_made_the_returns() -> None:
    spread, _, _ = fitted("garch", days=6000)
    newest, older = spread.weights[0], spread.weights[1]
    assert newest == pytest.approx(ALPHA, abs=0.03)
    assert older / newest == pytest.approx(BETA, abs=0.04)
    assert not any(spread.falls)


@NEEDS_ARCH
def test_falls_that_make_prices_wild_are_found() -> None:
    rng = np.random.default_rng(0)
    variance, returns = 1e-4, np.zeros(5000)
    for day in range(5000):
        returns[day] = np.sqrt(variance) * rng.normal()
        variance = 3e-6 + (0.02 + 0.14 * (returns[day] < 0)) * returns[day] ** 2 + 0.88 * variance
    windows, truth = price_windows(10 * np.cumprod(1 + returns))
    spread = fit_spread("gjr_garch", windows, truth)
    assert spread.falls[0] > 0.08
    assert spread.weights[0] < 0.06


def test_the_quantile_holds_nine_of_ten() -> None:
    spread, windows, truth = fitted("quantile", days=2000)
    held = np.abs(truth / windows[:, 0] - 1) <= spread.spreads(moves(windows))[:, 0]
    assert held.mean() == pytest.approx(0.9, abs=0.01)


@pytest.mark.parametrize("prices", [np.full(200, 10.0), np.append(make_prices(200), 0.0), -make_prices(200)])
def test_what_is_no_price_that_moves_is_refused(prices: Any) -> None:
    with pytest.raises(ValueError, match="never moved, or are not all above 0"):
        fit_spread("ewma", *price_windows(prices))


def test_a_library_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    document = make_price_project().model_dump()["forecast"]
    project = make_price_project(forecast={**document, "intervals": ["garch"]})
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    check_installed(make_price_project())
    with pytest.raises(SpecError) as caught:
        check_installed(project)
    assert caught.value.found == "without arch"
    assert "zelo[prices]" in caught.value.hint
