"""The page itself: one HTML file that needs nothing beside it, in the project's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from typing import Any

import numpy as np

from zelo.data.snapshot import Snapshot
from zelo.registry.by_class import ClassReport
from zelo.registry.charts import Chart
from zelo.registry.error_analysis.curves import abstention, at_confidence, calibration, pareto
from zelo.registry.error_analysis.findings import MOST_ERRORS, confused_pairs, confusion, mistakes
from zelo.registry.error_analysis.words import WORDS
from zelo.spec.project import LOWER_IS_BETTER
from zelo.stats.bootstrap import Interval
from zelo.stats.metrics import point
from zelo.training.compare import proper_loss
from zelo.training.evaluate import Assessed
from zelo.training.parts import parts_of
from zelo.training.robustness import FEWEST_ROWS, MOST_ROWS, Robustness
from zelo.training.train import Trained

ERRORS = "errors.html"
TEMPLATE = "errors.html.j2"
BARRED = ("log_loss",)
"""Metrics that have no upper end, and so no bar from 0 to 1."""


@dataclass(frozen=True)
class Language:
    """Words and numbers as the project's language writes them."""

    code: str

    def word(self, key: str, **parts: object) -> str:
        """A phrase."""
        return WORDS[self.code][key].format(**parts)

    def number(self, value: float | None, digits: int = 3) -> str:
        """A figure; a dash where it is not defined."""
        if value is None or not np.isfinite(value):
            return "–"
        return self._sign(f"{value:.{digits}f}")

    def short(self, value: float) -> str:
        """A figure with as many digits as it needs."""
        return self._sign(f"{value:.3g}")

    def share(self, value: float | None, digits: int = 0) -> str:
        """A share in per cent."""
        text = self.number(None if value is None else 100 * value, digits)
        return text if text == "–" else f"{text} %"

    def bounds(self, found: Interval, digits: int = 3) -> str:
        """Both ends of an interval; nothing where it has none."""
        if not np.isfinite(found.low):
            return ""
        return f"[{self.number(found.low, digits)}; {self.number(found.high, digits)}]"

    def _sign(self, text: str) -> str:
        return text.replace(".", ",") if self.code == "pt-BR" else text


def error_page(
    trained: Trained, report: ClassReport, robust: Robustness, snapshot: Snapshot, *, created: datetime
) -> str:
    """The page of a training with classes. Everything that comes from data or project is escaped."""
    from jinja2 import Environment, StrictUndefined

    language = Language(trained.project.language)
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals |= {
        name: getattr(language, name) for name in ("word", "number", "short", "share", "bounds")
    }
    template = (resources.files(__package__) / TEMPLATE).read_text(encoding="utf-8")
    return environment.from_string(template).render(
        trained=trained,
        project=trained.project,
        report=report,
        robust=robust,
        snapshot=snapshot,
        created=created.isoformat(timespec="minutes"),
        fewest=FEWEST_ROWS,
        most=MOST_ROWS,
        lower_is_better=LOWER_IS_BETTER,
        **_headline(trained),
        **_experiments(trained),
        why=_why(trained, language),
        **_errors(trained),
        charts=_charts(trained, language),
        at_confidence=at_confidence(trained),
    )


def _headline(trained: Trained) -> dict[str, Any]:
    """Each metric: on the test set, out of fold, of the baseline, and whether a bar can show it."""
    naive = point(trained.baseline, list(trained.metrics))
    known = trained.comparison.winner.metrics
    first = [name for name in trained.project.select.measured if name in trained.metrics]
    names = [*first, *(name for name in trained.metrics if name not in first)]
    rows = [(name, trained.metrics[name], known[name], naive[name], name not in BARRED) for name in names]
    return {"headline": rows, "cards": rows[: min(len(first), 6)]}


def _experiments(trained: Trained) -> dict[str, Any]:
    entries = trained.project.candidate_entries

    def row(place: int, item: Assessed) -> dict[str, Any]:
        entry = entries.get(item.name, {})
        return {
            "place": place,
            "item": item,
            "estimator": entry.get("estimator", item.name),
            "features": ", ".join(_feature(feature) for feature in entry.get("features", ())),
            "winner": item is trained.comparison.winner,
            "front": item.name in trained.comparison.front,
            "neglects": trained.comparison.neglects.get(item.name, ()),
        }

    rows = [row(place, item) for place, item in enumerate(trained.comparison.ranked, start=1)]
    return {"experiments": rows, "metrics": trained.project.select.measured}


def _why(trained: Trained, language: Language) -> list[str]:
    """How the winner was chosen: who was not eligible, who was best, and who could not be told from it."""
    chosen, select = trained.comparison, trained.project.select
    by_name = {item.name: item for item in chosen.ranked}
    best, *tied = chosen.tied
    found, loss = by_name[best].metrics[select.primary], proper_loss(trained.project)
    said = [
        language.word(
            "why_best",
            best=best,
            metric=select.primary,
            value=language.number(found.value),
            interval=language.bounds(found),
        )
    ]
    if chosen.neglects and select.critical:
        floor, names = language.short(select.critical.recall), ", ".join(chosen.neglects)
        said.insert(0, language.word("why_neglects", floor=floor, names=names))
    if tied:
        value = language.number(chosen.winner.metrics[loss].value)
        winner, names = chosen.winner.name, ", ".join(tied)
        said.append(language.word("why_tied", names=names, loss=loss, winner=winner, value=value))
    return said


def _feature(feature: str | Mapping[str, Any]) -> str:
    if isinstance(feature, str):
        return feature
    return ", ".join(
        f"{name} ({', '.join(f'{key} {value}' for key, value in options.items())})"
        for name, options in feature.items()
    )


def _errors(trained: Trained) -> dict[str, Any]:
    classes = trained.project.classes
    parts = {part.side: part for part in parts_of(trained)}
    matrices = {side: confusion(part, len(classes)) for side, part in parts.items()}
    wrong = {side: mistakes(part, trained) for side, part in parts.items()}
    everyone = sorted((one for found in wrong.values() for one in found), key=lambda one: -one.confidence)
    listed = [one for found in wrong.values() for one in found[:MOST_ERRORS]]
    return {
        "matrices": {side: matrices[side] for side in ("out_of_fold", "test")},
        "pairs": confused_pairs(matrices, everyone, classes),
        "worst": sorted(listed, key=lambda one: -one.confidence),
        "rows": {side: len(part.once().scored) for side, part in parts.items()},
    }


def _charts(trained: Trained, language: Language) -> dict[str, Chart | None]:
    return {
        "pareto": pareto(trained, language.word("latency"), language.short),
        "calibration": calibration(
            trained, language.word("stated"), language.word("observed"), language.short
        ),
        "abstention": abstention(
            trained, language.word("answered"), language.word("accuracy"), language.short
        ),
    }
