"""The first stage: every raw file is read to text and staged, and every file that cannot be is named."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from zelo.data.pipeline.faults import Fault
from zelo.data.pipeline.raw import RawData, RawFile
from zelo.data.pipeline.raw_csv import stage_csv
from zelo.data.pipeline.raw_excel import stage_excel
from zelo.data.pipeline.staging import Staging, unusable
from zelo.errors import PipelineError
from zelo.spec.pipeline import Pipeline, RawTable

Progress = Callable[[str, int, int], None]
CSV, EXCEL = (".csv", ".tsv", ".txt"), (".xlsx", ".xlsm")
SHOWN = 3


def silent(_stage: str, _done: int, _total: int) -> None:
    """Progress that nobody looks at."""


@dataclass(frozen=True)
class Read:
    """A file that was read: its rows, the encoding of a CSV, the sheets of a workbook and their rows."""

    file: RawFile
    rows: int
    encoding: str | None
    sheets: dict[str, int | None]


@dataclass(frozen=True)
class Ingested:
    """Each table's staged Parquet files, see :class:`Staging`, and the files that they were read from."""

    staged: dict[str, list[Path]]
    files: tuple[Read, ...]
    notes: tuple[str, ...]


def ingest(pipeline: Pipeline, raw: RawData, work: Path, *, progress: Progress) -> Ingested:
    """Stage every file as ``work/<table>/<n>.parquet``.

    Raises:
        PipelineError: files cannot be used; ``faults`` names each of them.
        OSError: the staging cannot be written.
    """
    staged: dict[str, list[Path]] = {name: [] for name in pipeline.tables}
    read: list[Read] = []
    faults: list[Fault] = []
    unfit = 0
    for done, file in enumerate(raw.files):
        progress("ingest", done, len(raw.files))
        target = work / file.table / f"{len(staged[file.table])}.parquet"
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            read.append(_stage(file, pipeline.tables[file.table], target))
        except PipelineError as error:
            faults += error.faults
            unfit += 1
        staged[file.table].append(target)
    progress("ingest", len(raw.files), len(raw.files))
    if faults:
        what = f"{unfit} of {len(raw.files)} files cannot be used; the others were not used without them"
        raise PipelineError(what, faults=faults, where=str(raw.root))
    return Ingested(staged, tuple(read), tuple(_notes(raw, read)))


def _stage(file: RawFile, table: RawTable, target: Path) -> Read:
    suffix = file.path.suffix.lower()
    encoding: str | None = None
    sheets: dict[str, int | None] = {}
    with Staging(target, file.name, table.columns) as staging:
        if suffix in CSV:
            encoding = stage_csv(file.path, table, staging)
        elif suffix in EXCEL:
            sheets = stage_excel(file.path, table, staging)
        else:
            raise unusable(
                file.name, suffix or "no suffix", f"one of {', '.join((*CSV, *EXCEL))}: save it so"
            )
    if not file.unchanged:
        raise unusable(file.name, "it changed while it was read", "a file that nobody is writing; run again")
    return Read(file, staging.rows, encoding, sheets)


def _notes(raw: RawData, read: list[Read]) -> Iterator[str]:
    places: dict[str, list[str]] = defaultdict(list)
    for name, reason in raw.passed_over:
        places[f"not read, {reason}"].append(name)
    for item in read:
        name = item.file.name
        for sheet, rows in item.sheets.items():
            if rows is None:
                places["not read, without the table's columns"].append(f"{name} [{sheet}]")
            elif not rows:
                places["read, without a row"].append(f"{name} [{sheet}]")
        if not item.sheets and not item.rows:
            places["read, without a row"].append(name)
    for what, names in places.items():
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        yield f"{what}: {', '.join(names[:SHOWN])}{more}"
