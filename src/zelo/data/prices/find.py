"""Where a project's daily prices are: its own file, a collection, the data folder's, or generated ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

from zelo.data.pipeline.raw import TABLES, RawData, RawFile, generated, stamp_of, taken
from zelo.data.prices.collect import Collected, Fetch, collect, latest_collection
from zelo.data.prices.read import read_prices
from zelo.data.sources import Origin, sha256_of
from zelo.errors import SourceError
from zelo.spec.project import Project, Source
from zelo.spec.series_rules import PRICE_DATE

TABLE = "prices"
COLLECTED = "prices"
"""The folder of collections among the downloads."""


def find_prices(
    project: Project,
    *,
    folder: Path,
    data_dir: Path | None,
    downloads: Path,
    offline: bool,
    collect_now: bool,
    now: dt.datetime,
    fetch: Fetch | None = None,
) -> tuple[RawData, tuple[str, ...]]:
    """The one file of prices, hashed, and what to tell of it.

    The places, in order: ``folder/data/raw`` or the newest collection, whichever has the newer last day (the
    first where both end alike), ``data_dir/<project>`` (or ``data.folder``), a collection of now unless
    ``offline``, and what ``generate_files(folder, seed)`` of ``folder/dataset.py`` makes. With
    ``collect_now`` it is a collection of now. Of several files in one place the last by name is taken.

    Raises:
        SourceError: no place has one, or none can be collected.
        PipelineError: two files are to be compared, and one is no table of prices.
    """
    prices = project.prices
    assert prices is not None
    kept = downloads / COLLECTED

    def from_yahoo() -> tuple[RawData, tuple[str, ...]]:
        return _collected(collect(prices.ticker, kept, now=now, since=prices.since, fetch=fetch))

    if collect_now and offline:
        raise _offline(project)
    if collect_now:
        return from_yahoo()
    own = folder / "data" / "raw"
    before = latest_collection(prices.ticker, kept, since=prices.since)
    if paths := taken(own, prices.files):
        return _newer(project, _chosen(own, paths, "project"), before)
    if before is not None:
        return _collected(before)
    data = None if data_dir is None else data_dir / (project.data.folder or project.name)
    if data is not None and (paths := taken(data, prices.files)):
        return _chosen(data, paths, "data_dir")
    generator = folder / "dataset.py"
    reason = "nothing was collected (offline)"
    if not offline:
        try:
            return from_yahoo()
        except SourceError as error:
            if not generator.is_file():
                raise
            reason = f"{error.where}: {error.what} ({error.found})"
    if generator.is_file():
        root = generated(generator, project, downloads / "generated")
        raw, _ = _chosen(root, taken(root, prices.files), "generator")
        return raw, (f"{reason}; the data are SYNTHETIC",)
    raise _nowhere(project, reason, own, *([data] if data else []), generator)


def written_as(project: Project, origin: Origin) -> Source | None:
    """How a file of prices is written: as the project says of its source; a collection, as we wrote it."""
    return None if origin == "publisher" else project.source(next(iter(project.data.sources)))


def not_named(project: Project, folder: Path) -> Iterator[str]:
    """A note for each table in ``folder/data/raw`` that somebody may believe to be read."""
    assert project.prices is not None
    root, pattern = folder / "data" / "raw", project.prices.files
    named = set(taken(root, pattern))
    for path in sorted(root.glob("*")):
        table = path.name.lower().removesuffix(".gz").endswith(TABLES)
        if table and path.is_file() and path not in named and not path.name.startswith((".", "~$")):
            yield f"not read, its name is not {pattern}: {path.name}"


def _newer(
    project: Project, own: tuple[RawData, tuple[str, ...]], before: Collected | None
) -> tuple[RawData, tuple[str, ...]]:
    """The project's own file, unless the collection has later days."""
    if before is None:
        return own
    (file,) = own[0].files
    last = read_prices(file.path, written_as(project, "project"))[PRICE_DATE].max()
    if last >= read_prices(before.path)[PRICE_DATE].max():
        return own
    raw, notes = _collected(before)
    return raw, (*notes, f"not read, its last day, {last:%Y-%m-%d}, is before the collection's: {file.name}")


def _offline(project: Project) -> SourceError:
    return SourceError(
        "prices cannot be collected offline",
        where=f"prices of {project.name}",
        found="ZELO_OFFLINE is set",
        expected="a network, and leave to use it",
        hint="unset ZELO_OFFLINE, or leave --collect out",
    )


def _nowhere(project: Project, found: str, own: Path, *others: Path) -> SourceError:
    assert project.prices is not None
    return SourceError(
        "the prices are nowhere to be found",
        where=f"prices of {project.name}",
        found=found,
        expected=f"{project.prices.files} in one of: {', '.join(map(str, (own, *others)))}",
        hint=f"put a file into {own}, set ZELO_DATA_DIR, or: zelo data {project.name} --collect",
    )


def _chosen(root: Path, paths: list[Path], origin: Origin) -> tuple[RawData, tuple[str, ...]]:
    *others, path = paths
    older = tuple((other.relative_to(root).as_posix(), "an older file of prices") for other in others)
    name = path.relative_to(root).as_posix()
    stamp = stamp_of(path)
    file = RawFile(TABLE, path, name, sha256_of(path), stamp)
    return RawData(root, origin, (file,), older), tuple(f"not read, {why}: {name}" for name, why in older)


def _collected(found: Collected) -> tuple[RawData, tuple[str, ...]]:
    name = found.path.relative_to(found.path.parents[2]).as_posix()
    file = RawFile(TABLE, found.path, name, found.sha256, stamp_of(found.path))
    note = f"prices as Yahoo Finance had them on {found.day}"
    return RawData(found.path.parent, "publisher", (file,), ()), (note,)
