"""How forecasts are shown: each horizon with its error, its interval, and the baselines beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zelo.cli.show import OUT, show_table
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
        heads = ("ahead", "rows", f"mae{unit} [95 %]", "mase", f"±{unit}", "covered")
        show_table(f"\n{title}", (*heads, *names), [_row(entry, names) for entry in found])
    OUT.print(
        "±: half of the 90 % interval; covered: the share of the truth that it held. Beside: the naive ones' "
        "mae, with the p (Diebold-Mariano) of being as good or better",
        markup=False,
    )


def _row(entry: dict[str, Any], names: Sequence[str]) -> tuple[str, ...]:
    metrics = entry["metrics"]
    mae = metrics["mae"]
    beside = [entry["against"][name] for name in names]
    return (
        str(entry["horizon"]),
        str(entry["rows"]),
        f"{_number(mae['value'], 1)} [{_number(mae['low'], 1)}, {_number(mae['high'], 1)}]",
        _number(metrics["mase"]["value"], 2),
        _number(entry["half_width"], 1),
        _number(metrics["coverage"]["value"], 2),
        *(f"{_number(one['mae'], 1)} ({_number(one['p_value'])})" for one in beside),
    )


def _number(value: float | None, digits: int = 3) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
