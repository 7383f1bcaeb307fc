"""Preparing a text: the same function in training, in serving and in every compiled model."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any, Self

from zelo.spec.project import Project

NOTHING = "-"
"""What a text without a letter or a digit becomes, so that every prepared text has a word."""
LONGEST_TEXT = 20_000
"""Characters that are read; the contract takes no longer text."""

_TAG = re.compile(r"<[^<>]{0,200}>")
_WORD = re.compile(r"[^\W_]+")
_TRAILING = ".,;:!?"


@cache
def _repair() -> Callable[[str], str]:
    """ftfy's, imported for the first text: a project without one starts a tenth of a second sooner."""
    from ftfy import TextFixerConfig, fix_text

    return partial(fix_text, config=TextFixerConfig(explain=False, unescape_html=True))


@dataclass(frozen=True)
class TextPreparation:
    """Encoding repaired, markup dropped, lower case, abbreviations written out, one space between words.

    ``abbreviations`` are looked up as written between spaces (``l/h``, ``p/``), and then word by word.
    Accents are folded (``pressão`` -> ``pressao``) where ``fold_accents`` says so.
    """

    abbreviations: Mapping[str, str] = field(default_factory=dict)
    fold_accents: bool = True

    def __post_init__(self) -> None:
        folded = {self._folded(short): self._folded(long) for short, long in self.abbreviations.items()}
        object.__setattr__(self, "_table", folded)

    @classmethod
    def of(cls, project: Project) -> Self:
        """As the project wants its texts prepared."""
        return cls(dict(project.text.abbreviations), project.text.accents == "folded")

    def apply(self, text: str) -> str:
        """The prepared text: words of letters and digits, never empty, at most 20,000 characters read."""
        repaired = _repair()(text[:LONGEST_TEXT])
        # A single character may stand for eighteen once it is normalised, so the text is cut again.
        folded = self._folded(_TAG.sub(" ", repaired))[:LONGEST_TEXT]
        written = " ".join(self._written_out(token) for token in folded.split())
        words = [self._table.get(word, word) for word in _WORD.findall(written)]
        return " ".join(words) or NOTHING

    def as_dict(self) -> dict[str, Any]:
        """For JSON: it travels inside the compiled model."""
        return {"abbreviations": dict(self.abbreviations), "fold_accents": self.fold_accents}

    def _folded(self, text: str) -> str:
        lower = unicodedata.normalize("NFKC", text).lower()
        if not self.fold_accents:
            return lower
        apart = unicodedata.normalize("NFKD", lower)
        return "".join(letter for letter in apart if not unicodedata.combining(letter))

    def _written_out(self, token: str) -> str:
        return self._table.get(token) or self._table.get(token.rstrip(_TRAILING)) or token

    _table: Mapping[str, str] = field(init=False, repr=False, compare=False)
