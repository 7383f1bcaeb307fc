"""How the candidates of a forecast stand beside the first naive baseline, and what their seeds do."""

from __future__ import annotations

from typing import Any

from zelo.cli.show import OUT, show_table
from zelo.spec.project import Project

HEADS = ("skill %", "p", "direction right %", "by chance %", "p")


def show_standing(project: Project, comparison: dict[str, Any]) -> None:
    """A row a candidate out of fold, and one for the winner on the test set; nothing without a forecast."""
    beside = [item for item in comparison["candidates"] if item.get("against")]
    if not beside:
        return
    baseline = beside[0]["against"]["baseline"]
    seeded = [item["seeds"]["count"] for item in beside if item.get("seeds")]
    primary = project.select.primary
    rows = [
        (item["name"], *_against(item["against"]), *([_seeds(item, primary)] if seeded else []))
        for item in beside
        if item["name"] != baseline
    ]
    test = f"{comparison['winner']} on the test set"
    rows.append((test, *_against(comparison["test"]), *([""] if seeded else [])))
    unit = f" {project.task.unit}" if project.task.unit else ""
    heads = (
        "candidate",
        f"mae{unit}",
        *HEADS,
        *([f"{primary} of {max(seeded)} seeds (sd)"] if seeded else []),
    )
    show_table(f"\nBeside {baseline}, one row ahead, out of fold", heads, rows)
    OUT.print(
        f"mae: below 0 is better than {baseline}; skill: the same as a share of its mae. p of no more than "
        "luck: Diebold-Mariano (Harvey), Pesaran-Timmermann; –: nothing to test",
        markup=False,
    )


def _against(found: dict[str, Any]) -> tuple[str, ...]:
    direction = found["direction"] or {"accuracy": None, "expected": None, "p_value": None}
    difference = found["mae_difference"]
    return (
        "–" if difference is None else f"{difference:+.3g}",
        _number(found["skill"], 100, 2),
        _number(found["dm_p_value"]),
        _number(direction["accuracy"], 100, 1),
        _number(direction["expected"], 100, 1),
        _number(direction["p_value"]),
    )


def _seeds(item: dict[str, Any], primary: str) -> str:
    if not item.get("seeds"):
        return ""
    found = item["seeds"][primary]
    if found["low"] is None:
        return "–"
    return f"{found['low']:.4g} … {found['high']:.4g} ({found['sd']:.2g})"


def _number(value: float | None, factor: float = 1, digits: int = 3) -> str:
    return "–" if value is None else f"{factor * value:.{digits}f}"
