"""Snapshots: immutable data sets, named by the hash of what is in them."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from zelo.data.contract import ROW, BadRow
from zelo.data.folder import sync
from zelo.data.sources import Located
from zelo.errors import DataError
from zelo.spec.project import Project

BATCH = "batch__"
DATA_FILE, META_FILE = "data.parquet", "snapshot.json"
SHORT = 16


@dataclass(frozen=True)
class Snapshot:
    """A data set on disk.

    ``hash`` is over its columns, types and values, whatever wrote the file, and over the contract that it
    was checked against: the same rows under another contract are another snapshot.
    """

    hash: str
    path: Path
    rows: int
    synthetic: bool
    sources: tuple[dict[str, Any], ...]
    parent: str | None
    created: dt.datetime
    contract: str

    def frame(self) -> pd.DataFrame:
        """The rows as they were written, with ``batch__``: 0 for the first load, +1 for each append.

        Raises:
            DataError: the file is missing, cut short, or holds other values than its hash says.
        """
        path = self.path / DATA_FILE
        try:
            frame = pd.read_parquet(path)
        except (OSError, pa.ArrowInvalid) as error:
            raise _damaged(path, f"{type(error).__name__}: {str(error).splitlines()[0]}") from error
        if (found := content_hash(frame, self.contract)) != self.hash:
            raise _damaged(path, f"content hash {found}", expected=f"content hash {self.hash}")
        return frame


def write_snapshot(
    frame: pd.DataFrame,
    *,
    project: Project,
    root: Path,
    sources: Sequence[Located],
    created: dt.datetime,
    parent: Snapshot | None = None,
) -> Snapshot:
    """Write the frame to ``root/<project>/<first 16 of the hash>``; the same content is the same snapshot.

    All or nothing: a reader sees the whole snapshot or none. ``created`` has a time zone.

    Raises:
        DataError: the frame holds no row, or the disk refuses it.
    """
    if frame.empty:
        raise DataError(
            "a snapshot needs rows", where=project.name, found="none", expected="at least one good row"
        )
    frame = frame if BATCH in frame.columns else frame.assign(**{BATCH: np.int64(0)})
    contract = contract_hash(project)
    content = content_hash(frame, contract)
    folder = root / project.name / content[:SHORT]
    if not folder.exists():
        described = [_description(source) for source in sources]
        meta = {
            "hash": content,
            "project": project.name,
            "rows": len(frame),
            "created": created.astimezone(dt.UTC).isoformat(),
            "synthetic": any(source.synthetic for source in sources)
            or (parent is not None and parent.synthetic),
            "sources": [*(parent.sources if parent else ()), *described],
            "parent": parent.hash if parent else None,
            "contract": contract,
        }
        _write(folder, frame, meta)
    return _read(folder)


def append_rows(
    parent: Snapshot,
    frame: pd.DataFrame,
    *,
    project: Project,
    root: Path,
    sources: Sequence[Located],
    created: dt.datetime,
    file: str,
) -> tuple[Snapshot, tuple[BadRow, ...]]:
    """The parent's rows, as they are, and below them those of ``frame`` as the next batch.

    A row whose key the parent already has is not appended but returned as bad. Where no row is left, the
    snapshot is the parent itself. ``sources`` are those of the new rows; ``file`` names them in the bad rows.

    Raises:
        DataError: as :func:`write_snapshot`, or the columns are not the parent's.
    """
    old = parent.frame()
    if [*frame.columns, BATCH] != list(old.columns):
        raise DataError(
            "the new rows have other columns than the snapshot",
            where=file,
            found=", ".join(frame.columns),
            expected=", ".join(old.columns.drop(BATCH)),
            hint="the contract changed since: make a new snapshot from the sources",
        )
    bad_rows: tuple[BadRow, ...] = ()
    if (key := project.data.key) is not None:
        known = frame[key].isin(old[key])
        bad_rows = tuple(
            BadRow(
                file, int(row), key, repr(value), f"a key that is not yet in snapshot {parent.hash[:SHORT]}"
            )
            for row, value in zip(frame.loc[known, ROW], frame.loc[known, key], strict=True)
        )
        frame = frame[~known]
    if frame.empty:
        return parent, bad_rows
    new = frame.assign(**{BATCH: np.int64(old[BATCH].max() + 1)})
    both = pd.concat([old, new], ignore_index=True)
    snapshot = write_snapshot(
        both, project=project, root=root, sources=sources, created=created, parent=parent
    )
    return snapshot, bad_rows


def latest_snapshot(root: Path, project_name: str) -> Snapshot | None:
    """The snapshot that was made last; ``None`` where there is none."""
    found = [_read(meta.parent) for meta in (root / project_name).glob(f"[0-9a-f]*/{META_FILE}")]
    return max(found, key=lambda snapshot: (snapshot.created, snapshot.rows), default=None)


def read_snapshot(root: Path, project_name: str, digest: str) -> Snapshot:
    """The snapshot of a hash, whole or its first 16 digits.

    Raises:
        DataError: there is none.
    """
    snapshot = _read(root / project_name / digest[:SHORT])
    if not snapshot.hash.startswith(digest):
        raise DataError(
            "no such snapshot",
            where=str(root / project_name),
            found=f"{snapshot.hash}",
            expected=f"hash {digest}",
        )
    return snapshot


def content_hash(frame: pd.DataFrame, contract: str = "") -> str:
    """SHA-256 (64 hex) over the contract's hash, columns, types and values.

    Missing values and zeros of either sign are alike.
    """
    digest = hashlib.sha256(f"zelo snapshot 1, {len(frame)} rows, contract {contract}\n".encode())
    for name in frame.columns:
        kind, chunks = _canonical(frame[name])
        digest.update(f"{name}\0{kind}\0".encode())
        for chunk in chunks:
            digest.update(chunk)
    return digest.hexdigest()


def contract_hash(project: Project) -> str:
    """SHA-256 over the key, the fields and the task, without the words that no row is checked against."""
    fields = project.fields.items()
    parts = {
        "key": project.data.key,
        "fields": {
            name: field.model_dump(mode="json", exclude={"meaning", "example", "actionable"})
            for name, field in fields
        },
        "task": project.task.model_dump(mode="json", exclude={"meaning"}),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _canonical(column: pd.Series[Any]) -> tuple[str, tuple[bytes, ...]]:
    if pd.api.types.is_datetime64_any_dtype(column):
        return "datetime", (column.to_numpy("datetime64[us]").astype("<i8").tobytes(),)
    if pd.api.types.is_integer_dtype(column):
        return "integer", (column.to_numpy("<i8").tobytes(),)
    if pd.api.types.is_float_dtype(column):
        values = column.to_numpy("<f8", copy=True) + 0.0
        values[np.isnan(values)] = np.nan
        return "number", (values.tobytes(),)
    texts = [str(text).encode() for text in column]
    # Lengths beside the texts: without them, "ab", "c" and "a", "bc" would be alike.
    return "text", (np.array([len(text) for text in texts], "<i8").tobytes(), b"".join(texts))


def _description(source: Located) -> dict[str, Any]:
    # The path stays out: it says something about one machine alone.
    return {"file": source.path.name} | {key: value for key, value in asdict(source).items() if key != "path"}


def _write(folder: Path, frame: pd.DataFrame, meta: dict[str, Any]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = folder.parent / f".writing-{uuid.uuid4().hex}"
    with _clean_on_failure(work, folder):
        work.mkdir()
        frame.to_parquet(work / DATA_FILE, index=False)
        (work / META_FILE).write_text(json.dumps(meta, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        for path in (work / DATA_FILE, work / META_FILE, work):
            sync(path)
        if not folder.exists():
            work.rename(folder)
            sync(folder.parent)


@contextmanager
def _clean_on_failure(work: Path, folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        # Another process may have written the same content first.
        if not (folder / META_FILE).exists():
            raise DataError(
                "the snapshot could not be written; nothing was left half written",
                where=str(folder),
                found=f"{type(error).__name__}: {error}",
                expected="room on the disk and leave to write",
                hint="free some space, or set ZELO_HOME to another disk",
            ) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _read(folder: Path) -> Snapshot:
    path = folder / META_FILE
    try:
        meta = json.loads(path.read_text(encoding="utf-8"))
        return Snapshot(
            hash=meta["hash"],
            path=folder,
            rows=meta["rows"],
            synthetic=meta["synthetic"],
            sources=tuple(meta["sources"]),
            parent=meta["parent"],
            created=dt.datetime.fromisoformat(meta["created"]),
            contract=meta["contract"],
        )
    except FileNotFoundError as error:
        raise DataError(
            "no such snapshot",
            where=str(folder),
            found="no " + META_FILE,
            expected="a snapshot's folder",
            hint="zelo data makes one",
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(path, f"{type(error).__name__}: {error}") from error


def _damaged(path: Path, found: str, expected: str = "the file as it was written") -> DataError:
    return DataError(
        "the snapshot is missing, cut short or changed",
        where=str(path),
        found=found,
        expected=expected,
        hint="restore it from a copy, or delete its folder and make it again from the sources",
    )
