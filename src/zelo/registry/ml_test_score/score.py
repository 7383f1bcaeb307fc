"""The ML Test Score: 28 items in four sections, and the least of the sections' sums.

Source: Breck, Cai, Nielsen, Salib and Sculley, "The ML Test Score: a rubric for ML production readiness and
technical debt reduction", IEEE Big Data 2017.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from zelo.registry.ml_test_score import data, infrastructure, model, upkeep
from zelo.registry.ml_test_score.artefacts import Artefacts
from zelo.registry.ml_test_score.verdict import Check, Said, Verdict
from zelo.registry.ml_test_score.words import Words

SECTIONS: tuple[tuple[str, tuple[tuple[str, str, Check], ...]], ...] = (
    ("Features and data", data.ITEMS),
    ("Model development", model.ITEMS),
    ("Infrastructure", infrastructure.ITEMS),
    ("Monitoring", upkeep.ITEMS),
)
MEANINGS: tuple[tuple[float, str], ...] = (
    (0.0, "more of a research project than a production system"),
    (1.0, "not totally untested, but there may be serious holes"),
    (2.0, "a first pass at basic readiness; more investment may be needed"),
    (3.0, "reasonably tested; more of it may be automated"),
    (5.0, "a strong level of automated testing and monitoring"),
    (7.0, "an exceptional level of automated testing and monitoring"),
)
"""Up to which score each meaning goes, as the paper's table 1 has them."""


@dataclass(frozen=True)
class Item:
    """One of the 28, with its verdict."""

    code: str
    title: str
    verdict: Verdict


@dataclass(frozen=True)
class Section:
    """Seven items."""

    title: str
    items: tuple[Item, ...]

    @property
    def points(self) -> float:
        return sum(item.verdict.points for item in self.items)


@dataclass(frozen=True)
class Score:
    """The sections of one project."""

    project: str
    version: str | None
    sections: tuple[Section, ...]

    @property
    def points(self) -> float:
        """The final score: the least of the sections' sums, from 0 to 7."""
        return min(section.points for section in self.sections)

    @property
    def meaning(self) -> str:
        """What the paper says of such a score, in English."""
        return next(text for most, text in MEANINGS if self.points <= most)

    def as_dict(self, words: Words) -> dict[str, Any]:
        """For JSON, with the phrases in the words' language."""
        return {
            "project": self.project,
            "version": self.version,
            "score": self.points,
            "meaning": words(Said(self.meaning)),
            "sections": [
                {
                    "title": words(Said(section.title)),
                    "points": section.points,
                    "items": [_item(item, words) for item in section.items],
                }
                for section in self.sections
            ],
        }


def score(found: Artefacts) -> Score:
    """Every item from the artefacts alone; nothing is run, and what is not proven earns nothing."""
    sections = tuple(
        Section(title, tuple(Item(code, name, check(found)) for code, name, check in items))
        for title, items in SECTIONS
    )
    return Score(found.project.name, found.version, sections)


def _item(item: Item, words: Words) -> dict[str, Any]:
    verdict = item.verdict
    return {
        "code": item.code,
        "title": words(Said(item.title)),
        "points": verdict.points,
        "earned_by": [{"where": proof.where, "shows": words(proof.shows)} for proof in verdict.proofs],
        "wants": None if verdict.wants is None else words(verdict.wants),
    }
