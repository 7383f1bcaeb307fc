"""How forecasts are shown: each horizon with its error, its interval, and the baselines beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zelo.cli.show import OUT, interval, show_table
from zelo.spec.project import Project

PARTS = (
    ("out_of_fold", "Forecasts out of fold, from rolling origins"),
    ("test", "Forecasts of the test set, opened once"),
)


def show_horizons(project: Project, horizons: dict[str, Any]) -> None:
    """A table for each part: out of fold, and on the test set."""
    unit = f" {project.task.unit}" if project.task.unit else ""
    for part, title in PARTS:
        found = horizons[part]
        names = list(found[0]["against"])
        heads = ("ahead", "rows", f"mae{unit} [95 %]", "mase", f"±{unit}", "coverage [95 %]")
        rows = [_row(entry, names) for entry in found]
        against = (f"{name} mae (p)" for name in names)
        show_table(f"\n{title}", (*heads, *against), rows)
    OUT.print(
        "±: half of the 90 % interval, and coverage how much of the truth it held; "
        "p: Diebold-Mariano, of the baseline being as good or better",
        markup=False,
    )


def _row(entry: dict[str, Any], names: Sequence[str]) -> tuple[str, ...]:
    metrics = entry["metrics"]
    beside = [entry["against"][name] for name in names]
    return (
        str(entry["horizon"]),
        str(entry["rows"]),
        interval(metrics["mae"]),
        _number(metrics["mase"]["value"]),
        _number(entry["half_width"], 1),
        interval(metrics["coverage"]),
        *(f"{_number(one['mae'], 1)} ({_number(one['p_value'])})" for one in beside),
    )


def _number(value: float | None, digits: int = 3) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
