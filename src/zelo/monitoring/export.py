"""The figures of every look as one long table, for people with a spreadsheet."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from zelo.errors import DataError
from zelo.ledger.store import Ledger
from zelo.spec.project import Project

FORMATS = (".csv", ".parquet")
HEADS = ("looked_at", "project", "version", "status", "figure", "value")
"""What every row has; a label of a figure is a column of its own, before the value."""
_IN_PORTUGUESE = {
    "looked_at": "consulta (UTC)",
    "project": "projeto",
    "version": "versão",
    "status": "situação",
    "figure": "medida",
    "value": "valor",
    "metric": "métrica",
    "kind": "tipo",
    "field": "campo",
    "statistic": "estatística",
    "band": "faixa",
    "side": "lado",
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Row = dict[str, Any]


def refuse_export(path: Path) -> None:
    """Find out before anybody looks that the format is not known.

    Raises:
        DataError: the name ends otherwise than in :data:`FORMATS`.
    """
    if path.suffix.lower() not in FORMATS or path.is_dir():
        raise DataError(
            "figures cannot be exported so",
            where=str(path),
            found="a folder" if path.is_dir() else path.suffix or "no ending",
            expected=f"a file that ends in {' or '.join(FORMATS)}",
        )


def export_figures(ledger: Ledger, project: Project, path: Path) -> int:
    """Write the figures of every recorded look, the latest look first; the file appears when it is whole.

    Parquet has times in UTC and numbers as they are. CSV is written as a spreadsheet of the project's
    language reads it: in Portuguese with semicolons and decimal commas. A text that a spreadsheet would run
    as a formula is led by an apostrophe.

    Returns:
        How many rows were written.

    Raises:
        DataError: the format is not known, or the file cannot be written.
        LedgerError: the ledger cannot be read.
    """
    refuse_export(path)
    rows = list(_rows(ledger, project))
    labels = sorted({label for row in rows for label in row} - set(HEADS))
    heads = (*HEADS[:-1], *labels, HEADS[-1])
    temporary = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix.lower() == ".csv":
            _write_csv(temporary, heads, rows, portuguese=project.language == "pt-BR")
        else:
            _write_parquet(temporary, heads, rows)
        os.replace(temporary, path)
    except OSError as error:
        raise DataError(
            "the figures cannot be written",
            where=str(path),
            found=error.strerror or type(error).__name__,
            expected="room on the disk and leave to write",
            hint="free some space, or choose another place with --export",
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
    return len(rows)


def _rows(ledger: Ledger, project: Project) -> Iterator[Row]:
    for event in ledger.events(project.name, kind="monitor"):
        told = {
            "looked_at": event.at,
            "project": project.name,
            "version": event.payload.get("version"),
            "status": event.payload.get("status"),
        }
        # Looks of an earlier Zelo have none.
        for gauge in event.payload.get("gauges", ()):
            yield {**gauge["labels"], **told, "figure": gauge["name"], "value": gauge["value"]}


def _write_csv(path: Path, heads: Sequence[str], rows: Sequence[Row], *, portuguese: bool) -> None:
    # The mark at the beginning tells a spreadsheet that the letters are UTF-8.
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, delimiter=";" if portuguese else ",")
        writer.writerow([_IN_PORTUGUESE.get(head, head) if portuguese else head for head in heads])
        for row in rows:
            writer.writerow([_cell(row.get(head), portuguese=portuguese) for head in heads])


def _cell(value: Any, *, portuguese: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, float | int):
        number = f"{value:.10g}"
        return number.replace(".", ",") if portuguese else number
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _write_parquet(path: Path, heads: Sequence[str], rows: Sequence[Row]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {"looked_at": pa.timestamp("us", tz="UTC"), "value": pa.float64()}
    columns = {
        head: pa.array([row.get(head) for row in rows], types.get(head, pa.string())) for head in heads
    }
    pq.write_table(pa.table(columns), path)
