"""What is wrong with daily prices, and what is only worth knowing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from zelo.spec.prices import Prices
from zelo.spec.series_rules import PRICE_COLUMNS, PRICE_DATE

Rule = Literal[
    "missing",
    "not_positive",
    "duplicate_day",
    "out_of_order",
    "ohlc",
    "spike",
    "split",
    "scale_break",
    "jump",
    "gap",
    "holiday",
    "zero_volume",
    "adjusted",
    "rewritten",
    "lost",
    "added",
]
Array = np.ndarray[Any, Any]

ROUNDING = 1e-6
"""Of a price: what writing it in another precision changes."""
SAME = 1e-3
"""Of a price: what two collections of one day may differ by; real corrections are larger."""
LONGEST_SPIKE = 3
"""Days after which prices that came back are called a spike; those that did not, a lasting change."""
SPLITS = (1.5, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 20, 25, 50, 100)
SPLIT_NEAR = 0.05
"""A split day has a move of its own."""


@dataclass(frozen=True)
class Finding:
    """What a rule found on a day: a ``fault`` stops, a ``note`` is told and recorded."""

    date: dt.date
    rule: Rule
    found: str
    expected: str
    severity: Literal["fault", "note"] = "fault"


def check_prices(
    prices: pd.DataFrame, spec: Prices, previous: pd.DataFrame | None = None
) -> tuple[Finding, ...]:
    """Everything found, in order of time.

    Where days are twice or out of order, or prices are no prices, that alone is told: nothing else could be
    judged. Prices at fault by themselves are not held against an older collection.

    Args:
        prices: date, open, high, low, close, volume, a row a day.
        spec: what a day-to-day change and a gap may be.
        previous: date and close of an earlier collection of the same ticker.
    """
    found = [*_days(prices), *_values(prices)]
    if not found:
        kept = prices[~carried(prices)]
        found = [*_ohlc(prices), *_jumps(kept, spec), *_gaps(kept, spec), *_volumes(prices)]
        if previous is not None and not any(finding.severity == "fault" for finding in found):
            found += _against(kept, previous)
    return tuple(sorted(found, key=lambda finding: (finding.date, finding.rule)))


def carried(prices: pd.DataFrame) -> Array:
    """Which days, [n], nobody traded on and repeat the close of the day before: holidays written as days."""
    close = prices["close"]
    return np.asarray((prices["volume"] == 0) & (close == close.shift()))


def _days(prices: pd.DataFrame) -> Iterator[Finding]:
    days = prices[PRICE_DATE]
    before = days.shift()
    for place in days.index[days <= before]:
        rule: Rule = "duplicate_day" if days[place] == before[place] else "out_of_order"
        yield Finding(_day(days[place]), rule, f"after {_day(before[place])}", "a later day in each row")


def _values(prices: pd.DataFrame) -> Iterator[Finding]:
    for name in PRICE_COLUMNS:
        least = 0.0 if name == "volume" else np.nextafter(0.0, 1.0)
        values, days = prices[name].to_numpy(np.float64), prices[PRICE_DATE].to_list()
        for place in np.flatnonzero(~(np.isfinite(values) & (values >= least))):
            value = values[place]
            rule: Rule = "not_positive" if np.isfinite(value) else "missing"
            expected = "a volume, 0 or more" if name == "volume" else "a price above 0"
            yield Finding(_day(days[place]), rule, f"{name} {value:g}", expected)


def _ohlc(prices: pd.DataFrame) -> Iterator[Finding]:
    """A close outside of its day's range is a fault; an opening there spoils nothing that is learned."""
    low, high = prices["low"] * (1 - ROUNDING), prices["high"] * (1 + ROUNDING)
    outside = {name: (prices[name] < low) | (prices[name] > high) for name in ("open", "close")}
    wrong = (low > high) | outside["open"] | outside["close"]
    for place in np.flatnonzero(wrong):
        row = prices.iloc[place]
        shown = ", ".join(f"{name} {row[name]:.6g}" for name in ("open", "high", "low", "close"))
        harmless = low.iloc[place] <= high.iloc[place] and not outside["close"].iloc[place]
        yield Finding(
            _day(row[PRICE_DATE]),
            "ohlc",
            shown,
            "low <= open, close <= high",
            "note" if harmless else "fault",
        )


def _jumps(prices: pd.DataFrame, spec: Prices) -> Iterator[Finding]:
    """Changes that nobody believes unseen: those that came back, splits, and other lasting factors."""
    level = np.log(prices["close"].to_numpy(np.float64))
    days = prices[PRICE_DATE].to_list()
    limit = np.log1p(spec.spike)
    place = 1
    while place < len(level):
        jump = level[place] - level[place - 1]
        if abs(jump) > limit:
            back = _back(level, place, limit)
            rule = _kind(level, place, back)
            expected = f"at most x{1 + spec.spike:g} or /{1 + spec.spike:g} from one day to the next"
            lasted = f", back after {back - place} day(s)" if back else ""
            yield Finding(_day(days[place]), rule, f"close {_factor(np.exp(jump))}{lasted}", expected)
            place = back or place
        place += 1


def _back(level: Array, place: int, limit: float) -> int:
    """The row in which prices are again where they were before a jump; 0 where they stay away."""
    after = level[place + 1 : place + 1 + LONGEST_SPIKE] - level[place - 1]
    near = np.flatnonzero(np.abs(after) < limit / 2)
    return place + 1 + int(near[0]) if len(near) else 0


def _kind(level: Array, place: int, back: int) -> Rule:
    if back:
        return "spike"
    if place == len(level) - 1:
        return "jump"
    size = abs(level[place] - level[place - 1])
    near = min(abs(size - np.log(ratio)) for ratio in SPLITS)
    return "split" if near < SPLIT_NEAR else "scale_break"


def _gaps(prices: pd.DataFrame, spec: Prices) -> Iterator[Finding]:
    days = prices[PRICE_DATE]
    lengths = days.diff().dt.days
    for place in days.index[lengths > spec.gap]:
        found = f"{int(lengths[place])} days after the row before"
        yield Finding(_day(days[place]), "gap", found, f"at most {spec.gap} days")


def _volumes(prices: pd.DataFrame) -> Iterator[Finding]:
    same = carried(prices)
    for place in np.flatnonzero(prices["volume"] == 0):
        row = prices.iloc[place]
        rule: Rule = "holiday" if same[place] else "zero_volume"
        found = "volume 0, the close of the day before" if same[place] else f"volume 0, close {row.close:.6g}"
        expected = "no row: it is left out" if same[place] else "a volume where the price moves"
        yield Finding(_day(row[PRICE_DATE]), rule, found, expected, "note")


def _against(prices: pd.DataFrame, previous: pd.DataFrame) -> Iterator[Finding]:
    """The days that both have. The newest of the older collection may have been a day not yet over."""
    new, old = (table.set_index(PRICE_DATE)["close"] for table in (prices, previous.iloc[:-1]))
    old = old[old.index >= new.index[0]]
    both = old.index.intersection(new.index)
    for day in old.index.difference(new.index):
        yield Finding(_day(day), "lost", "no row", f"close {old[day]:.6g}, as collected before")
    within = new.index[(new.index > both.min()) & (new.index < both.max())] if len(both) else both
    for day in within.difference(both):
        yield Finding(_day(day), "added", f"close {new[day]:.6g}", "no row, as collected before", "note")
    if not len(both):
        return
    ratio = new[both] / old[both]
    factor = float(ratio.median())
    if len(off := both[np.abs(ratio / factor - 1) > SAME]):
        more = f", and {len(off) - 1} more days" if len(off) > 1 else ""
        expected = f"{factor * old[off[0]]:.6g}, as collected before; remove that data set to begin anew"
        yield Finding(_day(off[0]), "rewritten", f"close {new[off[0]]:.6g}{more}", expected)
    if abs(factor - 1) > SAME:
        found = f"the history until then {_factor(factor)}"
        yield Finding(_day(both[-1]), "adjusted", found, "a split or a bonus after it", "note")


def _factor(ratio: float) -> str:
    return f"x{ratio:.4g}" if ratio >= 1 else f"/{1 / ratio:.4g}"


def _day(moment: Any) -> dt.date:
    day: dt.date = pd.Timestamp(moment).date()
    return day
