"""A fault, and the columns that say where each row came from."""

from __future__ import annotations

from dataclasses import dataclass

FILE, SHEET = "file__", "sheet__"
"""Beside ``row__``: the file's name below the raw data, and the sheet of a workbook."""
WHOLE_FILE, WHOLE_ROW = "(the file)", "(the row)"
"""What stands in the place of a column where a file or a row cannot be read into cells."""


@dataclass(frozen=True)
class Fault:
    """What is wrong, and where: a cell, a row, a file, or a week (then ``row`` is its first day)."""

    file: str
    sheet: str
    row: str
    column: str
    found: str
    expected: str

    def __str__(self) -> str:
        sheet = f" [{self.sheet}]" if self.sheet else ""
        row = f", row {self.row}" if self.row else ""
        return f"{self.file}{sheet}{row}, {self.column}: found {self.found}; expected {self.expected}"
