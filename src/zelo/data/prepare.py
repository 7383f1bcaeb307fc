"""The verb: from a project's sources to a checked snapshot, or from new rows to the next one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from zelo.data.contract import Checked, check_table
from zelo.data.pipeline.dataset import latest_dataset
from zelo.data.pipeline.engine import EngineName
from zelo.data.pipeline.ingest import Progress, silent
from zelo.data.pipeline.run import Built, Stage, build
from zelo.data.prices.run import build_prices
from zelo.data.reading import read_table
from zelo.data.snapshot import Snapshot, append_rows, contract_hash, latest_snapshot, write_snapshot
from zelo.data.sources import Located, locate, sha256_of
from zelo.errors import ContractError, SourceError
from zelo.spec.project import Project, Source


@dataclass(frozen=True)
class Places:
    """Where sources are looked for, what pipelines run on, and where data sets and snapshots are kept."""

    folder: Path
    data_dir: Path | None
    downloads: Path
    snapshots: Path
    datasets: Path
    offline: bool = False
    engine: EngineName = "duckdb"


@dataclass(frozen=True)
class Prepared:
    """A snapshot, and what a person should know of how it came to be: of a pipeline, also its run."""

    snapshot: Snapshot
    notes: tuple[str, ...] = ()
    built: Built | None = None


def find_source(project: Project, name: str, places: Places) -> Located:
    """A source's file, wherever it is; of one that Zelo makes, what it made last. Raises SourceError."""
    if is_made(project, name):
        return _made(project, name, places)
    return locate(
        project,
        name,
        folder=places.folder,
        data_dir=places.data_dir,
        downloads=places.downloads,
        offline=places.offline,
    )


def is_made(project: Project, name: str) -> bool:
    """Whether the source is what Zelo makes of raw files, or of prices: the first one."""
    return project.is_made and name == next(iter(project.data.sources))


def check_source(project: Project, name: str, places: Places) -> tuple[Located, Checked]:
    """Find, read and check a source, without keeping anything.

    Raises:
        SourceError: it is nowhere, or cannot be read.
    """
    located = find_source(project, name, places)
    source = project.source(name)
    table = read_table(located.path, source)
    return located, check_table(table, project, file=located.path.name, labelled=True, decimal=source.decimal)


def prepare(
    project: Project,
    places: Places,
    *,
    created: datetime,
    source: str = "train",
    progress: Progress = silent,
    collect: bool = False,
) -> Prepared:
    """A snapshot of the source; where Zelo makes it, of raw files or of prices, that is done first.

    Args:
        collect: prices are fetched now, wherever older ones are.

    Raises:
        ContractError: rows break the contract; nothing is written.
        PipelineError: raw files, or what is made of them, are at fault; nothing is written.
    """
    built = None
    if is_made(project, source):
        built = (
            run_pipeline(project, places, created=created, progress=progress)
            if project.pipeline
            else _run_prices(project, places, created=created, collect=collect)
        )
    return _kept(project, places, source, built, created=created)


def newest(project: Project, places: Places, *, created: datetime) -> Prepared:
    """A snapshot of the data set that stands, where Zelo makes the first source; nothing is made anew.

    Raises:
        SourceError: no data set was made yet.
        ContractError: rows break the contract; nothing is written.
    """
    return _kept(project, places, next(iter(project.data.sources)), None, created=created)


def _kept(
    project: Project, places: Places, source: str, built: Built | None, *, created: datetime
) -> Prepared:
    located, checked = check_source(project, source, places)
    _refuse(checked, located.path.name)
    before = latest_snapshot(places.snapshots, project.name)
    snapshot = write_snapshot(
        checked.frame, project=project, root=places.snapshots, sources=[located], created=created
    )
    notes = [located.note] if located.note and not built else []
    if before is not None and before.parent is not None and snapshot.created > before.created:
        lost = ", ".join(entry["file"] for entry in before.sources[1:])
        notes.append(f"it does not hold the rows added to snapshot {before.hash[:16]}: append {lost} again")
    return Prepared(snapshot, (*notes, *_notes(checked, project)), built)


def run_pipeline(
    project: Project,
    places: Places,
    *,
    created: datetime,
    progress: Progress,
    until: Stage | None = None,
    rows: int = 0,
) -> Built:
    """The project's pipeline, from its raw files on; see :func:`zelo.data.pipeline.run.build`."""
    return build(
        project,
        folder=places.folder,
        data_dir=places.data_dir,
        downloads=places.downloads,
        datasets=places.datasets,
        engine=places.engine,
        created=created,
        progress=progress,
        until=until,
        rows=rows,
    )


def _run_prices(project: Project, places: Places, *, created: datetime, collect: bool) -> Built:
    return build_prices(
        project,
        folder=places.folder,
        data_dir=places.data_dir,
        downloads=places.downloads,
        datasets=places.datasets,
        offline=places.offline,
        created=created,
        collect_now=collect,
    )


def current(project: Project, places: Places, *, created: datetime) -> Prepared:
    """The latest snapshot under the contract of today; made from the sources where there is none."""
    latest = latest_snapshot(places.snapshots, project.name)
    if latest is not None and latest.contract == contract_hash(project):
        return Prepared(latest)
    return prepare(project, places, created=created)


def append(project: Project, path: Path, places: Places, *, created: datetime) -> Prepared:
    """The current snapshot with the labelled rows of a new file below it; the old one stays as it is.

    Raises:
        SourceError: the file cannot be read, or the project's rows are made of raw files.
        ContractError: rows break the contract; nothing is written.
    """
    if project.is_made:
        raise SourceError(
            f"rows cannot be appended: this project's come from its {_maker(project)}",
            where=project.name,
            found=str(path),
            expected="new files among the raw data",
            hint=f"put the file there, then: zelo data {project.name}",
        )
    parent = current(project, places, created=created)
    source = new_file(project, path)
    checked = check_table(
        read_table(path, source), project, file=path.name, labelled=True, decimal=source.decimal
    )
    _refuse(checked, path.name)
    located = Located(path, "project", sha256_of(path), synthetic=False, publisher=None, licence=None)
    snapshot, repeated = append_rows(
        parent.snapshot,
        checked.frame,
        project=project,
        root=places.snapshots,
        sources=[located],
        created=created,
        file=path.name,
    )
    notes = (*parent.notes, *_notes(checked, project))
    if repeated:
        some = f"{len(repeated)} of {len(checked.frame)} rows of {path.name}"
        notes = (*notes, f"{some} have a key that is there already; not added")
    return Prepared(snapshot, notes)


def new_file(project: Project, path: Path) -> Source:
    """A file that a person brings, read as the project's first source is.

    Raises:
        SourceError: there is no such file.
    """
    if not path.is_file():
        raise SourceError(
            "no such file",
            where=str(path),
            found="a folder" if path.is_dir() else "nothing",
            expected="a CSV, Parquet or Excel file",
            hint="look at the path",
        )
    return project.source(next(iter(project.data.sources))).model_copy(update={"file": path.name})


def _maker(project: Project) -> str:
    return "pipeline" if project.pipeline else "prices"


def _made(project: Project, name: str, places: Places) -> Located:
    dataset = latest_dataset(places.datasets, project.name)
    if dataset is None:
        raise SourceError(
            f"no data set was made of the project's {_maker(project)} yet",
            where=str(places.datasets / project.name),
            found="no data set",
            expected="one made of the raw files",
            hint=f"zelo data {project.name} makes it",
        )
    source = project.source(name)
    return Located(
        path=dataset.rows,
        origin=dataset.run["origin"],
        sha256=sha256_of(dataset.rows),
        synthetic=dataset.synthetic,
        publisher=None if dataset.synthetic else source.publisher,
        licence=None if dataset.synthetic else source.licence,
        note=f"made by the {_maker(project)}: data set {dataset.name}",
    )


def _notes(checked: Checked, project: Project) -> Iterator[str]:
    target = project.task.target
    if checked.left_out:
        yield f"{checked.left_out} rows were left out by their {target}"
    if checked.others:
        yield f"{checked.others} rows have a {target} that is no class and no spelling: {project.task.other}"
    for name in checked.absent:
        yield f"there is no column {project.column_of(name)!r}: {name} is missing in every row"


def _refuse(checked: Checked, file: str) -> None:
    if checked.bad_rows:
        raise ContractError(
            f"{len(checked.bad_rows)} value(s) of {checked.rows_read} rows break the contract",
            bad_rows=checked.bad_rows,
            where=file,
        )
