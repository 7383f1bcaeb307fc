"""Two columns of words that a project keeps in a CSV beside its project.yaml."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zelo.errors import SpecError

KEYS = (
    ("text", "abbreviations"),
    ("text", "descriptions"),
    ("text", "augmentation", "synonyms"),
    ("task", "spellings"),
)
"""Where a project.yaml may name a CSV in place of the table itself."""
MAX_ROWS = 20_000


def with_tables(document: Mapping[str, Any], folder: Path) -> Mapping[str, Any]:
    """The document with each named CSV's rows in the place of its name.

    Raises:
        SpecError: the file is missing, no UTF-8, or holds other than a header and two columns of words.
    """
    for key in KEYS:
        node: Any = document
        for step in key[:-1]:
            node = node.get(step) if isinstance(node, dict) else None
        if isinstance(node, dict) and isinstance(name := node.get(key[-1]), str):
            node[key[-1]] = _read(folder / name, ".".join(key))
    return document


def _read(path: Path, key: str) -> dict[str, str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.reader(stream, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SpecError(
            f"the table of {key} cannot be read",
            where=str(path),
            found=f"{type(error).__name__}: {error}",
            expected="a CSV in UTF-8 beside project.yaml: a header, then two columns",
            hint="put it there, or write the table itself in project.yaml",
        ) from error
    table: dict[str, str] = {}
    for line, row in enumerate(rows[1:], start=2):
        words = [cell.strip() for cell in row]
        if not any(words):
            continue
        if len(words) != 2 or not all(words):
            raise _broken(path, line, key, ", ".join(row), "two cells, neither empty")
        if table.setdefault(words[0], words[1]) != words[1]:
            raise _broken(path, line, key, f"{words[0]!r} again, as {words[1]!r}", "each entry once")
        if len(table) > MAX_ROWS:
            raise _broken(path, line, key, f"more than {MAX_ROWS} rows", f"at most {MAX_ROWS}")
    return table


def _broken(path: Path, line: int, key: str, found: str, expected: str) -> SpecError:
    return SpecError(
        f"the table of {key} is not valid",
        where=f"{path}:{line}",
        found=found,
        expected=expected,
        hint="mend that line; a cell with a comma in it needs quotes",
    )
