"""A small hangar: its project, and its raw files as people keep them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl

from zelo.spec.project import Project

PROJECT: dict[str, Any] = {
    "name": "hangar",
    "title": "Hangar",
    "language": "en",
    "task": {"kind": "regression", "target": "HH"},
    "pipeline": {
        "tables": {
            "events": {
                "files": "events/*.xls*",
                "date": "date",
                "columns": {
                    "date": {"type": "date", "names": ["Data", "Dt. do evento"]},
                    "acft": {"type": "name", "names": ["Matrícula", "Prefixo"]},
                    "origin": {"type": "name", "names": ["Origem"]},
                    "HH": {"type": "hours", "names": ["Horas-homem"]},
                    "note": {"type": "text", "names": ["Observação"], "missing": "allowed"},
                },
                "where": {"origin": ["PILOT", "CABIN"]},
            },
            "use": {
                "files": "use/*.csv",
                "date": "date",
                "columns": {
                    "date": {"type": "date", "names": ["Data"]},
                    "acft": {"type": "name", "names": ["Matrícula"]},
                    "hours": {"type": "hours", "names": ["Horas voadas"]},
                },
            },
        },
        "days": {"columns": {"hours": {"of": "use.hours"}}},
        "weeks": {
            "columns": {
                "HH": {"of": "events.HH", "above": 0},
                "hours": {"of": "use.hours", "min": 0},
            },
            "lags": {"hours": [1]},
        },
    },
    "forecast": {"history": 3, "season": 2, "horizon": 2},
    "data": {
        "sources": {"train": "weekly.parquet"},
        "fields": {
            "date": {"type": "date", "use": "metadata"},
            "hours": {"type": "number", "use": "metadata", "max": 500},
            "hours_lag_1": {"type": "number", "max": 500},
        },
    },
    "split": {"by": "time", "column": "date", "test": 0.2},
    "candidates": ["prior"],
    "select": {"primary": "mae"},
}
EVENTS = ("Data", "Matrícula", "Origem", "Horas-homem", "Observação")
FIRST_DAY = dt.date(2024, 1, 1)
WEEKS = 12


def make_project(**changes: Any) -> Project:
    return Project.model_validate({**PROJECT, **changes})


def write_excel(path: Path, sheets: Mapping[str, Sequence[Sequence[Any]]]) -> Path:
    """A workbook of sheets, each a list of rows; a cell may be (value, number format)."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for number, row in enumerate(rows, start=1):
            for place, cell in enumerate(row, start=1):
                value, layout = cell if isinstance(cell, tuple) else (cell, None)
                made = sheet.cell(number, place, value)
                if layout:
                    made.number_format = layout
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return path


def write_text(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return path


def events_of(week: int) -> list[tuple[Any, ...]]:
    """A week's events under their header: 1.5 and ``week`` hours of the pilots, and one that is left out."""
    monday = FIRST_DAY + dt.timedelta(weeks=week)
    return [
        EVENTS,
        (monday, "PR-AAA", "PILOT", "1:30", None),
        (monday + dt.timedelta(days=3), "PR-AAB", "Cabin", week + 1, "lâmpada"),
        (monday + dt.timedelta(days=4), "PR-AAB", "SCHEDULED", 40, None),
    ]


def write_hangar(root: Path, weeks: int = WEEKS) -> Path:
    """The raw files of so many weeks: a workbook a week, and a CSV of the use, a day ahead of them."""
    for week in range(weeks):
        write_excel(root / "events" / f"week{week:02d}.xlsx", {"Eventos": events_of(week)})
    days = [FIRST_DAY + dt.timedelta(days=day) for day in range(7 * weeks + 1)]
    rows = "".join(
        f"{day:%d/%m/%Y};PR-AA{tail};{2 + place % 3},5\n" for place, day in enumerate(days) for tail in "AB"
    )
    write_text(root / "use" / "use.csv", f"Data;Matrícula;Horas voadas\n{rows}", "cp1252")
    return root
