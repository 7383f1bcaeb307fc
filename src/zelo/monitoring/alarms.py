"""What a person has to look at: the reasons for which ``zelo monitor`` exits 1."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

Code = Literal["rows_dropped", "data_stale", "run_failed", "run_late", "run_never"]


@dataclass(frozen=True)
class Alarm:
    """``about`` is a raw table or a command; ``on``, ``found`` and ``expected`` are what the code tells."""

    code: Code
    about: str
    on: date | None = None
    found: float | None = None
    expected: float | None = None
