"""The report's words and numbers as the project's language writes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from zelo.profiling.english import ENGLISH
from zelo.profiling.facts import Finding
from zelo.profiling.portuguese import PORTUGUESE

NOTHING = "–"
PHRASES = {"pt-BR": PORTUGUESE, "en": ENGLISH}
MONTHS = {
    "pt-BR": ("jan", "fev", "mar", "abr", "mai", "jun", "jul", "ago", "set", "out", "nov", "dez"),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}
MOST_NAMES = 6
SHARES = frozenset({"share", "agreement"})
FIGURES = frozenset({"value"})


@dataclass(frozen=True)
class Words:
    """Called with a key, gives the language's phrase."""

    language: Literal["pt-BR", "en"]

    def __call__(self, key: str, **parts: Any) -> str:
        return PHRASES[self.language][key].format(**parts)

    def whole(self, value: float) -> str:
        """A count, with separators of thousands."""
        return self._localised(f"{value:,.0f}")

    def number(self, value: float | None, digits: int = 3) -> str:
        """A number of any size: whole numbers as they are, others with so many significant digits."""
        if value is None:
            return NOTHING
        if value % 1 == 0 and abs(value) < 1e12:
            return self.whole(value)
        if abs(value) >= 10 ** (digits - 1):
            decimals = 0 if abs(value) >= 10**digits else 1
            return self._localised(f"{value:,.{decimals}f}")
        return self._localised(f"{value:.{digits}g}")

    def exact(self, value: float) -> str:
        """A value of a row, with every digit that it was written with."""
        return self._localised(f"{value:,.12g}")

    def decimal(self, value: float, digits: int = 2) -> str:
        """A number with so many decimals."""
        return self._localised(f"{value:.{digits}f}")

    def percent(self, share: float | None) -> str:
        """A share in percent; above 0 never written as 0."""
        if share is None:
            return NOTHING
        return self._localised("<0.1 %" if 0 < share < 0.001 else f"{100 * share:.1f} %")

    def day(self, text: str) -> str:
        """A day in ISO 8601 as people write it."""
        day = date.fromisoformat(text[:10])
        if self.language == "pt-BR":
            return f"{day.day:02d}/{day.month:02d}/{day.year}"
        return f"{day.day} {MONTHS['en'][day.month - 1]} {day.year}"

    def period(self, text: str, by: str) -> str:
        """The day, month or year that begins at a day in ISO 8601."""
        day = date.fromisoformat(text)
        month = MONTHS[self.language][day.month - 1]
        return {"day": f"{day.day} {month}", "month": f"{month} {day.year}", "year": str(day.year)}[by]

    def names(self, names: Sequence[str]) -> str:
        """Some names, the first ones where they are many."""
        more = len(names) - MOST_NAMES
        return ", ".join(names[:MOST_NAMES]) + (f" +{more}" if more > 0 else "")

    def sentence(self, finding: Finding) -> str:
        """A finding as people read it."""
        return self(finding.key, **{name: self._part(name, part) for name, part in finding.parts.items()})

    def _part(self, name: str, part: Any) -> str:
        if name == "names":
            return self.names(part)
        if name == "by":
            return self(f"{part}s")
        if name in SHARES:
            return self.percent(part)
        if name in FIGURES:
            return self.decimal(part)
        return part if isinstance(part, str) else self.number(part)

    def _localised(self, text: str) -> str:
        if text.startswith("-"):
            text = f"\N{MINUS SIGN}{text[1:]}" if text.strip("-0.,") else text[1:]
        return text.translate(str.maketrans(",.", ".,")) if self.language == "pt-BR" else text
