"""Forecasting the coming weeks, or the coming day: a table of them in, answers and a CSV out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from zelo.errors import DataError
from zelo.serving.answers import Answer
from zelo.serving.batch import heads_of, refuse_place, versions_of, write_answers
from zelo.serving.service import Service
from zelo.spec.project import Project

LEFT_OUT = ("score",)
"""Of a forecast, what its file does not repeat: the score is the prediction itself."""


@dataclass(frozen=True)
class Forecast:
    """What was forecast: a week's first day, or a day, and its answer, the next one first."""

    output: Path
    days: tuple[str, ...]
    answers: tuple[Answer, ...]
    version: str


def forecast_coming(service: Service, coming: pd.DataFrame, output: Path) -> Forecast:
    """Forecast the coming rows, record them in the ledger, and write them as CSV.

    Args:
        coming: a row for each week or day to come, in order: the project's fields and lags. Of rows after the
            first the calendar alone is read.

    Raises:
        DataError: an input of the first row is missing, or the output cannot be written.
        LedgerError: they could not be recorded; no file is written.
    """
    project = service.model.bundle.project
    assert project.forecast is not None
    horizon = project.forecast.horizon
    rows = list(_rows(coming.head(horizon), project))
    _refuse_incomplete(rows, horizon, project)
    refuse_place(output)
    answers = service.forecast(rows)
    days = [row[project.date] for row in rows]
    heads = ["horizon", *(name for name in heads_of(service.model.bundle.policy) if name not in LEFT_OUT)]
    write_answers(output, project.date, days, answers, heads)
    return Forecast(output, tuple(days), tuple(answers), versions_of(service, answers))


def _rows(coming: pd.DataFrame, project: Project) -> Iterator[dict[str, Any]]:
    names = {project.column_of(name): name for name in project.fields}
    for values in coming[[name for name in coming.columns if name in names]].to_dict("records"):
        row = {names[str(column)]: value for column, value in values.items() if not pd.isna(value)}
        yield {**row, project.date: pd.Timestamp(row[project.date]).date().isoformat()}


def _refuse_incomplete(rows: list[dict[str, Any]], horizon: int, project: Project) -> None:
    lacking = [name for name in project.inputs if rows and name not in rows[0]]
    if len(rows) < horizon or lacking:
        raise DataError(
            "the coming rows cannot be forecast",
            where=project.name,
            found=f"no value of {', '.join(lacking)}" if lacking else f"{len(rows)} row(s) to come",
            expected=f"{horizon} rows to come, the first with every input",
            hint="zelo data makes them; the champion may have been trained under another project.yaml",
        )
