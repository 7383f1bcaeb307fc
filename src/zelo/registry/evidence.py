"""Evidence: one record for each registration, promotion and rollback, chained by hash."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zelo.errors import RegistryError


def append_evidence(registry: Path, project: str, facts: Mapping[str, Any]) -> Path:
    """Write the next record, with the hash of the one before it.

    Raises:
        RegistryError: another process wrote the same number first, or the chain is damaged.
    """
    folder = _folder(registry, project)
    folder.mkdir(parents=True, exist_ok=True)
    records = _files(folder)
    number = len(records) + 1
    previous = _hash(records[-1]) if records else None
    record = {**facts, "sequence": number, "project": project, "previous": previous}
    path = folder / f"{number:04d}.json"
    try:
        with path.open("x", encoding="utf-8") as stream:
            json.dump(record, stream, indent=2, ensure_ascii=False, sort_keys=True)
            stream.flush()
            os.fsync(stream.fileno())
    except FileExistsError as error:
        raise RegistryError(
            "another process wrote evidence at the same time",
            where=str(path),
            expected="one promotion of a project at a time",
            hint="look at zelo history, then try again",
        ) from error
    return path


def read_evidence(registry: Path, project: str) -> list[dict[str, Any]]:
    """The records, oldest first.

    Raises:
        RegistryError: a record is no JSON.
    """
    records = []
    for path in _files(_folder(registry, project)):
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
    for number, path in enumerate(_files(_folder(registry, project)), start=1):
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
    return problems


def _folder(registry: Path, project: str) -> Path:
    return registry / project / "evidence"


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("[0-9]*.json"))


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
