"""Data sets: what was made of raw files, weeks or days of prices, a folder each that is never changed."""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from zelo.data.folder import remove_unfinished, whole_folder
from zelo.data.pipeline.raw import RawData
from zelo.errors import DataError
from zelo.spec.project import Project

EDITION = 1
"""Of the pipeline's code: raised where the same raw files make another table."""
RUN_FILE, LATEST_FILE, LOCK_FILE = "run.json", "latest", ".lock"
SHORT = 12


@dataclass(frozen=True)
class Dataset:
    """A data set on disk. ``run`` is all that was recorded of the run that made it."""

    path: Path
    hash: str
    created: dt.datetime
    synthetic: bool
    run: dict[str, Any]

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def rows(self) -> Path:
        """The rows of the past, each with its target: weeks of a pipeline, or days of prices."""
        prices = self.path / "prices.parquet"
        return prices if prices.is_file() else self.path / "weekly.parquet"

    def read(self, name: Literal["rows", "coming", "daily"]) -> pd.DataFrame:
        """The rows, those to come with what is known of them, or a pipeline's days. Raises DataError."""
        path = self.rows if name == "rows" else self.path / f"{name}.parquet"
        try:
            return pyarrow.parquet.read_table(path).to_pandas(date_as_object=False)
        except (OSError, pa.ArrowInvalid) as error:
            raise _damaged(path, error) from error


def inputs_hash(project: Project, raw: RawData) -> str:
    """SHA-256 (64 hex) over all that decides the tables: the raw files and what project.yaml does to them."""
    made_by = project.pipeline or project.prices
    assert made_by is not None
    parts = {
        "edition": EDITION,
        "pipeline" if project.pipeline else "prices": made_by.model_dump(mode="json"),
        "target": project.task.target,
        "forecast": project.forecast.model_dump(mode="json") if project.forecast else None,
        "files": sorted([file.table, file.name, file.sha256] for file in raw.files),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def write_dataset(
    root: Path,
    project_name: str,
    digest: str,
    tables: Mapping[str, pa.Table],
    *,
    created: dt.datetime,
    run: Mapping[str, Any],
) -> Dataset:
    """Write ``root/<project>/<date>-<first 12 of the hash>``, a Parquet file a table; it stands from now on.

    All or nothing: a reader sees the whole data set or none. ``created`` has a time zone.

    Raises:
        OSError: the disk refuses it; nothing is left.
    """
    target = root / project_name / f"{created:%Y-%m-%d}-{digest[:SHORT]}"
    meta = {"hash": digest, "project": project_name, "created": created.astimezone(dt.UTC).isoformat(), **run}
    with whole_folder(target) as work:
        for name, table in tables.items():
            pyarrow.parquet.write_table(table, work / f"{name}.parquet")
        text = json.dumps(meta, indent=2, ensure_ascii=False)
        (work / RUN_FILE).write_text(f"{text}\n", encoding="utf-8")
    dataset = _read(target)
    let_stand(dataset)
    return dataset


def let_stand(dataset: Dataset) -> None:
    """Make it the one that :func:`latest_dataset` finds. Raises OSError."""
    pointer = dataset.path.parent / LATEST_FILE
    if pointer.is_file() and pointer.read_text(encoding="utf-8").strip() == dataset.name:
        return
    new = pointer.with_name(f".{LATEST_FILE}")
    with new.open("w", encoding="utf-8") as stream:
        stream.write(f"{dataset.name}\n")
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(pointer)


def latest_dataset(root: Path, project_name: str) -> Dataset | None:
    """The data set of the last run, be it old or new; ``None`` where there is none, or it was removed.

    It is not always the newest: where a file was added and taken away again, the one before stands.

    Raises:
        DataError: it is damaged.
    """
    pointer = root / project_name / LATEST_FILE
    if not pointer.is_file():
        return None
    folder = pointer.parent / pointer.read_text(encoding="utf-8").strip()
    return _read(folder) if folder.is_dir() else None


def find_dataset(root: Path, project_name: str, digest: str) -> Dataset | None:
    """The data set that was made of inputs with this hash; ``None`` where there is none. Raises DataError."""
    for meta in (root / project_name).glob(f"*-{digest[:SHORT]}/{RUN_FILE}"):
        if (dataset := _read(meta.parent)).hash == digest:
            return dataset
    return None


@contextmanager
def locked(root: Path, project_name: str) -> Iterator[None]:
    """One run of a project at a time; what a killed run left is removed. The lock ends with its process.

    Raises:
        DataError: another run is at work.
    """
    folder = root / project_name
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK_FILE).open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise DataError(
                "another run of this pipeline is at work",
                where=str(folder),
                found=f"process {lock.read().strip() or 'that has just begun'}",
                expected="one run at a time",
                hint="wait until it is done; nothing was changed",
            ) from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        remove_unfinished(folder)
        yield


def _read(folder: Path) -> Dataset:
    path = folder / RUN_FILE
    try:
        run = json.loads(path.read_text(encoding="utf-8"))
        return Dataset(
            path=folder,
            hash=run["hash"],
            created=dt.datetime.fromisoformat(run["created"]),
            synthetic=run["synthetic"],
            run=run,
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> DataError:
    return DataError(
        "the data set is missing, cut short or changed",
        where=str(path),
        found=f"{type(error).__name__}: {str(error).splitlines()[0]}",
        expected="the file as it was written",
        hint="delete its folder; zelo data makes it again from the raw files",
    )
