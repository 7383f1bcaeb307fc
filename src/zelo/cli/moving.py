"""Commands that move the champion, or a part of its traffic: promote, traffic, rollback."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zelo.cli.projects import AsJson, Named
from zelo.cli.show import OUT, say_synthetic, show_gates, show_json, show_table
from zelo.cli.workspace import Workspace, now, open_workspace

if TYPE_CHECKING:
    from zelo.ledger.store import Ledger
    from zelo.registry.trial import Trial
    from zelo.spec.project import Project

Reason = Annotated[str, typer.Option(help="Why; it is written into the evidence.")]


def add_commands(app: typer.Typer) -> None:
    for command in (promote, traffic, rollback):
        app.command()(command)


def promote(
    name: Named,
    accept: Annotated[list[str] | None, typer.Option(help="Take a failing gate upon yourself.")] = None,
    reason: Reason = "",
    canary: Annotated[
        str, typer.Option(help="Its shares of the traffic, one after the other, in percent: 5,25,100.")
    ] = "",
    split: Annotated[
        int, typer.Option(min=0, max=100, help="Its share of the traffic until somebody decides.")
    ] = 0,
    shadow: Annotated[bool, typer.Option("--shadow", help="It scores every row and answers none.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make the challenger champion, or give it a part of the traffic first, if its gates pass."""
    from zelo.registry.decision_log import gates_passed
    from zelo.retraining.replay import replayed
    from zelo.retraining.replay_text import render

    workspace = open_workspace()
    project = workspace.project(name)
    accepted = accept or []
    if accepted and not reason:
        raise typer.BadParameter("--accept needs a --reason", param_hint="--reason")
    trial, shares = _trial(canary, split, shadow=shadow)
    with workspace.ledger() as ledger:
        store, actor = workspace.store(), workspace.approver
        replay = replayed(ledger, store, project, actor=actor, now=now())
        if replay and not as_json:
            OUT.print(render(replay, project), markup=False)
        why = reason or gates_passed(project.language)
        if trial is None:
            told = _promote(workspace, project, ledger, accepted, reason=why, as_json=as_json)
        else:
            told = _start(workspace, name, ledger, trial, shares, accepted, reason=why, as_json=as_json)
    if as_json:
        show_json({"project": name, **told, "replay": replay.as_dict() if replay else None})


def traffic(
    name: Named,
    step: Annotated[
        bool, typer.Option("--step", help="Move a canary on; after its last step it is champion.")
    ] = False,
    stop: Annotated[bool, typer.Option("--stop", help="Let the champion answer alone.")] = False,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """How the traffic is divided, since when, and how many predictions each version answered."""
    workspace = open_workspace()
    project = workspace.project(name)
    if step and stop:
        raise typer.BadParameter("--step moves on and --stop ends", param_hint="--step")
    if (step or stop) and not reason:
        raise typer.BadParameter("a move needs a --reason", param_hint="--reason")
    with workspace.ledger() as ledger:
        if step or stop:
            _move(workspace, project, ledger, on=step, reason=reason)
        told = _division(workspace, name, ledger)
    if as_json:
        show_json({"project": name, **told})
    else:
        _show_division(name, told)


def rollback(name: Named, reason: Reason, as_json: AsJson = False) -> None:
    """Make the previous champion champion again. It answers alone."""
    from zelo.registry.promote import rollback as run

    workspace = open_workspace()
    workspace.project(name)
    moved = run(workspace.store(), name, approver=workspace.approver, reason=reason, at=now())
    payload: dict[str, Any] = {
        "version": moved.previous,
        "champion": moved.version,
        "why": "person",
        "figures": {},
    }
    with workspace.ledger() as ledger:
        ledger.record_event(name, "rollback", workspace.approver, reason, payload)
    if as_json:
        show_json({"project": name, "champion": moved.version, "previous": moved.previous})
    else:
        OUT.print(f"{name}: version {moved.version} is champion again, {moved.previous} before", markup=False)


def _promote(
    workspace: Workspace, project: Project, ledger: Ledger, accept: list[str], *, reason: str, as_json: bool
) -> dict[str, Any]:
    from zelo.registry.promote import promote as run

    name, watched = project.name, project.retraining.rollback.watched
    moved = run(
        workspace.store(),
        name,
        approver=workspace.approver,
        reason=reason,
        at=now(),
        accept=accept,
        watch=watched is not None,
    )
    payload = {"version": moved.version, "previous": moved.previous}
    ledger.record_event(name, "promotion", workspace.approver, reason, payload)
    gates = [gate.as_dict() for gate in moved.gates]
    if not as_json:
        _say_synthetic(workspace, name)
        show_gates(gates)
        before = f", {moved.previous} before" if moved.previous else ""
        OUT.print(
            f"{name}: version {moved.version} is champion{before}; next: zelo serve {name}", markup=False
        )
        if moved.watched:
            OUT.print(f"version {moved.previous} scores every row beside it for {watched}", markup=False)
    return {
        "champion": moved.version,
        "previous": moved.previous,
        "accepted": moved.accepted,
        "watched": moved.watched,
        "gates": gates,
    }


def _move(workspace: Workspace, project: Project, ledger: Ledger, *, on: bool, reason: str) -> None:
    """Move a canary on, or end a division."""
    from zelo.registry.traffic import read_traffic
    from zelo.registry.trial import end_traffic, step_traffic

    store, actor = workspace.store(), workspace.approver
    divided = read_traffic(store.registry, project.name)
    last = divided is not None and divided.mode == "canary" and divided.next_share is None
    if on and not last:
        step_traffic(store, ledger, project.name, approver=actor, reason=reason, at=now(), seen=divided)
        return
    end_traffic(
        store,
        ledger,
        project.name,
        promote=on,
        approver=actor,
        reason=reason,
        at=now(),
        watch=project.retraining.rollback.watched is not None,
        seen=divided,
    )


def _start(
    workspace: Workspace,
    name: str,
    ledger: Ledger,
    trial: Trial,
    shares: list[int],
    accept: list[str],
    *,
    reason: str,
    as_json: bool,
) -> dict[str, Any]:
    from zelo.registry.trial import start_traffic

    started = start_traffic(
        workspace.store(),
        ledger,
        name,
        mode=trial,
        shares=shares,
        approver=workspace.approver,
        reason=reason,
        at=now(),
        accept=accept,
    )
    gates = [gate.as_dict() for gate in started.gates]
    told = _division(workspace, name, ledger)
    if not as_json:
        show_gates(gates)
        _show_division(name, told)
    return {**told, "accepted": started.accepted, "gates": gates}


def _trial(canary: str, split: int, *, shadow: bool) -> tuple[Trial | None, list[int]]:
    """What was asked for; only one of the three can be."""
    asked = [mode for mode, given in (("canary", canary), ("split", split), ("shadow", shadow)) if given]
    if len(asked) > 1:
        raise typer.BadParameter(f"found {' and '.join(asked)}; expected one of them", param_hint="--canary")
    if not canary:
        return ("shadow", []) if shadow else ("split", [split]) if split else (None, [])
    try:
        shares = [int(part) for part in canary.split(",")]
    except ValueError as error:
        raise typer.BadParameter("expected percents by comma: 5,25,100", param_hint="--canary") from error
    if not all(0 < share <= 100 for share in shares) or any(b <= a for a, b in pairwise(shares)):
        raise typer.BadParameter("expected shares that rise, from 1 to 100", param_hint="--canary")
    return "canary", shares


def _division(workspace: Workspace, name: str, ledger: Ledger) -> dict[str, Any]:
    """The division as it is now, and what each version answered since it began."""
    from zelo.registry.aliases import read_aliases
    from zelo.registry.traffic import read_traffic

    registry = workspace.settings.registry
    champion = read_aliases(registry, name).get("champion", {}).get("version")
    divided = read_traffic(registry, name)
    if divided is None:
        return {"champion": champion, "traffic": None, "answered": {}}
    answered = {
        version: ledger.count(name, version=version, since=divided.started)
        for version in (champion, divided.version)
        if version is not None
    }
    facts = divided.model_dump(mode="json") | {"next": divided.next_share}
    return {"champion": champion, "traffic": facts, "answered": answered}


def _show_division(name: str, told: dict[str, Any]) -> None:
    divided, champion = told["traffic"], told["champion"]
    if divided is None:
        alone = f"version {champion} answers alone" if champion else "no champion yet"
        OUT.print(f"{name}: {alone}", markup=False)
        return
    other, share = divided["version"], divided["share"]
    rows = [
        (version, role, f"{part} %", str(told["answered"].get(version, 0)))
        for version, role, part in ((champion, "champion", 100 - share), (other, divided["mode"], share))
    ]
    head = f"{name}: {divided['mode']} since {divided['started'][:16].replace('T', ' ')} UTC"
    show_table(head, ("version", "as", "share", "answered"), rows)
    OUT.print(f"by {divided['actor']}: {divided['reason']}", markup=False)
    if divided["mode"] == "canary":
        after = f"{divided['next']} %" if divided["next"] else "champion"
        OUT.print(f"next step: {after}, with zelo traffic {name} --step --reason WHY", markup=False)


def _say_synthetic(workspace: Workspace, name: str) -> None:
    from zelo.registry.store import load_champion

    champion = load_champion(workspace.store(), name)
    say_synthetic(champion is not None and bool(champion.manifest["synthetic"]))
