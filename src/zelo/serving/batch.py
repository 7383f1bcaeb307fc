"""Scoring and judging files: the same service as over HTTP, with a file in place of a request."""

from __future__ import annotations

import csv
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from typing import Any

import ibis
import pandas as pd

from zelo.data.contract import ROW, BadRow, check_table, close_match
from zelo.data.prepare import new_file
from zelo.data.reading import read_table
from zelo.decisions.policy import Policy
from zelo.errors import ContractError, DataError, RequestError, SourceError
from zelo.ledger.records import OutcomeCounts, OutcomeRecord
from zelo.ledger.store import Ledger
from zelo.serving.answers import Answer
from zelo.serving.schema import MAX_ROWS
from zelo.serving.service import Service
from zelo.serving.truth import OutcomeSchema
from zelo.spec.project import Project

COLUMNS = (
    "prediction",
    "score",
    "probability",
    "band",
    "lower",
    "upper",
    "abstain",
    "label_set",
    "drift_warning",
    "drift_details",
    "model_version",
    "prediction_id",
)
"""What a file of predictions may hold beside the key, in this order."""


@dataclass(frozen=True)
class Scored:
    """What became of a file: rows answered, and those that break the contract."""

    output: Path
    answered: int
    bad_rows: tuple[BadRow, ...]
    version: str
    absent: tuple[str, ...] = ()
    """Inputs without a column, missing in every row."""


def score_file(
    service: Service,
    path: Path,
    output: Path,
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Scored:
    """Predict every good row of a file, record it in the ledger, and write the predictions as CSV.

    The file has the key (or the row's number) and those of :data:`COLUMNS` that apply; it appears when it is
    whole. Outcomes may be joined by its prediction_id.

    Raises:
        SourceError: the file cannot be read, or a column is missing.
        DataError: the output cannot be written.
        LedgerError: predictions could not be recorded; no file is written.
    """
    project = service.model.bundle.project
    decimal = new_file(project, path).decimal
    checked = check_table(_brought(project, path), project, file=path.name, labelled=False, decimal=decimal)
    refuse_place(output)
    frame, key = checked.frame, project.data.key
    named = frame[key] if key else frame[ROW]
    answers: list[Answer] = []
    progress(0, len(frame))
    for start in range(0, len(frame), MAX_ROWS):
        rows = list(_rows(frame.iloc[start : start + MAX_ROWS], project))
        answers += _answered(service, rows)
        progress(len(answers), len(frame))
    write_answers(output, key or "row", named, answers, heads_of(service.model.bundle.policy))
    absent = tuple(name for name in checked.absent if name in project.inputs)
    return Scored(output, len(answers), checked.bad_rows, versions_of(service, answers), absent)


def versions_of(service: Service, answers: Iterable[Answer]) -> str:
    """The versions that answered, the champion first where it did; the champion where there was no row."""
    champion = service.model.version
    answered = {answer["model_version"] for answer in answers}
    return ", ".join(sorted(answered, key=lambda version: (version != champion, version))) or champion


def load_outcomes(
    ledger: Ledger, project: Project, path: Path, *, now: Callable[[], datetime]
) -> OutcomeCounts:
    """Join the truth in a file to predictions, by prediction_id or by the project's entity.

    The file has one of those columns, the target's, and perhaps observed_at.

    Raises:
        SourceError: the file cannot be read, or a column is missing.
        ContractError: values are no outcomes of this project, each with its row; none is recorded.
    """
    decimal = new_file(project, path).decimal
    table = _brought(project, path).to_pyarrow().to_pylist()
    columns = set(table[0]) if table else set()
    entity = project.serving.entity
    named = _present(columns, [("prediction_id", "prediction_id"), *_named(project, entity)], path)
    target = _present(columns, [("value", project.column_of(project.task.target))], path)[1]
    labels = {str(label): label for label in project.classes}
    entries = []
    for row in table:
        found = row[target]
        value = labels.get(found, found) if labels else _as_number(found, decimal)
        entry = {named[0]: row[named[1]], "value": value}
        if row.get("observed_at"):
            entry["observed_at"] = row["observed_at"]
        entries.append(entry)
    joined, repeated, unknown = 0, 0, []
    records = list(_read_outcomes(entries, project, path, now=now))
    for start in range(0, len(records), MAX_ROWS):
        counts = ledger.record_outcomes(project.name, records[start : start + MAX_ROWS])
        joined, repeated = joined + counts.joined, repeated + counts.repeated
        unknown += [start + position for position in counts.unknown]
    return OutcomeCounts(joined, repeated, tuple(unknown))


def _brought(project: Project, path: Path) -> ibis.Table:
    """A person's file, read as the first source is; ``where`` applies if the file has its columns."""
    source = new_file(project, path)
    table = read_table(path, source.model_copy(update={"where": {}}))
    if source.where and set(source.where) <= set(table.columns):
        return read_table(path, source)
    return table


def refuse_place(output: Path) -> None:
    """Find out before anything is recorded that the output cannot be written."""
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=output.parent):
            pass
    except OSError as error:
        raise _unwritten(output, error) from error
    if output.is_dir():
        raise DataError(
            "the predictions cannot be written",
            where=str(output),
            found="a folder",
            expected="the name of a file",
            hint=f"--output {output / 'predictions.csv'}",
        )


def _unwritten(output: Path, error: OSError) -> DataError:
    return DataError(
        "the predictions cannot be written",
        where=str(output),
        found=error.strerror or type(error).__name__,
        expected="room on the disk and leave to write",
        hint="free some space, or choose another place with --output",
    )


def _read_outcomes(
    entries: list[dict[str, Any]], project: Project, path: Path, *, now: Callable[[], datetime]
) -> Iterator[OutcomeRecord]:
    schema = OutcomeSchema(project)
    for start in range(0, len(entries), MAX_ROWS):
        try:
            yield from schema.read(_body(entries[start : start + MAX_ROWS]), now=now)
        except RequestError as error:
            if not error.errors:
                raise
            raise ContractError(
                "outcomes are not valid; none was recorded",
                bad_rows=[
                    BadRow(path.name, start + (bad.index or 0) + 1, bad.field, bad.found, bad.expected)
                    for bad in error.errors
                ],
                where=path.name,
            ) from error


def _answered(service: Service, rows: list[dict[str, Any]]) -> list[Answer]:
    (result,) = service.predict([service.question(rows)])
    if isinstance(result, Exception):
        raise result
    return result


def _rows(frame: pd.DataFrame, project: Project) -> Iterator[dict[str, Any]]:
    """Rows as the request schema gives them: no NaN, no empty text, whole numbers as int."""
    known = [name for name in frame.columns if name in project.fields or name == project.data.key]
    whole = {name for name, field in project.fields.items() if field.type == "integer"}
    for values in frame[known].itertuples(index=False, name=None):
        row = {}
        for name, value in zip(known, values, strict=True):
            if value == "" or pd.isna(value):
                continue
            row[name] = int(value) if name in whole else _plain(value)
        yield row


def _plain(value: Any) -> Any:
    if not isinstance(value, datetime):
        return value
    return value.date().isoformat() if value.time() == time.min else value.isoformat()


def write_answers(
    output: Path, key: str, named: Iterable[Any], answers: list[Answer], heads: Sequence[str]
) -> None:
    """A CSV of the answers, each beside its name; it appears when it is whole. Raises DataError."""
    temporary = output.with_name(f".{output.name}.part")
    try:
        with temporary.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow([key, *heads])
            for name, answer in zip(named, answers, strict=True):
                cells = _cells(answer)
                writer.writerow([name, *(cells[head] for head in heads)])
        os.replace(temporary, output)
    except OSError as error:
        raise _unwritten(output, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def heads_of(policy: Policy) -> list[str]:
    """The columns of a file of predictions, as :data:`COLUMNS` orders them."""
    several = policy.kind == "multiclass"
    applies = {
        "probability": several,
        "band": bool(policy.bands),
        "lower": policy.has_intervals,
        "upper": policy.has_intervals,
        "abstain": several and policy.confidence is not None,
        "label_set": bool(policy.set_limits),
        "drift_warning": policy.window is not None,
        "drift_details": policy.window is not None,
    }
    return [name for name in COLUMNS if applies.get(name, True)]


def _cells(answer: Answer) -> dict[str, Any]:
    # The score of a regression is its value; the key stands apart, which may be called ``id`` too.
    return {
        **dict.fromkeys(COLUMNS),
        "score": answer["prediction"],
        **answer,
        "band": answer.get("risk_level"),
        "label_set": "; ".join(map(str, answer.get("label_set", ()))),
        "drift_details": " ".join(answer.get("drift_details", ())),
        "prediction_id": answer["id"],
    }


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


def _as_number(text: str | None, decimal: str) -> float | str | None:
    try:
        return None if text is None else float(text.replace(decimal, "."))
    except ValueError:
        return text


def _body(entries: list[dict[str, Any]]) -> bytes:
    try:
        return json.dumps({"outcomes": entries}, allow_nan=False).encode()
    except ValueError as error:
        raise RequestError(
            "an outcome is not finite", found=str(error), expected="a finite number"
        ) from error
