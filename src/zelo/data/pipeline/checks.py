"""The fourth stage: what is wrong with cells and weeks, and in which file, sheet, row and column it is."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis

from zelo.data.contract import ROW, clipped
from zelo.data.pipeline.aggregate import columns_of, table_of, tables_of
from zelo.data.pipeline.calendar import first_day, week_of
from zelo.data.pipeline.clean import PLACE, Cleaned
from zelo.data.pipeline.engine import Engine
from zelo.data.pipeline.faults import FILE, SHEET, Fault
from zelo.data.pipeline.weekly import COMING, WARM_UP, gap_of, warm_up
from zelo.spec.pipeline import Aggregate, Fill, Pipeline
from zelo.spec.project import Project

MOST = 1000
"""Faults that are named; all are counted."""
SHOWN_FILES = 3
Week = dict[str, Any]


@dataclass(frozen=True)
class Faults:
    """The first ``MOST`` faults in order, and how many there are."""

    found: tuple[Fault, ...] = ()
    total: int = 0


def faults_of(cleaned: Mapping[str, Cleaned], weeks: ibis.Table, project: Project, engine: Engine) -> Faults:
    """The faults of the cleaned tables' cells; where there are none, those of the weeks made of them.

    Of cells: those that are not of their column's type or range, or are missing. Of weeks: gaps, as the
    project treats them; values out of range; nothing in a column that the model reads.
    """
    cells = _of_cells(cleaned, engine)
    if cells.total:
        return cells
    assert project.pipeline is not None
    rows = {name: table.good for name, table in cleaned.items()}
    made = engine.to_arrow(weeks.order_by(project.pipeline.weeks.date)).to_pylist()
    found = [*_displaced(rows, project.pipeline, engine), *_of_weeks(made, rows, project, engine)]
    return Faults(tuple(found[:MOST]), len(found))


def _of_cells(cleaned: Mapping[str, Cleaned], engine: Engine) -> Faults:
    found: list[Fault] = []
    total = 0
    for table in cleaned.values():
        if table.faulty:
            cells = engine.kept(table.faults)
            total += engine.count(cells)
            first = cells.order_by("file", "sheet", "row", "column").limit(MOST - len(found))
            found += [_of_cell(**cell) for cell in engine.to_arrow(first).to_pylist()]
    return Faults(tuple(found), total)


def _of_cell(file: str, sheet: str, row: int, column: str, found: str | None, expected: str) -> Fault:
    shown = "nothing" if found is None else repr(clipped(found))
    return Fault(file, sheet, str(row), column, shown, expected)


def _displaced(rows: Mapping[str, ibis.Table], pipeline: Pipeline, engine: Engine) -> Iterator[Fault]:
    """Rows that stand for a week and are not dated by its first day."""
    starts = pipeline.weeks.starts
    for name, spec in pipeline.tables.items():
        if spec.period == "week":
            day = rows[name][spec.date]
            expected = f"a {starts.capitalize()}, the first day of its week"
            wrong = rows[name].filter(day != first_day(week_of(day, starts), starts))
            places = wrong.select(*PLACE, day=day).order_by(PLACE)
            for row in engine.to_arrow(places).to_pylist():
                yield Fault(row[FILE], row[SHEET], str(row[ROW]), spec.date, f"{row['day']}", expected)


def _of_weeks(
    weeks: list[Week], rows: Mapping[str, ibis.Table], project: Project, engine: Engine
) -> Iterator[Fault]:
    assert project.pipeline is not None
    spec = project.pipeline.weeks
    over = [week for week in weeks if not week[COMING]]
    if all(week[WARM_UP] for week in over):
        found = f"{len(over)} complete week(s) that all tables share"
        yield Fault(project.name, "", "", spec.date, found, f"more than {warm_up(project)}, the warm-up")
    wrong = [
        *_gaps(over, project.pipeline),
        *_out_of_range(over, spec.date, spec.columns),
        *_missing(over, project),
    ]
    if wrong:
        files = _files_of_weeks(rows, project.pipeline, engine)
        for bad in sorted(wrong, key=lambda bad: (bad.week, bad.column)):
            places = [label for name in bad.tables for label in _nearest(files[name], bad.week)]
            file = _few(places) or project.name
            yield Fault(file, "", bad.week.isoformat(), bad.column, bad.found, bad.expected)


@dataclass(frozen=True)
class _Bad:
    """What is wrong with a week, in a column that is made of raw tables."""

    week: dt.date
    column: str
    tables: tuple[str, ...]
    found: str
    expected: str


def _gaps(weeks: Sequence[Week], pipeline: Pipeline) -> Iterator[_Bad]:
    spec = pipeline.weeks
    for name in tables_of(spec.columns):
        columns = ", ".join(columns_of(name, spec.columns))
        expected = "rows in every week"
        if isinstance(spec.gaps, Fill):
            expected += f"; at most {spec.gaps.fill} missing in a row are filled from the weeks before"
        for week in weeks:
            if week[gap_of(name)]:
                yield _Bad(week[spec.date], columns, (name,), f"no row of {name} in this week", expected)


def _out_of_range(weeks: Sequence[Week], date: str, columns: Mapping[str, Aggregate]) -> Iterator[_Bad]:
    for name, made in columns.items():
        for week in weeks:
            if (value := week[name]) is not None and (expected := _broken_limit(value, made)):
                yield _Bad(week[date], name, (table_of(made),), f"{value:g}", expected)


def _broken_limit(value: float, made: Aggregate) -> str:
    if made.above is not None and value <= made.above:
        return f"above {made.above:g}"
    if made.min is not None and value < made.min:
        return f"at least {made.min:g}"
    if made.max is not None and value > made.max:
        return f"at most {made.max:g}"
    return ""


def _missing(weeks: Sequence[Week], project: Project) -> Iterator[_Bad]:
    """Nothing in a column that the model reads, or that it learns, in a week that no gap explains."""
    assert project.pipeline is not None
    spec, target = project.pipeline.weeks, project.column_of(project.task.target)
    tables = tables_of(spec.columns)
    wanted = [project.column_of(name) for name, field in project.inputs.items() if field.missing == "refused"]
    for week in weeks:
        if week[WARM_UP] or any(week[gap_of(name)] for name in tables):
            continue
        for column in (*wanted, *(() if project.task.missing == "left_out" else (target,))):
            if week[column] is None:
                yield _Bad(week[spec.date], column, tables, "nothing", "a value that the model can read")


Files = dict[dt.date, list[str]]


def _files_of_weeks(rows: Mapping[str, ibis.Table], pipeline: Pipeline, engine: Engine) -> dict[str, Files]:
    """Of each table, the files and sheets that have rows of a week, by the week's first day."""
    starts = pipeline.weeks.starts
    found: dict[str, Files] = {}
    for name, spec in pipeline.tables.items():
        week = first_day(week_of(rows[name][spec.date], starts), starts)
        there = rows[name].select(FILE, SHEET, week=week).distinct().order_by("week", FILE, SHEET)
        files = found.setdefault(name, defaultdict(list))
        for place in engine.to_arrow(there).to_pylist():
            files[place["week"]].append(place[FILE] + (f" [{place[SHEET]}]" if place[SHEET] else ""))
    return found


def _nearest(files: Files, week: dt.date) -> list[str]:
    """The files of a week, or else those of the weeks with rows before and after it."""
    if week in files:
        return files[week]
    before, after = [day for day in files if day < week], [day for day in files if day > week]
    return (files[max(before)] if before else []) + (files[min(after)] if after else [])


def _few(names: Sequence[str]) -> str:
    names = list(dict.fromkeys(names))
    more = f" and {len(names) - SHOWN_FILES} more" if len(names) > SHOWN_FILES else ""
    return ", ".join(names[:SHOWN_FILES]) + more
