"""Tables and figures as Markdown, for the model card."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import floor, isnan, log10

from zelo.stats.bootstrap import Interval


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Rows of cells below their heads; a bar in a cell would end it."""
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    lines += [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows]
    return "\n".join(lines)


def share(found: Interval) -> str:
    """A share with its interval."""
    return "–" if isnan(found.value) else f"{found.value:.2f} [{found.low:.2f}, {found.high:.2f}]"


def measure(value: float) -> str:
    """A number in the target's unit: three digits that count, one after the point at least."""
    if isnan(value):
        return "–"
    digits = 1 if value == 0 else min(max(2 - floor(log10(abs(value))), 1), 6)
    return f"{value:.{digits}f}"


def p(value: float) -> str:
    """A p-value; a dash where there is no test."""
    return "–" if isnan(value) else f"{value:.3f}"
