"""How forecasts are shown: each horizon with its error, its interval, and the baselines beside it."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, log10
from typing import Any

from zelo.cli.show import OUT, show_table
from zelo.spec.project import Project

PARTS = (
    ("out_of_fold", "Forecasts out of fold, from rolling origins"),
    ("test", "Forecasts of the test set, opened once"),
)
STEADY = {"one_width": "one width", "constant": "one share of the value"}
"""The widths that do not move from day to day."""


def show_horizons(project: Project, horizons: dict[str, Any]) -> None:
    """A table for each part: out of fold, on the test set; then what makes the intervals, where they move."""
    unit = f" {project.task.unit}" if project.task.unit else ""
    for part, title in PARTS:
        found = horizons[part]
        names = list(found[0]["against"])
        heads = ("ahead", "rows", f"mae{unit} [95 %]", "mase", f"±{unit}", "covered")
        show_table(f"\n{title}", (*heads, *names), [_row(entry, names) for entry in found])
    moving = horizons.get("volatility")
    width = "half of the 90 % interval" + (", the newest one's" if moving else "")
    OUT.print(
        f"±: {width}; covered: the share of the truth that it held. Beside: the naive ones' mae, with the p "
        "(Diebold-Mariano) of being as good or better",
        markup=False,
    )
    if moving:
        _show_volatility(moving, unit)


def _row(entry: dict[str, Any], names: Sequence[str]) -> tuple[str, ...]:
    metrics = entry["metrics"]
    mae = metrics["mae"]
    beside = [entry["against"][name] for name in names]
    return (
        str(entry["horizon"]),
        str(entry["rows"]),
        f"{_measure(mae['value'])} [{_measure(mae['low'])}, {_measure(mae['high'])}]",
        _number(metrics["mase"]["value"], 2),
        _measure(entry["half_width"]),
        _number(metrics["coverage"]["value"], 2),
        *(f"{_measure(one['mae'])} ({_number(one['p_value'])})" for one in beside),
    )


def _show_volatility(found: dict[str, Any], unit: str) -> None:
    rows = [_volatility(name, entry) for name, entry in found["out_of_fold"].items()]
    if found["test"]:
        rows.append(_volatility(f"{found['chosen']}, on the test", found["test"]))
    heads = (
        "intervals by",
        "rows",
        f"pinball{unit}",
        "covered [95 %]",
        *(f"{name} (p)" for name in STEADY.values()),
    )
    show_table("\nWhat makes the intervals", heads, rows)
    for name, reason in found["errors"].items():
        OUT.print(f"{STEADY.get(name, name)} could not be fitted: {reason}", markup=False)
    if found["chosen"] is None:
        OUT.print("Too few rows to promise an interval.", markup=False)
        return
    steady = STEADY.get(found["chosen"])
    why = (
        f"{steady} makes the intervals: out of fold it is sharper by more than chance, or rows are too few."
        if steady
        else f"{found['chosen']} makes the intervals: the lowest pinball loss of the models of volatility "
        "out of fold, which no steady width beats by more than chance."
    )
    OUT.print(
        f"{why} Beside: widths that do not move, with the p (Diebold-Mariano) of being as good or better",
        markup=False,
    )
    for part, entry in (
        ("out of fold", found["out_of_fold"][found["chosen"]]),
        ("on the test", found["test"]),
    ):
        halves = ", ".join(
            f"{half['name']} {_number(half['coverage']['value'], 2)} of {half['rows']}"
            for half in entry["half_years"]
        )
        OUT.print(f"covered {part}, by half-year: {halves}", markup=False)


def _volatility(name: str, entry: dict[str, Any]) -> tuple[str, ...]:
    coverage = entry["coverage"]
    held = [_number(coverage[end], 2) for end in ("value", "low", "high")]
    beside = [entry["against"].get(steady) for steady in STEADY]
    return (
        STEADY.get(name, name),
        str(entry["rows"]),
        _number(entry["pinball"], 4),
        f"{held[0]} [{held[1]}, {held[2]}]",
        *(
            "–" if one is None else f"{_number(one['pinball'], 4)} ({_number(one['p_value'])})"
            for one in beside
        ),
    )


def _measure(value: float | None) -> str:
    """A number in the target's unit: three digits that count, one after the point at least."""
    if not value:
        return _number(value, 1)
    return _number(value, min(max(2 - floor(log10(abs(value))), 1), 6))


def _number(value: float | None, digits: int = 3) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
