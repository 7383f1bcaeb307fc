"""The page that lists every feature: made from the code and the projects, so that it cannot lag behind them.

``python -m zelo.features.catalogue projects`` prints it; ``make docs`` keeps it in ``docs/features.md``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from zelo.features.text.blocks import BLOCKS, DEFAULT
from zelo.features.text.transforms import SHAPE
from zelo.spec.loading import list_projects, load_project
from zelo.spec.project import Entry, Project

FIELDS = (
    (
        "integer, number",
        "median where missing; `derived` arithmetic; centred and scaled where a model needs it",
    ),
    ("category", "one column a category; an unseen one is none of them"),
    ("text", "prepared once, then the blocks below side by side; for trees reduced to 150 columns"),
    (
        "history of a forecast",
        "the lags and rolling means that `forecast` names, of the values or, where it learns returns, of "
        "their relative changes; persistence, ETS, lstm and their like read all of it",
    ),
    ("date, or use: metadata", "never a feature; kept for splits, slices and reports"),
)


def page(projects: Sequence[Project]) -> str:
    """The catalogue as Markdown."""
    kinds = _table(("field", "becomes"), FIELDS)
    blocks = _table(
        ("block", "what it reads", "parameters and defaults"),
        ((f"`{block.name}`", block.about, _shown(block.defaults)) for block in BLOCKS.values()),
    )
    parts = [
        "# Features",
        "Made by `make docs` from the code and the projects; do not edit.",
        "Every feature is fitted and applied inside the model, so that training and serving cannot differ.",
        "## By the type of a field",
        kinds,
        "## Blocks of a text",
        "A candidate names them under `features`, each alone or with parameters: "
        "`features: [words, {chars: {ngrams: [2, 4]}}]`. "
        f"One that names none reads {', '.join(f'`{_name(entry)}`' for entry in DEFAULT)}. "
        "`weight` multiplies a block beside the others.",
        blocks,
        f"`shape` has the columns {', '.join(f'`{name}`' for name in SHAPE)}.",
        *(part for project in projects for part in _project(project)),
    ]
    return "\n\n".join(parts) + "\n"


def _project(project: Project) -> Iterable[str]:
    yield f"## In `{project.name}`"
    fields: list[tuple[str, str, str, str]] = [
        (f"`{name}`", field.type, field.unit or "–", field.meaning or "–")
        for name, field in project.inputs.items()
        if name not in project.lags
    ]
    fields += _history(project)
    derived = [(f"`{name}`", "derived", "–", f"`{text}`") for name, text in project.derived.items()]
    yield _table(("input", "type", "unit", "meaning"), [*fields, *derived])
    if project.texts:
        rows = [
            (f"`{name}`", f"`{entry.get('estimator', name)}`", _listed(entry.get("features", ())))
            for name, entry in project.candidate_entries.items()
        ]
        yield _table(("experiment", "estimator", "reads"), rows)


def _history(project: Project) -> list[tuple[str, str, str, str]]:
    forecast = project.forecast
    if forecast is None:
        return []
    changes = "their relative changes, " if forecast.learns == "returns" else ""
    read = f"last {forecast.history} values; read as {changes}lags {_numbers(forecast.lags)}"
    means = f" and means of the last {_numbers(forecast.means)}" if forecast.means else ""
    lags = list(project.lags)
    return [(f"`{lags[0]}` to `{lags[-1]}`", "history", project.task.unit or "–", read + means)]


def _numbers(values: Iterable[int]) -> str:
    return ", ".join(map(str, values))


def _listed(entries: Iterable[Entry]) -> str:
    shown = [
        _name(entry) if isinstance(entry, str) else f"{_name(entry)} {_shown(entry[_name(entry)])}"
        for entry in entries
    ]
    return ", ".join(shown) or "–"


def _name(entry: Entry) -> str:
    return entry if isinstance(entry, str) else next(iter(entry))


def _shown(params: Any) -> str:
    return ", ".join(f"{key} {json.dumps(value)}" for key, value in params.items())


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    sys.stdout.write(page([load_project(folder / name) for name in list_projects(folder)]))
