"""Evidence: one record for each registration, promotion and rollback, chained by hash."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zelo.errors import RegistryError

HEAD = "HEAD"
"""The number and the hash of the last record, so that a change of the last one is found as well."""


def append_evidence(registry: Path, project: str, facts: Mapping[str, Any]) -> Path:
    """Write the next record, with the hash of the one before it, whole or not at all.

    Raises:
        RegistryError: another process wrote the same number first, or the chain is damaged.
    """
    folder = _folder(registry, project)
    folder.mkdir(parents=True, exist_ok=True)
    if problems := broken_links(registry, project):
        raise RegistryError(
            "the chain of evidence is damaged; nothing is added to it",
            where=str(folder),
            found="; ".join(problems),
            expected="every record as it was written",
            hint="restore the folder from a copy; zelo verify tells whether it is whole",
        )
    records = _files(folder)
    number = len(records) + 1
    previous = _hash(records[-1]) if records else None
    record = {**facts, "sequence": number, "project": project, "previous": previous}
    path = folder / f"{number:04d}.json"
    written = _write(path, json.dumps(record, indent=2, ensure_ascii=False, sort_keys=True))
    try:
        os.link(written, path)
    except FileExistsError as error:
        raise RegistryError(
            "another process wrote evidence at the same time",
            where=str(path),
            expected="one promotion of a project at a time",
            hint="look at zelo history, then try again",
        ) from error
    finally:
        written.unlink()
    os.replace(_write(folder / HEAD, f"{number} {_hash(path)}\n"), folder / HEAD)
    return path


def read_evidence(registry: Path, project: str) -> list[dict[str, Any]]:
    """The records, oldest first.

    Raises:
        RegistryError: a record is no JSON.
    """
    records = []
    for path in evidence_files(registry, project):
        try:
            records.append(json.loads(path.read_text(encoding="utf-8")))
        except ValueError as error:
            raise RegistryError(
                "a record of evidence is damaged", where=str(path), found=str(error)
            ) from error
    return records


def broken_links(registry: Path, project: str) -> list[str]:
    """What is wrong with the chain, in words; empty where it is whole."""
    problems = []
    previous = None
    for number, path in enumerate(evidence_files(registry, project), start=1):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            problems.append(f"{path.name}: not JSON")
            record = {}
        if path.name != f"{number:04d}.json" or record.get("sequence") != number:
            problems.append(f"{path.name}: expected record {number}")
        if record.get("previous") != previous:
            problems.append(f"{path.name}: the hash of the record before it does not match")
        previous = _hash(path)
    return problems + _head_problems(_folder(registry, project))


def evidence_files(registry: Path, project: str) -> list[Path]:
    """The records' files, oldest first."""
    return _files(_folder(registry, project))


def _head_problems(folder: Path) -> list[str]:
    """A record above the head is what a process left that ended between the two writes; none may lack."""
    files = _files(folder)
    try:
        number, digest = (folder / HEAD).read_text(encoding="utf-8").split()
        last = files[int(number) - 1]
    except FileNotFoundError:
        return [f"{HEAD} is missing"] if len(files) > 1 else []
    except (ValueError, IndexError):
        return [f"{HEAD} names a record that is not there"]
    if _hash(last) != digest or len(files) > int(number) + 1:
        return [f"{last.name}: not the record that {HEAD} names"]
    return []


def _write(path: Path, text: str) -> Path:
    """The text in a file of its own beside ``path``, on the disk."""
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with temporary.open("w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _folder(registry: Path, project: str) -> Path:
    return registry / project / "evidence"


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("[0-9]*.json"))


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
