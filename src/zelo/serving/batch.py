"""Scoring and judging files: the same service as over HTTP, with a file in place of a request."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from zelo.data.contract import ROW, BadRow, check_table, close_match
from zelo.data.prepare import new_file
from zelo.data.reading import read_table
from zelo.errors import RequestError, SourceError
from zelo.ledger.records import OutcomeCounts
from zelo.ledger.store import Ledger
from zelo.serving.schema import MAX_ROWS
from zelo.serving.service import Answer, Question, Service
from zelo.serving.truth import OutcomeSchema
from zelo.spec.project import Project

OPTIONAL = ("band", "lower", "upper")


@dataclass(frozen=True)
class Scored:
    """What became of a file: rows answered, and those that break the contract."""

    output: Path
    answered: int
    bad_rows: tuple[BadRow, ...]
    version: str


def score_file(
    service: Service,
    path: Path,
    output: Path,
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Scored:
    """Predict every good row of a file, record it in the ledger, and write the predictions as CSV.

    The file has the key (or the row's number), prediction, score, band, lower and upper where they apply,
    and model_version; it appears when it is whole.

    Raises:
        SourceError: the file cannot be read, or a column is missing.
        LedgerError: predictions could not be recorded; no file is written.
    """
    project = service.model.bundle.project
    source = new_file(project, path)
    checked = check_table(
        read_table(path, source), project, file=path.name, labelled=False, decimal=source.decimal
    )
    frame, key = checked.frame, project.data.key
    named = frame[key] if key else frame[ROW]
    answers: list[Answer] = []
    progress(0, len(frame))
    for start in range(0, len(frame), MAX_ROWS):
        rows = list(_rows(frame.iloc[start : start + MAX_ROWS], project))
        answers += _answered(service, rows)
        progress(len(answers), len(frame))
    _write(output, key or "row", named, answers, project)
    return Scored(output, len(answers), checked.bad_rows, service.model.version)


def load_outcomes(
    ledger: Ledger, project: Project, path: Path, *, now: Callable[[], datetime]
) -> OutcomeCounts:
    """Join the truth in a file to predictions, by prediction_id or by the project's entity.

    The file has one of those columns, the target's, and perhaps observed_at.

    Raises:
        SourceError: the file cannot be read, or a column is missing.
        RequestError: a value is no outcome of this project; none is recorded.
    """
    table = read_table(path, new_file(project, path)).to_pyarrow().to_pylist()
    columns = set(table[0]) if table else set()
    entity = project.serving.entity
    named = _present(columns, [("prediction_id", "prediction_id"), *_named(project, entity)], path)
    target = _present(columns, [("value", project.column_of(project.task.target))], path)[1]
    labels = {str(label): label for label in project.classes}
    entries = []
    for row in table:
        found = row[target]
        entry = {named[0]: row[named[1]], "value": labels.get(found, found) if labels else _as_number(found)}
        if row.get("observed_at"):
            entry["observed_at"] = row["observed_at"]
        entries.append(entry)
    schema, joined, repeated, unknown = OutcomeSchema(project), 0, 0, []
    records = [
        record
        for start in range(0, len(entries), MAX_ROWS)
        for record in schema.read(_body(entries[start : start + MAX_ROWS]), now=now)
    ]
    for start in range(0, len(records), MAX_ROWS):
        counts = ledger.record_outcomes(project.name, records[start : start + MAX_ROWS])
        joined, repeated = joined + counts.joined, repeated + counts.repeated
        unknown += [start + position for position in counts.unknown]
    return OutcomeCounts(joined, repeated, tuple(unknown))


def _answered(service: Service, rows: list[dict[str, Any]]) -> list[Answer]:
    (result,) = service.predict([Question(service.model, rows, range(len(rows)))])
    if isinstance(result, Exception):
        raise result
    return result


def _rows(frame: pd.DataFrame, project: Project) -> Iterator[dict[str, Any]]:
    """Rows as the request schema gives them: no NaN, no empty text, whole numbers as int."""
    known = [name for name in frame.columns if name in project.data.fields or name == project.data.key]
    whole = {name for name, field in project.data.fields.items() if field.type == "integer"}
    for values in frame[known].itertuples(index=False, name=None):
        row = {}
        for name, value in zip(known, values, strict=True):
            if value == "" or pd.isna(value):
                continue
            row[name] = int(value) if name in whole else _plain(value)
        yield row


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _write(output: Path, key: str, named: pd.Series[Any], answers: list[Answer], project: Project) -> None:
    applies = {
        "band": bool(project.decision.bands),
        "lower": any("lower" in answer for answer in answers),
        "upper": any("upper" in answer for answer in answers),
    }
    heads = [key, "prediction", "score", *(name for name in OPTIONAL if applies[name]), "model_version"]
    output.parent.mkdir(parents=True, exist_ok=True)
    temporary = output.with_name(f".{output.name}.part")
    with temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, heads, extrasaction="ignore")
        writer.writeheader()
        for name, answer in zip(named, answers, strict=True):
            writer.writerow(
                {key: name, "score": answer["prediction"], **answer, "band": answer.get("risk_level")}
            )
    os.replace(temporary, output)


def _named(project: Project, entity: str | None) -> list[tuple[str, str]]:
    return [("entity", project.column_of(entity))] if entity else []


def _present(columns: set[str], wanted: list[tuple[str, str]], path: Path) -> tuple[str, str]:
    for role, column in wanted:
        if column in columns:
            return role, column
    names = " or ".join(column for _, column in wanted)
    raise SourceError(
        f"the column {names} is missing",
        where=path.name,
        found=f"columns {', '.join(sorted(columns - {ROW}))}",
        expected=f"a column {names}",
        hint=close_match(wanted[0][1], sorted(columns)),
    )


def _as_number(text: str | None) -> float | str | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return text


def _body(entries: list[dict[str, Any]]) -> bytes:
    try:
        return json.dumps({"outcomes": entries}, allow_nan=False).encode()
    except ValueError as error:
        raise RequestError(
            "an outcome is not finite", found=str(error), expected="a finite number"
        ) from error
