"""Drift that somebody chose: its kind, its size, and its part of a run."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from zelo.errors import SpecError
from zelo.spec.project import Column, Project

Kind = Literal["shift", "spread", "swap", "missing", "correlation", "words", "labels", "truth"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_SHARES = ("swap", "missing", "correlation", "words", "labels", "truth")


@dataclass(frozen=True)
class Change:
    """What changes, and in which part of a run.

    ``size`` is of a shift in standard deviations, of a spread the factor of the deviations, of all others a
    share of the rows: ``swap`` writes the rarest category in place of the most frequent one, ``missing``
    leaves the value out, ``correlation`` takes the value of another row, ``words`` writes words that nobody
    knows, ``labels`` adds so much to the positive (else: the rarest) class' share among the rows drawn, and
    ``truth`` makes another outcome of the same inputs (of a value: moves it by so many deviations).
    ``start`` and ``end`` are shares of the run: a burst has both.
    """

    kind: Kind
    size: float
    field: str | None = None
    start: float = 0.0
    end: float = 1.0

    def holds(self, progress: float) -> bool:
        """Whether it is there after that share of the run."""
        return self.start <= progress < self.end


def refuse_change(change: Change, project: Project) -> None:
    """Refuse what cannot be done to this project's rows.

    Raises:
        SpecError: no such field, a kind that does not fit it, or a size out of range.
    """
    if change.kind in ("labels", "truth"):
        if change.kind == "labels" and not project.classes:
            _refuse("--drift", "labels", "another kind: a value has no classes")
        if change.field is not None:
            _refuse("--field", change.field, f"none: {change.kind} is about the outcomes")
    else:
        _refuse_field(change, project)
    is_share = change.kind in _SHARES and (change.kind != "truth" or bool(project.classes))
    if not math.isfinite(change.size) or (is_share and not 0 < change.size <= 1):
        _refuse("--size", f"{change.size:g}", "a share above 0, at most 1" if is_share else "a finite number")
    if not 0 <= change.start < change.end <= 1:
        found = f"from {change.start:g} to {change.end:g}"
        _refuse("--onset and --end", found, "shares of the run, the first below the second")


def _refuse_field(change: Change, project: Project) -> None:
    known = {name: field for name, field in project.data.fields.items() if field.use == "input"}
    if project.forecast:
        known[project.history_name] = project.lags[project.lag(1)]
    field = known.get(change.field or "")
    if field is None:
        _refuse("--field", change.field or "nothing", f"one of {', '.join(known)}")
    elif not _fits(change.kind, field):
        fitting = ", ".join(kind for kind in KINDS if _fits(kind, field))
        _refuse("--drift", change.kind, f"a kind for {change.field}, of type {field.type}: {fitting}")


def _fits(kind: Kind, field: Column) -> bool:
    wanted: dict[Kind, bool] = {
        "shift": field.is_numeric,
        "spread": field.is_numeric,
        "swap": field.type == "category",
        "missing": field.missing == "allowed",
        "correlation": True,
        "words": field.type == "text",
    }
    return wanted.get(kind, False)


def _refuse(where: str, found: str, expected: str) -> None:
    raise SpecError("such drift cannot be simulated", where=where, found=found, expected=expected)
