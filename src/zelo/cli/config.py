"""The command about hyperparameters: config."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from zelo.cli.projects import AsJson, Named
from zelo.cli.show import OUT, show_json, show_table
from zelo.cli.workspace import open_workspace


def add_commands(app: typer.Typer) -> None:
    app.command()(config)


def config(
    name: Named,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="candidate.hyperparameter=value, as often as wanted; null takes back what was set, also "
            "of a whole candidate.",
        ),
    ] = None,
    reason: Annotated[str, typer.Option(help="Why; it is recorded.")] = "",
    as_json: AsJson = False,
) -> None:
    """Each candidate's hyperparameters; with --set, change them for the trainings to come.

    What is set here lies over the project.yaml, which stays as it is.
    """
    from zelo.ledger.configs import Configs
    from zelo.retraining.config import change, described

    wanted = _parsed(changes or [])
    if wanted and not reason.strip():
        raise typer.BadParameter("--set needs a --reason", param_hint="--reason")
    workspace = open_workspace()
    project = workspace.project(name)
    with workspace.ledger() as ledger:
        if wanted:
            change(project, ledger, wanted, actor=workspace.approver, reason=reason.strip())
        found = described(project, Configs(ledger).current(name))
    if as_json:
        show_json(found)
    else:
        _show(found)


def _parsed(changes: list[str]) -> dict[str, dict[str, Any] | None]:
    """``lstm.epochs=50`` and the like as candidate -> hyperparameter -> value."""
    found: dict[str, dict[str, Any] | None] = {}
    twice = "{0}=null takes back all of {0}: set what it shall have in a command of its own"
    for text in changes:
        key, equals, value = text.partition("=")
        candidate, dot, name = key.strip().partition(".")
        if not equals or not candidate or (dot and not name):
            raise typer.BadParameter(f"found {text}; expected lstm.epochs=50", param_hint="--set")
        if candidate in found and (not dot or found[candidate] is None):
            raise typer.BadParameter(twice.format(candidate), param_hint="--set")
        if dot:
            found[candidate] = {**(found.get(candidate) or {}), name: _value(value)}
        elif _value(value) is None:
            found[candidate] = None
        else:
            raise typer.BadParameter(f"found {text}; expected {candidate}=null", param_hint="--set")
    return found


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        # No JSON, or a whole number of thousands of digits.
        return text


def _show(found: dict[str, Any]) -> None:
    rows = [
        (
            f"{name}.{key}",
            _number(entry["value"]),
            entry["source"],
            _number(entry["default"]),
            f"{entry['minimum']:g} to {entry['maximum']:g}",
            entry["meaning"],
        )
        for name, candidate in found["candidates"].items()
        for key, entry in candidate["hyperparameters"].items()
    ]
    show_table("", ("hyperparameter", "value", "from", "default", "allowed", "meaning"), rows)
    for stale in found["stale"]:
        OUT.print(
            f"does not fit the project.yaml any more: {stale['hyperparameter']}={stale['value']}; "
            f"take it back with --set {stale['hyperparameter']}=null",
            markup=False,
        )
    if changed := found["changed"]:
        OUT.print(
            f"configuration {found['version']}, {changed['at']:%Y-%m-%d %H:%M} UTC by {changed['actor']}: "
            f"{changed['reason']}",
            markup=False,
        )
    else:
        OUT.print("nothing was changed: this is the project.yaml", markup=False)


def _number(value: Any) -> str:
    return "–" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
