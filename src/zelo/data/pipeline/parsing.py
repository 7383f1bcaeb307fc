"""What the text of a cell means: expressions that are NULL where the text is not of its type."""

from __future__ import annotations

import re
from collections.abc import Callable

import ibis
import ibis.expr.types as ir

from zelo.spec.pipeline import RawColumn

# DuckDB reads such expressions once for each text of a dictionary, and not once a row, as long as they are
# made of functions alone: so a part of a pattern is extracted, "" where there is none, which no cast takes.
_TIME = r"(?:[ T]+[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.][0-9]+)?)?)?"
_DAY_FIRST = rf"^([0-9]{{1,2}})[/.-]([0-9]{{1,2}})[/.-]([0-9]{{4}}|[0-9]{{2}}){_TIME}$"
_YEAR_FIRST = rf"^([0-9]{{4}})-([0-9]{{1,2}})-([0-9]{{1,2}}){_TIME}$"
_FIRST_YEAR, _LAST_YEAR = 1900, 2199
# Two digits are a year from 1969 to 2068, as POSIX has it.
_PIVOT = 69

_CLOCK = r"^([0-9]{1,6})(?::([0-5][0-9])(?::([0-5][0-9]))?| ?[hH](?: ?([0-5]?[0-9]))?)$"

_PLAIN = r"^[+-]?(?:[0-9]+[.,]?[0-9]*|[.,][0-9]+)(?:[eE][+-]?[0-9]{1,3})?$"
_POINT_GROUPS = r"^[+-]?[0-9]{1,3}(?:(?:[.][0-9]{3}){2,}|(?:[.][0-9]{3})+,[0-9]+)$"
_COMMA_GROUPS = r"^[+-]?[0-9]{1,3}(?:(?:,[0-9]{3}){2,}|(?:,[0-9]{3})+[.][0-9]+)$"
_ONE_GROUP = r"^[+-]?[0-9]{1,3}[.,][0-9]{3}$"
LARGEST = 1e12
"""Numbers stay below it, so that the sum of any table is exact enough and overflows in no engine."""

# Capital ẞ is what DuckDB makes of ß, SS what Spark does. Then the marks of letters that are written in two.
_FOLDED = {
    "[ÀÁÂÃÄÅ]": "A",
    "Ç": "C",
    "[ÈÉÊË]": "E",
    "[ÌÍÎÏ]": "I",
    "Ñ": "N",
    "[ÒÓÔÕÖ]": "O",
    "[ÙÚÛÜ]": "U",
    "[ÝŸ]": "Y",
    "ẞ": "SS",
    "[\u0300-\u036f]": "",
}
_ENDS = " .,;:!?'\"*_/-"
_TIDIED = {"[ \t\n\u00a0]+": " ", f"^[{_ENDS}]+|[{_ENDS}]+$": ""}
_TIDY = "^[A-Z0-9]+(?:[ ./_-][A-Z0-9]+)*$"


def typed(text: ir.StringValue, column: RawColumn) -> ir.Value:
    """The cell as its column's type: date, float64 (hours, number), int64 (integer) or string."""
    if column.type == "name" and column.spellings:
        name = as_name(text)
        return name.cases(*_names(column).items(), else_=name)
    return _READERS[column.type](text)


def as_date(text: ir.StringValue) -> ir.DateValue:
    """A day written as dd/mm/yyyy, dd/mm/yy or yyyy-mm-dd (also with - or . between), any time after it."""
    day, month, year = (_whole(text, _DAY_FIRST, part) for part in (1, 2, 3))
    year = (year < 100).ifelse(year + (year < _PIVOT).ifelse(2000, 1900), year)
    year = ibis.coalesce(year, _whole(text, _YEAR_FIRST, 1))
    month = ibis.coalesce(month, _whole(text, _YEAR_FIRST, 2))
    day = ibis.coalesce(day, _whole(text, _YEAR_FIRST, 3))
    # Months from 1 to 12 and days from 1 to 28 are always there, and no engine fails on them; days that were
    # taken off are put back, and lead into another month where there is no such day.
    near = (day + 27) % 28 + 1
    found = ibis.date(year, (month + 11) % 12 + 1, near) + (day - near).as_interval("D")
    # To Ibis it is a date already, to DuckDB a timestamp.
    found = found.cast("timestamp").date()
    there = (found.day() == day) & (found.month() == month) & year.between(_FIRST_YEAR, _LAST_YEAR)
    return there.ifelse(found, ibis.null("date"))


def as_hours(text: ir.StringValue) -> ir.FloatingValue:
    """Decimal hours, written as 1:30, 1:30:00, 25:15, 2h30, 1h, or as a number."""
    hours, seconds = _whole(text, _CLOCK, 1), _whole(text, _CLOCK, 3).fill_null(0)
    minutes = ibis.coalesce(_whole(text, _CLOCK, 2), _whole(text, _CLOCK, 4), 0)
    clock = (hours * 3600 + minutes * 60 + seconds).cast("float64") / 3600
    return ibis.coalesce(clock, as_number(text))


def as_number(text: ir.StringValue) -> ir.FloatingValue:
    """A number with a comma or a point: 1,5 or 1.5; with both, or one many times, thousands are marked."""
    value = ibis.coalesce(
        _float(text.re_extract(_PLAIN, 0).replace(",", ".")),
        _float(text.re_extract(_POINT_GROUPS, 0).replace(".", "").replace(",", ".")),
        _float(text.re_extract(_COMMA_GROUPS, 0).replace(",", "")),
    )
    return (value.abs() < LARGEST).ifelse(value, ibis.null("float64"))


def as_integer(text: ir.StringValue) -> ir.IntegerValue:
    """A whole number. 1.234 is a thousand and more here, since it could be nothing else."""
    grouped = _float(text.re_extract(_ONE_GROUP, 0).replace(".", "").replace(",", ""))
    value = ibis.coalesce(grouped, as_number(text))
    return (value % 1 == 0).ifelse(value, ibis.null("float64")).cast("int64")


def as_name(text: ir.StringValue) -> ir.StringValue:
    """In capitals, without accents, one space between words, no punctuation at the ends; NULL if empty."""
    capitals = tidied = text.upper()
    for pattern, plain in (_FOLDED | _TIDIED).items():
        tidied = tidied.re_replace(pattern, plain)
    # Nearly every name is written well, but for small letters; and replacing is slow.
    return _if_tidy(text, _if_tidy(capitals, tidied)).nullif("")


def name_of(text: str) -> str:
    """The same of a text of project.yaml; empty where it has no letter."""
    name = text.upper()
    for pattern, plain in (_FOLDED | _TIDIED).items():
        name = re.sub(pattern, plain, name)
    return name


def meaning(text: str, column: RawColumn) -> ir.Value:
    """What a cell with this text of project.yaml would mean."""
    if column.type == "name":
        return ibis.literal(_names(column).get(name_of(text), name_of(text)))
    return _READERS[column.type](ibis.literal(text))


def _if_tidy(name: ir.StringValue, otherwise: ir.StringValue) -> ir.StringValue:
    return (name.re_extract(_TIDY, 0) == "").ifelse(otherwise, name)


def _names(column: RawColumn) -> dict[str, str]:
    return {name_of(spelling): name_of(name) for spelling, name in column.spellings.items()}


def _whole(text: ir.StringValue, pattern: str, part: int) -> ir.IntegerValue:
    return text.re_extract(pattern, part).try_cast("int64")


def _float(text: ir.StringValue) -> ir.FloatingValue:
    return text.try_cast("float64")


_READERS: dict[str, Callable[[ir.StringValue], ir.Value]] = {
    "date": as_date,
    "hours": as_hours,
    "number": as_number,
    "integer": as_integer,
    "name": as_name,
    "text": lambda text: text,
}
