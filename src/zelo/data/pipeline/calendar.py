"""Weeks as whole numbers, which every engine counts alike, and what a week's first day tells."""

from __future__ import annotations

import datetime as dt
import math
from typing import Literal

import ibis
import ibis.expr.types as ir

Starts = Literal["monday", "sunday"]
_FIRST_DAYS = {"monday": dt.date(1970, 1, 5), "sunday": dt.date(1970, 1, 4)}
DAYS, DAYS_IN_YEAR = 7, 365.25
_PLACES = 1e12


def day_number(day: ir.DateValue, starts: Starts) -> ir.IntegerValue:
    """The days since some week's first day."""
    return day.delta(_FIRST_DAYS[starts], unit="day")


def week_of(day: ir.DateValue, starts: Starts) -> ir.IntegerValue:
    """The number of the week that holds a day; the next week's is one more."""
    return day_number(day, starts) // DAYS


def first_day(week: ir.IntegerValue, starts: Starts) -> ir.DateValue:
    """The first day of the week of a number."""
    day = ibis.date(_FIRST_DAYS[starts]) + (week * DAYS).as_interval("D")
    # To Ibis it is a date already, to DuckDB a timestamp.
    return day.cast("timestamp").date()


def calendar(day: ir.DateValue) -> dict[str, ir.Value]:
    """Where a day stands in its year: as an angle's sine and cosine (12 places), and its month (1 to 12)."""
    angle = (day.day_of_year() - 1).cast("float64") * (2 * math.pi / DAYS_IN_YEAR)
    return {
        "annual_sin": _rounded(angle.sin()),
        "annual_cos": _rounded(angle.cos()),
        "month": day.month().cast("int64"),
    }


def _rounded(value: ir.FloatingValue) -> ir.FloatingValue:
    # Engines differ in the last bit of a sine.
    return (value * _PLACES + 0.5).floor().cast("float64") / _PLACES
