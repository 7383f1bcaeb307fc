"""The peer of the pipeline's benchmark: the same steps as a competent user of pandas writes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

Backend = Literal["numpy", "pyarrow"]
Reader = Callable[[pd.Series], pd.Series]
ENDS = " .,;:!?'\"*_/-"
SPELLINGS = {"PILOTO": "PILOT", "CABINE": "CABIN", "MANUTENCAO": "MAINTENANCE", "PROGRAMADA": "SCHEDULED"}


def weekly_table(events: Path, use: Path, backend: Backend, *, each_text_once: bool) -> pd.DataFrame:
    """The weekly data set of ``projects/man_hours``, from staged Parquet.

    ``each_text_once`` reads the texts of dates, hours and names through their distinct values, as the
    pipeline does: a step that few write by hand.
    """
    through = once if each_text_once else (lambda reader: reader)
    work = _events(events, backend, through)
    flown = _use(use, backend, through)
    weeks = _by_week(flown).agg(
        acft=("acft", "nunique"),
        sum_daily_hours=("flight_hours", "sum"),
        age_fleet=("age", "mean"),
        Cycles=("cycles", "sum"),
        rows_utilization=("acft", "size"),
    )
    weeks = weeks.join(_by_week(work)["HH"].agg(HH="sum", rows_events="size"), how="inner")
    # A week that is not over is left out.
    last = min(work["date"].max(), flown["date"].max())
    weeks = weeks[weeks.index + pd.Timedelta(days=6) <= last].copy()
    weeks["sum_uti_mensal"] = weeks["sum_daily_hours"].rolling(4).sum()
    for name in ("acft", "sum_daily_hours", "age_fleet", "Cycles", "sum_uti_mensal"):
        weeks[f"{name}_lag_1"] = weeks[name].shift(1)
    weeks["sum_daily_hours_mean_13"] = weeks["sum_daily_hours"].shift(1).rolling(13).mean()
    lags = {f"HH_lag_{lag}": weeks["HH"].shift(lag) for lag in range(1, 53)}
    angle = 2 * np.pi * (weeks.index.dayofyear - 1) / 365.25
    calendar = {"annual_sin": np.sin(angle), "annual_cos": np.cos(angle), "month": weeks.index.month}
    return weeks.assign(**calendar, **lags, filled=0).iloc[52:].rename_axis("date").reset_index()


def _events(path: Path, backend: Backend, through: Callable[[Reader], Reader]) -> pd.DataFrame:
    cells = _read(path, ["order", "date", "acft", "origin", "HH"], backend)
    origin = through(names)(cells["origin"]).replace(SPELLINGS)
    chosen = origin.isin(["PILOT", "CABIN"])
    cells = cells[chosen]
    rows = pd.DataFrame(
        {
            "order": names(cells["order"]),
            "date": through(dates)(cells["date"]),
            "acft": through(names)(cells["acft"]),
            "origin": origin[chosen],
            "HH": through(hours)(cells["HH"]),
        }
    )
    del cells, origin, chosen
    _check(rows, HH=(0, 300))
    return rows.drop_duplicates("order")


def _use(path: Path, backend: Backend, through: Callable[[Reader], Reader]) -> pd.DataFrame:
    cells = _read(path, ["date", "fleet", "acft", "flight_hours", "cycles", "age"], backend)
    rows = pd.DataFrame(
        {
            "date": through(dates)(cells["date"]),
            "fleet": through(names)(cells["fleet"]),
            "acft": through(names)(cells["acft"]),
            "flight_hours": through(hours)(cells["flight_hours"]),
            "cycles": numbers(cells["cycles"]).astype("int64"),
            "age": numbers(cells["age"]),
        }
    )
    _check(rows, flight_hours=(0, 24), cycles=(0, 60), age=(0, 60))
    return rows.drop_duplicates(["date", "acft"])


def _read(path: Path, columns: list[str], backend: Backend) -> pd.DataFrame:
    if backend == "pyarrow":
        return pd.read_parquet(path, columns=columns, dtype_backend="pyarrow")
    return pd.read_parquet(path, columns=columns)


def _check(rows: pd.DataFrame, **ranges: tuple[float, float]) -> None:
    if rows.isna().to_numpy().any():
        raise ValueError("cells that cannot be read")
    for name, (low, high) in ranges.items():
        if not rows[name].between(low, high).all():
            raise ValueError(f"{name} out of range")


def _by_week(rows: pd.DataFrame) -> pd.api.typing.DataFrameGroupBy:
    return rows.groupby(rows["date"] - pd.to_timedelta(rows["date"].dt.dayofweek, unit="D"))


def once(reader: Reader) -> Reader:
    """The reader, asked for each distinct text once."""

    def read(texts: pd.Series) -> pd.Series:
        codes, distinct = pd.factorize(texts)
        return pd.Series(reader(pd.Series(distinct)).array.take(codes), index=texts.index)

    return read


def names(texts: pd.Series) -> pd.Series:
    texts = texts.str.upper()
    untidy = texts.str.contains(f"^[{ENDS}]|[{ENDS}]$|  |[^ -~]")
    if untidy.any():
        tidy = texts[untidy].str.normalize("NFKD").str.replace("[\u0300-\u036f]", "", regex=True)
        texts = texts.copy()
        texts[untidy] = tidy.str.replace(r"\s+", " ", regex=True).str.strip(ENDS)
    return texts


def dates(texts: pd.Series) -> pd.Series:
    days = texts.str.replace("[ T].*$", "", regex=True).str.replace("[.-]", "/", regex=True)
    iso, short = days.str.contains("^[0-9]{4}/"), days.str.contains("^[0-9]{1,2}/[0-9]{1,2}/[0-9]{2}$")
    read = pd.Series(pd.NaT, index=texts.index, dtype="datetime64[ns]")
    for mask, form in ((iso, "%Y/%m/%d"), (short, "%d/%m/%y"), (~iso & ~short, "%d/%m/%Y")):
        read[mask] = pd.to_datetime(days[mask], format=form, errors="coerce")
    return read


def hours(texts: pd.Series) -> pd.Series:
    clock = texts.str.contains("[:hH]")
    pattern = (
        r"^(?P<h>[0-9]{1,6})(?::(?P<m>[0-5][0-9])(?::(?P<s>[0-5][0-9]))?| ?[hH](?: ?(?P<n>[0-5]?[0-9]))?)$"
    )
    parts = texts[clock].str.extract(pattern)
    whole, minutes, seconds, more = (pd.to_numeric(parts[name].replace("", None)) for name in "hmsn")
    read = pd.Series(np.nan, index=texts.index)
    read[clock] = (whole * 3600 + minutes.fillna(more).fillna(0) * 60 + seconds.fillna(0)) / 3600
    read[~clock] = numbers(texts[~clock])
    return read


def numbers(texts: pd.Series) -> pd.Series:
    read = pd.to_numeric(texts.str.replace(",", ".", regex=False), errors="coerce").astype("float64")
    left = read.isna()
    if left.any():
        odd = texts[left]
        points = odd.str.contains(r"^[+-]?[0-9]{1,3}(?:(?:[.][0-9]{3}){2,}|(?:[.][0-9]{3})+,[0-9]+)$")
        brazilian = odd.str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
        english = odd.str.replace(",", "", regex=False)
        read[left] = pd.to_numeric(brazilian.where(points, english), errors="coerce").astype("float64")
    return read
