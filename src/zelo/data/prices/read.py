"""Reading a file of daily prices in Yahoo's layout, whoever exported it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from zelo.data.contract import clipped
from zelo.data.pipeline.faults import WHOLE_FILE, Fault
from zelo.data.reading import read_texts
from zelo.errors import PipelineError
from zelo.spec.project import Source
from zelo.spec.series_rules import PRICE_COLUMNS, PRICE_DATE

DAYS = {"%Y-%m-%d": r"\d{4}-\d{2}-\d{2}", "%d/%m/%Y": r"\d{2}/\d{2}/\d{4}"}
"""How a day is written; a time of the day after it says nothing."""
DATE_HEADS = ("date", "datetime", "data", "price")
"""``yfinance.download`` puts Price above its days, and two more lines below it."""
LINES_OF_HEADS = ("ticker", "date")
COMMA_IS_THE_MARK = str.maketrans(",.", ".,")


def read_prices(path: Path, source: Source | None = None) -> pd.DataFrame:
    """The days of a file in its order: ``date`` [datetime64], open, high, low, close, volume [float64].

    An empty cell is NaN. Other columns, such as Adj Close, are left aside. ``source`` says how the file is
    written: its encoding, its delimiter, its decimal mark.

    Raises:
        SourceError: the file cannot be read, or holds no row.
        ContractError: rows have more or fewer cells than the header.
        PipelineError: a column is missing, or cells hold neither a day nor a number; each is named.
    """
    source = source or Source(file=path.name)
    texts, _ = read_texts(path, source)
    cells = {name: texts[name].to_pandas().fillna("").str.strip() for name in texts.column_names}
    named = _named(cells, path.name)
    heads = named[PRICE_DATE].str.lower().isin(LINES_OF_HEADS)
    read = {name: _number(text, source.decimal) for name, text in named.items() if name != PRICE_DATE}
    days = _day(named[PRICE_DATE])
    wrong = {PRICE_DATE: days.isna()} | {
        name: numbers.isna() & (named[name] != "") for name, numbers in read.items()
    }
    if faults := list(_faults(named, {name: bad & ~heads for name, bad in wrong.items()}, path.name)):
        what = f"{len(faults)} cell(s) that hold neither a day nor a number"
        raise PipelineError(what, faults=faults, where=str(path))
    table = pd.DataFrame({PRICE_DATE: days, **{name: read[name] for name in PRICE_COLUMNS}})
    return table[~heads].reset_index(drop=True)


def _named(cells: Mapping[str, pd.Series], file: str) -> dict[str, pd.Series]:
    """The columns that are wanted, under our names."""
    found = {name.strip().lower(): text for name, text in cells.items()}
    dated = [name for name in DATE_HEADS if name in found]
    missing = [name for name in PRICE_COLUMNS if name not in found]
    if not dated or missing:
        lacking = [*([] if dated else [PRICE_DATE]), *missing]
        shown = clipped(", ".join(cells))
        raise PipelineError(
            "the file is no table of daily prices",
            faults=[Fault(file, "", "", WHOLE_FILE, f"columns {shown}", f"also {', '.join(lacking)}")],
            where=file,
        )
    return {PRICE_DATE: found[dated[0]], **{name: found[name] for name in PRICE_COLUMNS}}


def _day(text: pd.Series) -> pd.Series:
    days = pd.Series(pd.NaT, index=text.index, dtype="datetime64[ns]")
    for form, pattern in DAYS.items():
        written = text.str.extract(rf"^({pattern})(?:[ T].*)?$", expand=False)
        days = days.fillna(pd.to_datetime(written, format=form, errors="coerce"))
    return days


def _number(text: pd.Series, decimal: str) -> pd.Series:
    """Where the comma is the mark, a point is none; where nothing is said, a comma without a point is one."""
    point = text.where(text.str.contains(".", regex=False), text.str.replace(",", ".", regex=False))
    if decimal == ",":
        point = text.str.translate(COMMA_IS_THE_MARK)
    # Of pandas' own reader the last digit may be another one.
    return point.map(_float).astype("float64")


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _faults(named: Mapping[str, pd.Series], wrong: Mapping[str, pd.Series], file: str) -> Iterator[Fault]:
    for name, bad in wrong.items():
        expected = "a day, such as 2025-06-30" if name == PRICE_DATE else "a number"
        for place in bad[bad].index:
            yield Fault(file, "", str(place + 1), name, repr(clipped(named[name][place])), expected)
