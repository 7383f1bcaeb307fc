from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from zelo.decisions.policy import Policy, make_policy
from zelo.decisions.window import WindowLimits, limits_of
from zelo.spec.loading import parse_project
from zelo.spec.project import PRICES

Array = np.ndarray[Any, Any]

HISTORY, YEAR = 60, 250
CLEAN, LONG = "CMIG4.SA_2015_2025H1.csv", "CMIG4.SA_2000_2025_adjusted_with_glitches.csv.gz"
TESTED = "2024-05-31"
"""From here on are the test rows of the project."""


def windows_of(prices: Array) -> Array:
    """Every window, the newest price first, and each without what comes after it."""
    return sliding_window_view(prices, HISTORY)[:, ::-1]


def walk(days: int, seed: int, deviation: float = 0.02) -> Array:
    """Prices whose returns have heavy tails and clusters."""
    rng = np.random.default_rng(seed)
    calm = np.exp(0.3 * np.sin(np.arange(days) / 40))
    returns = deviation * calm * rng.standard_t(5, days) * np.sqrt(3 / 5)
    return np.asarray(20.0 * np.exp(np.cumsum(returns - returns.mean())))


TRAINED = walk(6 * YEAR, seed=1)
LIMITS = limits_of(windows_of(TRAINED[:-1]), TRAINED[HISTORY:])
# A window as usual as any.
USUAL = windows_of(TRAINED)[np.argsort(windows_of(TRAINED).std(axis=1))[700]][None]


def grown(window: Array, returns: Array) -> Array:
    """A window with these returns, in order of time, in place of its own."""
    logs = np.concatenate([[0.0], np.cumsum(returns)])
    return np.asarray(window[:, -1:] * np.exp(logs)[::-1][None])


def returns_of(window: Array) -> Array:
    return np.diff(np.log(window[0, ::-1]))


def kinds(window: Array, limits: WindowLimits = LIMITS) -> set[str]:
    (found,) = limits.findings(window, "en")
    return {sentence.partition(":")[0] for sentence in found}


def spiked(factor: float) -> Array:
    window = USUAL.copy()
    window[0, 10] *= factor
    return window


def broken(factor: float) -> Array:
    window = USUAL.copy()
    window[0, 25:] *= factor
    return window


def median_window() -> Array:
    every = windows_of(TRAINED)
    usual = np.abs(np.diff(np.log(every), axis=1)).mean(axis=1)
    return every[np.argsort(usual)[len(every) // 2]][None]


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        (USUAL, set()),
        (spiked(9.8), {"Jump", "Span"}),
        (broken(4200.0), {"Jump", "Span", "Price level"}),
        (broken(0.25), {"Jump"}),
        (USUAL * 100, {"Price level"}),
        (USUAL * 10, {"Price level"}),
        (USUAL / 100, {"Price level"}),
        (np.full((1, HISTORY), 20.0), {"Low volatility"}),
        (grown(USUAL, np.full(HISTORY - 1, 0.001)), {"Low volatility"}),
        (grown(USUAL, 3 * returns_of(median_window())), {"High volatility"}),
        (grown(USUAL, 0.02 * np.where(np.arange(HISTORY - 1) % 3, 1.0, -1.0)), {"Distribution"}),
        (grown(USUAL, np.tile([0.0, 0.0, 0.025, 0.0, -0.025], 12)[: HISTORY - 1]), {"Distribution"}),
    ],
    ids=[
        "usual",
        "spike",
        "scale",
        "split",
        "hundredfold",
        "tenfold",
        "hundredth",
        "frozen",
        "line",
        "threefold",
        "two-valued",
        "mostly-zero",
    ],
)
def test_what_a_window_is_told_of(window: Array, expected: set[str]) -> None:
    found = kinds(window)
    assert expected <= found
    assert bool(found) == bool(expected)


def test_the_sentences_have_the_numbers_as_the_language_writes_them() -> None:
    (english,) = LIMITS.findings(USUAL * 1000, "en")
    (portuguese,) = LIMITS.findings(USUAL * 1000, "pt-BR")
    highest = f"{1000 * USUAL.max():,.2f}"
    assert f"Price level: {highest} is above" in english[0]
    assert f"Nível de preço: {highest.translate(str.maketrans(',.', '.,'))} está acima" in portuguese[0]


def test_many_windows_are_told_as_each_alone() -> None:
    some = np.vstack([USUAL, spiked(9.8), USUAL * 100, windows_of(walk(200, seed=9, deviation=0.08))])
    together = LIMITS.findings(some, "pt-BR")
    assert together == [LIMITS.findings(one[None], "pt-BR")[0] for one in some]


def test_prices_at_the_ends_of_what_is_taken_are_told_and_finite() -> None:
    least, most = PRICES
    window = np.where(np.arange(HISTORY) % 2, least, most)[None]
    with np.errstate(all="raise"):
        (found,) = LIMITS.findings(window, "en")
    assert not any("inf" in sentence or "nan" in sentence for sentence in found)


def test_a_training_without_a_move_takes_a_window_without_one() -> None:
    still = np.full(200, 5.0)
    limits = limits_of(windows_of(still[:-1]), still[HISTORY:])
    assert limits.findings(np.full((1, HISTORY), 5.0), "en") == [()]
    assert "High volatility" in kinds(USUAL / 4, limits)


def test_the_limits_travel_with_the_policy() -> None:
    text = """
name: hours
title: Hours
task: {kind: regression, target: hours}
data: {sources: {train: t.csv}, fields: {x: {type: number}}}
split: {by: random}
candidates: [prior]
select: {primary: mae}
"""
    policy = make_policy(parse_project(text)).model_copy(update={"window": LIMITS})
    assert Policy.model_validate_json(policy.model_dump_json()).window == LIMITS


def test_training_windows_are_told_in_crises_alone() -> None:
    found = LIMITS.findings(windows_of(TRAINED), "en")
    assert np.mean([bool(one) for one in found]) < 0.03


def test_one_window_takes_less_than_a_third_of_a_millisecond() -> None:
    LIMITS.findings(USUAL, "pt-BR")
    rounds = []
    for _ in range(20):
        started = time.perf_counter()
        for _ in range(20):
            LIMITS.findings(USUAL, "pt-BR")
        rounds.append((time.perf_counter() - started) / 20)
    assert min(rounds) < 3e-4


def closes(name: str, since: str) -> pd.Series:
    folder = os.environ.get("ZELO_DATA_DIR")
    if not folder or not (Path(folder) / "stock_price" / name).is_file():
        pytest.skip(f"no folder of real data has {name}")
    table = pd.read_csv(Path(folder) / "stock_price" / name, parse_dates=["Date"], index_col="Date")
    holiday = (table["Volume"] == 0) & (table["Close"] == table["Close"].shift())
    return table.loc[~holiday, "Close"].loc[since:TESTED]


def volatility(windows: Array) -> Array:
    return np.asarray(np.diff(np.log(windows), axis=1).std(axis=1))


@pytest.mark.parametrize(
    ("name", "since", "cut"),
    [
        *((CLEAN, "2015", cut) for cut in ("2017", "2018", "2019", "2020", "2021", "2022")),
        # After its last change of scale.
        *((LONG, "2006-06", cut) for cut in ("2009", "2010", "2011", "2012", "2014", "2016", "2018", "2020")),
        *((CLEAN, "2018", cut) for cut in ("2020-06", "2021", "2022")),
    ],
)
def test_ordinary_windows_of_the_five_years_after_training_are_rarely_told(
    name: str, since: str, cut: str
) -> None:
    series = closes(name, since)
    start = pd.Timestamp(cut)
    trained = series[series.index < start].to_numpy()
    later = series[(series.index >= start) & (series.index < start + pd.DateOffset(years=5))].to_numpy()
    limits = limits_of(windows_of(trained[:-1]), trained[HISTORY:])
    low, high = np.quantile(volatility(windows_of(trained)), [0.05, 0.95])
    moved = volatility(windows_of(later))
    ordinary = windows_of(later)[(low <= moved) & (moved <= high)]
    assert len(ordinary) > 100
    told = np.mean([bool(found) for found in limits.findings(ordinary, "pt-BR")])
    assert told < 0.05
    # And the same limits see what is wrong.
    assert all(limits.findings(ordinary[::50] * 100, "pt-BR"))
    spoilt = ordinary[::50].copy()
    spoilt[:, 10] *= 9.8
    assert all(limits.findings(spoilt, "pt-BR"))
    assert limits.findings(np.full((1, HISTORY), trained[-1]), "pt-BR") != [()]
