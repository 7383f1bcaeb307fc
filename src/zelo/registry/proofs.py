"""From an answer to its proof: the record of evidence that put its version in service."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from zelo.errors import UnknownError
from zelo.registry.evidence import broken_links, evidence_files

Record = Mapping[str, Any]


class Proofs:
    """A project's records of evidence by version and by number. Thread-safe.

    What is no record any more proves nothing, and is passed over: :meth:`proof` tells of it.
    """

    def __init__(self, registry: Path, project: str) -> None:
        self._registry = registry
        self._project = project
        self._read: tuple[tuple[str, ...], dict[int, Record]] = ((), {})

    def number(self, version: str, at: datetime) -> int | None:
        """The last record about a version at or before a moment; ``None`` where there is none.

        It tells why the version answered then: a promotion, a rollback, or a share of the traffic.
        """
        found = [
            number
            for number, record in self._records().items()
            if record.get("version") == version and datetime.fromisoformat(record["at"]) <= at
        ]
        return max(found, default=None)

    def registered(self, version: str) -> Record | None:
        """The first record about a version: its registration. ``None`` where there is none."""
        return next((one for one in self._records().values() if one.get("version") == version), None)

    def proof(self, number: int) -> dict[str, Any]:
        """A record, its sha256, and whether the chain is whole.

        Raises:
            UnknownError: there is no such record.
        """
        files = evidence_files(self._registry, self._project)
        if not 0 < number <= len(files):
            raise UnknownError(
                "no such record of evidence",
                where=self._project,
                found=str(number),
                expected=f"a number from 1 to {len(files)}" if files else "no record yet",
            )
        problems = broken_links(self._registry, self._project)
        record = _read(files[number - 1])
        return {
            "number": number,
            "sha256": hashlib.sha256(files[number - 1].read_bytes()).hexdigest(),
            "bundle_hash": record.get("bundle_hash") if record else None,
            "chain": {"holds": not problems, "records": len(files), "problems": problems},
            "record": record,
        }

    def _records(self) -> dict[int, Record]:
        """By number. A record is written once, so they are read again only where there are others."""
        files = evidence_files(self._registry, self._project)
        names = tuple(path.name for path in files)
        if names != self._read[0]:
            found = {number: _read(path) for number, path in enumerate(files, start=1)}
            self._read = names, {number: record for number, record in found.items() if record is not None}
        return self._read[1]


def _read(path: Path) -> Record | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return None
    return found if isinstance(found, dict) and {"version", "at"} <= found.keys() else None
