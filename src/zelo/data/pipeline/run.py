"""The verb: from raw files to a data set, stage by stage."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import ibis
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from zelo.data.contract import check_table
from zelo.data.folder import scratch_folder
from zelo.data.pipeline.checks import faults_of
from zelo.data.pipeline.clean import PLACE, Cleaned, clean, left_out
from zelo.data.pipeline.dataset import (
    EDITION,
    Dataset,
    find_dataset,
    inputs_hash,
    let_stand,
    locked,
    write_dataset,
)
from zelo.data.pipeline.engine import Engine, EngineName, open_engine
from zelo.data.pipeline.faults import Fault
from zelo.data.pipeline.ingest import Progress, ingest, silent
from zelo.data.pipeline.raw import RawData, find_raw
from zelo.data.pipeline.weekly import COMING, WARM_UP, coming, days, past, weekly
from zelo.data.reading import read_table
from zelo.errors import DataError, PipelineError
from zelo.spec.project import Project
from zelo.spec.series_rules import FILLED

Stage = Literal["ingest", "clean", "weekly", "check"]
STAGES: tuple[Stage, ...] = ("ingest", "clean", "weekly", "check")


@dataclass(frozen=True)
class Built:
    """What a run left.

    ``counts`` has of each of ``tables`` its files and rows, and of ``weeks`` how many there are and of what
    kind; of ``prices`` the days, and what was found wrong with them. A run that was stopped has no data set,
    but the first rows of what its last stage made.
    """

    dataset: Dataset | None
    new: bool
    synthetic: bool
    notes: tuple[str, ...]
    counts: dict[str, Any]
    heads: dict[str, pa.Table] = field(default_factory=dict)


def build(
    project: Project,
    *,
    folder: Path,
    data_dir: Path | None,
    downloads: Path,
    datasets: Path,
    engine: EngineName,
    created: dt.datetime,
    progress: Progress = silent,
    until: Stage | None = None,
    rows: int = 0,
    clock: Callable[[], float] = time.perf_counter,
) -> Built:
    """Make the project's data set of its raw files, or find the one that was made of the same ones.

    With ``until`` it stops after that stage: nothing is written, and the first ``rows`` of each table that
    the stage made are in the result.

    Raises:
        SourceError: there are no raw files.
        PipelineError: raw files, or the weeks made of them, are at fault; nothing is written.
        DataError: another run is at work, or the disk refuses; nothing is left half written.
    """
    root = datasets / project.name
    with refusals(root), locked(datasets, project.name):
        raw = find_raw(project, folder=folder, data_dir=data_dir, downloads=downloads)
        digest = inputs_hash(project, raw)
        if until is None and (same := find_dataset(datasets, project.name, digest)) is not None:
            let_stand(same)
            return Built(same, False, same.synthetic, tuple(same.run["notes"]), same.run["counts"])
        with (
            scratch_folder(root) as work,
            scratch_folder(work) as spill,
            open_engine(engine, spill) as opened,
        ):
            run = _Run(project, raw, opened, work, progress, clock)
            for stage in STAGES:
                run.do(stage)
                if stage == until:
                    return Built(None, False, raw.synthetic, run.notes, run.counts, run.heads(stage, rows))
            facts = {**run.facts(), "engine": engine}
            made = write_dataset(datasets, project.name, digest, run.results, created=created, run=facts)
    return Built(made, True, raw.synthetic, run.notes, run.counts)


class _Run:
    """The stages of one run, and what each of them left for the next."""

    def __init__(
        self,
        project: Project,
        raw: RawData,
        engine: Engine,
        work: Path,
        progress: Progress,
        clock: Callable[[], float],
    ) -> None:
        assert project.pipeline is not None
        self._project, self._pipeline = project, project.pipeline
        self._raw, self._engine, self._work = raw, engine, work
        self._progress, self._clock = progress, clock
        self._cleaned: dict[str, Cleaned] = {}
        self._left_out: list[str] = []
        self.results: dict[str, pa.Table] = {}
        self.counts: dict[str, Any] = {}
        self.seconds: dict[str, float] = {}

    def do(self, stage: Stage) -> None:
        """Go through a stage, and take its time."""
        steps = {"ingest": self._ingest, "clean": self._clean, "weekly": self._weekly, "check": self._check}
        start = self._clock()
        steps[stage]()
        self.seconds[stage] = round(self._clock() - start, 3)

    @property
    def notes(self) -> tuple[str, ...]:
        return (*self._ingested.notes, *self._left_out)

    def heads(self, stage: Stage, rows: int) -> dict[str, pa.Table]:
        """The first rows of each table that the stage made: text, then types, then weeks and days."""
        if stage in ("weekly", "check"):
            return {name: table.slice(0, rows) for name, table in self.results.items()}
        tables = {
            name: self._staged(name) if stage == "ingest" else self._cleaned[name].good
            for name in self._pipeline.tables
        }
        return {
            name: self._engine.to_arrow(table.order_by(PLACE).limit(rows)) for name, table in tables.items()
        }

    def facts(self) -> dict[str, Any]:
        """What is recorded of the run."""
        return {
            "edition": EDITION,
            "origin": self._raw.origin,
            "synthetic": self._raw.synthetic,
            "files": [
                {
                    "table": read.file.table,
                    "file": read.file.name,
                    "sha256": read.file.sha256,
                    "rows": read.rows,
                    "encoding": read.encoding,
                    "sheets": read.sheets,
                }
                for read in self._ingested.files
            ],
            "counts": self.counts,
            "notes": self.notes,
            "seconds": self.seconds,
        }

    def _ingest(self) -> None:
        self._ingested = ingest(self._pipeline, self._raw, self._work, progress=self._progress)
        read: dict[str, dict[str, int]] = {name: {"files": 0, "read": 0} for name in self._pipeline.tables}
        for item in self._ingested.files:
            read[item.file.table]["files"] += 1
            read[item.file.table]["read"] += item.rows
        self.counts["tables"] = read

    def _staged(self, name: str) -> ibis.Table:
        return self._engine.read_parquet(self._ingested.staged[name])

    def _clean(self) -> None:
        tables = self._pipeline.tables
        for done, (name, table) in enumerate(tables.items()):
            self._progress("clean", done, len(tables))
            for column, values in left_out(self._staged(name), table, self._engine).items():
                told = ", ".join(f"{value} ({rows})" for value, rows in values.items())
                if told:
                    self._left_out.append(f"{name}: left out by {column}: {told}")
            cleaned = self._cleaned[name] = clean(self._staged(name), table, self._engine)
            self.counts["tables"][name] |= {
                "left_out": cleaned.read - cleaned.chosen,
                "duplicates": cleaned.duplicates,
                "kept": cleaned.chosen - cleaned.duplicates,
            }
        self._progress("clean", len(tables), len(tables))

    def _weekly(self) -> None:
        self._progress("weekly", 0, 1)
        tables = {name: cleaned.good for name, cleaned in self._cleaned.items()}
        self._weeks = weekly(tables, self._project, self._engine)
        made = {"weekly": past(self._weeks, self._project), "coming": coming(self._weeks, self._project)}
        if self._pipeline.days:
            made["daily"] = days(tables, self._pipeline)
        self.results = {name: self._engine.to_arrow(table) for name, table in made.items()}
        weeks, date = self.results["weekly"], self._pipeline.weeks.date
        ends = pc.min_max(weeks[date]).as_py()
        self.counts["weeks"] = {
            "weeks": weeks.num_rows,
            "first": ends["min"] and ends["min"].isoformat(),
            "last": ends["max"] and ends["max"].isoformat(),
            "filled": int(pc.sum(weeks[FILLED], min_count=0).as_py()),
            "warm_up": self._engine.count(self._weeks.filter(~self._weeks[COMING] & self._weeks[WARM_UP])),
            "coming": self.results["coming"].num_rows,
        }
        self._progress("weekly", 1, 1)

    def _check(self) -> None:
        self._progress("check", 0, 1)
        faults = faults_of(self._cleaned, self._weeks, self._project, self._engine)
        if faults.total:
            what = f"{faults.total} fault(s) in the raw files, or in the weeks made of them"
            raise PipelineError(what, where=str(self._raw.root), faults=faults.found, total=faults.total)
        weeks, date = self.results["weekly"], self._pipeline.weeks.date
        refuse_broken(weeks, date, self._work / "weekly.parquet", self._project)
        self._progress("check", 1, 1)


def refuse_broken(rows: pa.Table, date: str, path: Path, project: Project) -> None:
    """The rows as the snapshot will read them, so that none is written that it would refuse.

    Args:
        date: the column that names a row.
        path: where they are written for this.

    Raises:
        PipelineError: rows break the contract; each value is named.
    """
    source = project.source(next(iter(project.data.sources)))
    pyarrow.parquet.write_table(rows, path)
    table = read_table(path, source)
    checked = check_table(table, project, file=path.name, labelled=True, decimal=source.decimal)
    if checked.bad_rows:
        dates = rows[date].to_pylist()
        raise PipelineError(
            f"{len(checked.bad_rows)} value(s) of {checked.rows_read} rows break the contract",
            where=project.name,
            faults=[
                Fault(bad.file, "", dates[bad.row - 1].isoformat(), bad.field, bad.found, bad.expected)
                for bad in checked.bad_rows
            ],
        )


@contextmanager
def refusals(root: Path) -> Iterator[None]:
    """What the system refuses, in words."""
    try:
        yield
    except OSError as error:
        raise DataError(
            "the pipeline could not finish; nothing was left half written",
            where=str(root),
            found=f"{type(error).__name__}: {error.strerror or error}",
            expected="room on the disk, and leave to read and write there",
            hint="free some space, or set ZELO_HOME to another disk",
        ) from error
