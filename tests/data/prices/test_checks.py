from __future__ import annotations

import os
from collections import Counter
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.data.prices.price_files import SPEC, make_prices, scaled

from zelo.data.prices.checks import Finding, carried, check_prices
from zelo.data.prices.read import read_prices

DAYS = make_prices()["date"].dt.date.tolist()


def rules(found: tuple[Finding, ...]) -> list[tuple[date, str, str]]:
    return [(finding.date, finding.rule, finding.severity) for finding in found]


def test_good_prices_have_nothing_to_tell() -> None:
    assert check_prices(make_prices(), SPEC) == ()


@given(seed=st.integers(0, 1000))
def test_ordinary_days_are_never_findings(seed: int) -> None:
    assert check_prices(make_prices(60, seed=seed), SPEC) == ()


@pytest.mark.parametrize(
    ("places", "factor", "rule", "found"),
    [
        (slice(10, 11), 9.8, "spike", "back after 1 day"),
        (slice(10, 12), 0.1, "spike", "back after 2 day"),
        (slice(10, None), 1 / 4200, "scale_break", "/4"),
        (slice(10, None), 12.2, "scale_break", "x1"),
        (slice(10, None), 0.5, "split", "/"),
        (slice(10, None), 3.0, "split", "x"),
        (slice(39, None), 7.5, "jump", "x"),
        # Four days away is where prices now are.
        (slice(10, 14), 1 / 4200, "scale_break", "/"),
    ],
)
def test_changes_that_nobody_believes(places: slice, factor: float, rule: str, found: str) -> None:
    findings = check_prices(scaled(make_prices(), places, factor), SPEC)

    assert rules(findings)[0] == (DAYS[places.start], rule, "fault")
    assert found in findings[0].found
    # A spike is one finding, and not also the way back.
    assert len(findings) == (2 if (places.start, places.stop) == (10, 14) else 1)


def test_a_true_move_is_no_finding_and_the_limit_is_the_projects() -> None:
    fallen = scaled(make_prices(), slice(10, None), 0.8)
    assert check_prices(fallen, SPEC) == ()
    assert [finding.rule for finding in check_prices(fallen, SPEC.model_copy(update={"spike": 0.15}))] == [
        "scale_break"
    ]


def test_a_holiday_written_as_a_day_is_told_and_left_out() -> None:
    prices = make_prices()
    columns = [prices.columns.get_loc(name) for name in ("open", "high", "low", "close")]
    prices.iloc[7, columns] = prices["close"].iloc[6]
    prices.loc[[7, 20], "volume"] = 0.0

    assert rules(check_prices(prices, SPEC)) == [
        (DAYS[7], "holiday", "note"),
        (DAYS[20], "zero_volume", "note"),
    ]
    assert np.flatnonzero(carried(prices)).tolist() == [7]


@pytest.mark.parametrize(
    ("column", "factor", "severity"),
    [("close", 1.5, "fault"), ("low", 1.2, "fault"), ("open", 0.5, "note"), ("open", 2.0, "note")],
)
def test_a_close_outside_of_its_day_stops_and_an_opening_does_not(
    column: str, factor: float, severity: str
) -> None:
    prices = make_prices()
    prices.loc[5, column] *= factor
    spec = SPEC.model_copy(update={"spike": 1.0})

    assert rules(check_prices(prices, spec)) == [(DAYS[5], "ohlc", severity)]


def test_rounding_is_no_inconsistency() -> None:
    prices = make_prices()
    prices["high"] = prices[["open", "close"]].max(axis=1) * (1 - 1e-9)
    assert check_prices(prices, SPEC) == ()


def test_days_twice_out_of_order_and_missing() -> None:
    prices = make_prices()
    twice = pd.concat([prices[:4], prices[3:]], ignore_index=True)
    assert rules(check_prices(twice, SPEC)) == [(DAYS[3], "duplicate_day", "fault")]

    mixed = prices.iloc[[0, 1, 3, 2, *range(4, 40)]].reset_index(drop=True)
    assert rules(check_prices(mixed, SPEC)) == [(DAYS[2], "out_of_order", "fault")]

    (gap,) = check_prices(prices.drop(index=range(10, 16)), SPEC)
    assert (gap.rule, gap.severity, gap.date) == ("gap", "fault", DAYS[16])
    assert gap.found == "9 days after the row before"
    assert check_prices(prices.drop(index=range(10, 13)), SPEC) == ()


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("close", np.nan, "missing"),
        ("open", np.inf, "missing"),
        ("low", 0.0, "not_positive"),
        ("high", -1.0, "not_positive"),
        ("volume", -5.0, "not_positive"),
        ("volume", np.nan, "missing"),
    ],
)
def test_what_is_no_price_is_told_alone(column: str, value: float, rule: str) -> None:
    prices = scaled(make_prices(), slice(20, None), 5.0)
    prices.loc[5, column] = value
    assert rules(check_prices(prices, SPEC)) == [(DAYS[5], rule, "fault")]


def test_an_older_collection_that_is_the_same_but_for_its_newest_day() -> None:
    prices = make_prices()
    older = prices[:30].copy()
    older.loc[29, "close"] *= 1.03

    assert check_prices(prices, SPEC, older) == ()


def test_a_split_after_it_divides_its_whole_history() -> None:
    prices = make_prices()

    (found,) = check_prices(scaled(prices, slice(None), 1 / 1.3), SPEC, prices[:30])

    assert (found.rule, found.severity, found.date) == ("adjusted", "note", DAYS[28])
    assert "/1.3" in found.found


def test_a_history_that_was_rewritten_day_by_day_is_at_fault() -> None:
    prices = make_prices()
    older = scaled(prices, slice(5, 7), 1.01)
    (found,) = check_prices(prices, SPEC, older)
    assert (found.date, found.rule, found.severity) == (DAYS[5], "rewritten", "fault")
    assert found.found.endswith(", and 1 more days")


def test_days_that_went_and_days_that_came() -> None:
    prices = make_prices()
    assert rules(check_prices(prices.drop(index=8), SPEC, prices)) == [(DAYS[8], "lost", "fault")]
    assert rules(check_prices(prices, SPEC, prices.drop(index=8))) == [(DAYS[8], "added", "note")]
    # Days before the first that is used are nobody's loss.
    assert check_prices(prices[10:], SPEC, prices) == ()
    assert check_prices(make_prices(first="2025-01-02"), SPEC, prices) == ()


def real(name: str) -> pd.DataFrame:
    folder = os.environ.get("ZELO_DATA_DIR")
    if not folder or not (path := Path(folder) / "stock_price" / name).is_file():
        pytest.skip(f"no folder of real data has {name}")
    return read_prices(path)


def test_the_real_prices_pass_with_notes_alone() -> None:
    prices = real("CMIG4.SA_2015_2025H1.csv")
    found = check_prices(prices, SPEC)
    assert Counter(finding.rule for finding in found) == {"holiday": 12}
    # Moves of 20 % a day are in it, and true.
    assert prices["close"].pct_change().abs().max() > 0.2


def test_the_real_glitches_are_named() -> None:
    found = check_prices(real("CMIG4.SA_2000_2025_adjusted_with_glitches.csv.gz"), SPEC)

    told = {(finding.date.isoformat(), finding.rule): finding for finding in found}
    assert told["2003-08-04", "spike"].found == "close x9.782, back after 1 day(s)"
    assert told["2006-05-09", "scale_break"].found == "close /4174"
    counts = Counter(finding.rule for finding in found)
    assert counts["ohlc"] == 50
    assert counts["holiday"] + counts["zero_volume"] == 238
    assert counts["spike"] == counts["scale_break"] == 1
    assert not [finding for finding in found if finding.date.year > 2017 and finding.severity == "fault"]
