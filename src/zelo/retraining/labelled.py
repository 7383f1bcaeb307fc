"""Outcomes as new labelled rows: inputs of the ledger with their truths, written as the source is."""

from __future__ import annotations

import csv
import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zelo.data.prepare import Places
from zelo.data.snapshot import Snapshot, latest_snapshot
from zelo.ledger.logged import Logged, judged_between
from zelo.ledger.store import Ledger
from zelo.spec.project import Column, Project, Source

PREFIX, _MOMENT = "outcomes-", "%Y%m%dT%H%M%S%fZ"


@dataclass(frozen=True)
class Labelled:
    """A file of ``rows`` new labelled rows; ``left_out`` lack the key, or were judged again later."""

    file: Path
    rows: int
    left_out: int


def write_labelled(ledger: Ledger, project: Project, places: Places, folder: Path) -> Labelled | None:
    """Write what became known since the snapshot was made into a file of ``folder``.

    Its name holds the moment up to which the ledger was read, and goes into the next snapshot's sources: no
    outcome is learned twice. Of predictions with the same key the one judged last counts.

    Returns:
        ``None`` where there is nothing new, or the project's rows are made of raw files.

    Raises:
        DataError: the snapshot is damaged.
        LedgerError: the ledger cannot be read.
    """
    snapshot = latest_snapshot(places.snapshots, project.name)
    if project.is_made or snapshot is None:
        return None
    until = ledger.now()
    after = read_until(snapshot)
    judged = judged_between(ledger, project.name, after=after, until=until)
    rows = _one_a_key(project, judged)
    if not rows:
        return None
    source = project.source(next(iter(project.data.sources)))
    file = folder / f"{PREFIX}{until:{_MOMENT}}.csv"
    _write(file, project, source, rows)
    return Labelled(file, len(rows), len(judged) - len(rows))


def is_simulated(ledger: Ledger, project: Project, places: Places) -> bool:
    """Whether traffic was simulated since the snapshot was made; over HTTP it goes on for its seconds.

    Simulated rows are held-out ones, asked again: who learns them knows the test set.

    Raises:
        DataError: the snapshot is damaged.
        LedgerError: the ledger cannot be read.
    """
    snapshot = latest_snapshot(places.snapshots, project.name)
    after = dt.datetime.min.replace(tzinfo=dt.UTC) if snapshot is None else read_until(snapshot)
    return any(
        event.at + dt.timedelta(seconds=event.payload.get("seconds") or 0) > after
        for event in ledger.events(project.name, kind="simulation")
    )


def read_until(snapshot: Snapshot) -> dt.datetime:
    """Up to when a snapshot holds the ledger's outcomes: those before it was first made are old rows'."""
    names = [str(source["file"]) for source in snapshot.sources]
    moments = [
        dt.datetime.strptime(name.removeprefix(PREFIX).removesuffix(".csv"), _MOMENT).replace(tzinfo=dt.UTC)
        for name in names
        if name.startswith(PREFIX)
    ]
    return max(moments, default=snapshot.created)


def _one_a_key(project: Project, judged: list[Logged]) -> list[Logged]:
    key = project.data.key
    if key is None:
        return judged
    last = {row.inputs[key]: row for row in judged if row.inputs.get(key) is not None}
    return list(last.values())


def _write(file: Path, project: Project, source: Source, rows: list[Logged]) -> None:
    names = [name for name in (project.data.key, *project.data.fields) if name is not None]
    constant = {column: value for column, value in source.where.items() if column not in project.data.fields}
    header = [*(project.column_of(name) for name in names), project.column_of(project.task.target), *constant]
    # A sign that the source's encoding does not have becomes a question mark, as in a source of that kind.
    with file.open("w", encoding=source.encoding, errors="replace", newline="") as stream:
        writer = csv.writer(stream, delimiter=source.delimiter or ",")
        writer.writerow(header)
        for row in rows:
            cells = [_cell(row.inputs.get(name), project.data.fields.get(name), source) for name in names]
            writer.writerow([*cells, _cell(row.truth, None, source), *constant.values()])


def _cell(value: Any, field: Column | None, source: Source) -> str:
    if value is None:
        return ""
    if field is not None and field.type == "date" and field.format:
        return dt.date.fromisoformat(str(value)[:10]).strftime(field.format)
    if isinstance(value, float):
        # The shortest text that is this very number again.
        text = repr(int(value)) if value.is_integer() else repr(value)
        return text.replace(".", source.decimal)
    return str(value)
