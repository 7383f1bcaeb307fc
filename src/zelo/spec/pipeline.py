"""How tables of raw files become one row a week: what a project.yaml says under ``pipeline``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from zelo.spec.frozen import FieldName, Frozen, Name


class RawColumn(Frozen):
    """A column of a raw table: how its cells are read, and the headers under which it may stand."""

    type: Literal["date", "hours", "number", "integer", "name", "text"] = Field(
        description="date: Brazilian or ISO; hours: 1:30, 1,5 or 1.5; name: in capitals, without accents"
    )
    names: tuple[str, ...] = Field(
        default=(), description="other headers; case, accents, spaces and punctuation aside"
    )
    spellings: dict[str, str] = Field(
        default_factory=dict, description="of a name: spelling -> the name that it stands for"
    )
    missing: Literal["refused", "allowed"] = "refused"
    min: float | None = None
    max: float | None = None


class RawTable(Frozen):
    """Files of one kind, in a folder of the project's raw data."""

    files: str = Field(description="a glob below the raw data, such as events/*.xlsx")
    date: Name = Field(description="the column that says when")
    period: Literal["day", "week"] = Field(
        default="day", description="what a row's date stands for: its day, or the whole week that it begins"
    )
    columns: dict[FieldName, RawColumn] = Field(min_length=1)
    where: dict[FieldName, tuple[str, ...]] = Field(
        default_factory=dict, description="keep the rows whose column has one of these values"
    )
    unique: tuple[FieldName, ...] = Field(
        default=(), description="rows alike in these are one; where it is empty, rows alike in every column"
    )


class Aggregate(Frozen):
    """A column made of many rows: ``sum`` of ``events.HH``, say."""

    of: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*\.[A-Za-z][A-Za-z0-9_]*$")] = Field(
        description="table.column of the raw tables"
    )
    by: Literal["sum", "mean", "max", "distinct"] = "sum"
    weeks: Annotated[int, Field(ge=1, le=104)] = Field(
        default=1, description="the row's own week and those before it, summed (or their mean or maximum)"
    )
    above: float | None = Field(default=None, description="a week's value lies strictly above it")
    min: float | None = None
    max: float | None = None


class Days(Frozen):
    """The daily data set: a row a date, and a value of each of ``by``."""

    by: tuple[FieldName, ...] = ()
    columns: dict[FieldName, Aggregate] = Field(min_length=1)


class Fill(Frozen):
    """Missing weeks are filled from the weeks before them, and marked: their own target stays empty."""

    fill: Annotated[int, Field(ge=1, le=8)] = Field(description="the most missing weeks in a row")


class Weeks(Frozen):
    """The weekly data set: a row a week, dated by its first day in the field ``date``."""

    date: FieldName = Field(default="date", description="the name of the week's first day")
    starts: Literal["monday", "sunday"] = "monday"
    columns: dict[FieldName, Aggregate] = Field(min_length=1)
    gaps: Literal["refused", "zero"] | Fill = Field(
        default="refused", description="weeks of which a table has no row: an error, zero, or filled"
    )
    lags: dict[FieldName, tuple[Annotated[int, Field(ge=1)], ...]] = Field(
        default_factory=dict, description="column -> how many weeks before: <column>_lag_<k>"
    )
    means: dict[FieldName, tuple[Annotated[int, Field(ge=1)], ...]] = Field(
        default_factory=dict, description="column -> mean of that many weeks before: <column>_mean_<k>"
    )


class Pipeline(Frozen):
    """From raw files to a weekly table: ingested, cleaned, summed, checked, written."""

    tables: dict[Name, RawTable] = Field(min_length=1)
    days: Days | None = None
    weeks: Weeks
