"""Whether two versions can score the same rows."""

from __future__ import annotations

from typing import Any

from zelo.errors import RegistryError
from zelo.spec.project import Project


def differences(one: Project, other: Project) -> list[str]:
    """What the two ask for or answer differently; empty where every row of the one is a row of the other.

    Ranges and listed categories may differ: requests are held against those of the version that serves.
    """
    mine, others = _contract(one), _contract(other)
    return [
        f"{name}: {_shown(mine.get(name))} and {_shown(others.get(name))}"
        for name in sorted(mine.keys() | others.keys())
        if mine.get(name) != others.get(name)
    ]


def refuse_other_contract(champion: tuple[str, Project], other: tuple[str, Project]) -> None:
    """Raise where the two versions, each with its project, cannot score the same rows.

    Raises:
        RegistryError: they cannot.
    """
    if found := differences(champion[1], other[1]):
        raise RegistryError(
            f"versions {champion[0]} and {other[0]} cannot score the same rows",
            where=champion[1].name,
            found="; ".join(found),
            expected="the same inputs of the same types, the same task and classes",
            hint=f"zelo promote {champion[1].name} replaces the champion at once",
        )


def _contract(project: Project) -> dict[str, Any]:
    inputs = {name: field.type for name, field in project.inputs.items()}
    forecast = project.forecast
    return inputs | {
        "task.kind": project.task.kind,
        "task.classes": project.classes,
        "forecast": None if forecast is None else (forecast.history, forecast.horizon, forecast.learns),
        "serving.entity": project.serving.entity,
    }


def _shown(value: Any) -> str:
    return "none" if value is None else str(value)
