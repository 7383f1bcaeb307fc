"""The command retrain: a training on what came since, a replay, or a round over every project."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zelo.cli.monitor import look_at
from zelo.cli.projects import AsJson
from zelo.cli.show import OUT, fits_shown, say_synthetic, show_error, show_gates, show_json
from zelo.cli.workspace import Workspace, now, open_workspace, threads
from zelo.errors import UnknownError, ZeloError

if TYPE_CHECKING:
    from zelo.ledger.store import Ledger
    from zelo.spec.project import Project

LOOK_DAYS = 30
ON_RECORD = timedelta(hours=1)
"""So long a round's look that finds nothing new is not written down again."""
SIMULATED = (
    "nothing was learned from the ledger: SIMULATED traffic is on record since the snapshot, "
    "and its rows are those of the test set"
)
_LOG = logging.getLogger(__name__)


def add_commands(app: typer.Typer) -> None:
    app.command()(retrain)


def retrain(
    name: Annotated[str | None, typer.Argument(help="The project's name; with --due all if absent.")] = None,
    due: Annotated[
        bool, typer.Option("--due", help="Look, and do what is due: a training, a step, a rollback.")
    ] = False,
    replay: Annotated[
        bool, typer.Option("--replay", help="Only tell what the challenger would have answered.")
    ] = False,
    incremental: Annotated[
        bool, typer.Option("--incremental", help="The champion goes on learning from the new rows.")
    ] = False,
    batch: Annotated[int, typer.Option(min=32, help="Rows learned at a time, with --incremental.")] = 32,
    as_json: AsJson = False,
) -> None:
    """Train again on what came since: new outcomes in the ledger, or the newest data set. The champion stays.

    With --due nothing is trained here: a job is started or proposed where the project's triggers say so, and
    a worker runs it. A worker makes such rounds by itself, every ZELO_ROUND_SECONDS.
    """
    if due + replay + incremental > 1:
        raise typer.BadParameter("one of --due, --replay and --incremental at a time")
    if name is None and not due:
        raise typer.BadParameter("a project's name is missing", param_hint="NAME")
    workspace = open_workspace()
    if due:
        _round(workspace, name, as_json=as_json)
        return
    assert name is not None
    project = workspace.project(name)
    with workspace.ledger() as ledger:
        if replay:
            _replay(workspace, ledger, project, as_json=as_json)
        else:
            _train(workspace, ledger, project, batch if incremental else None, as_json=as_json)


def trained_again(
    workspace: Workspace, ledger: Ledger, project: Project, train: Callable[[Path | None], dict[str, Any]]
) -> dict[str, Any]:
    """Bring what came since to a training.

    Args:
        train: called with a file of new labelled rows, or with ``None`` where there are none.

    Returns:
        What the training tells, with a note on the new rows.
    """
    from zelo.data import prepare
    from zelo.retraining.labelled import is_simulated, write_labelled

    places = workspace.places(project.name)
    if project.is_made:
        prepare.newest(project, places, created=now())
        return train(None)
    if is_simulated(ledger, project, places):
        told = train(None)
        return told | {"notes": [*told.get("notes", ()), SIMULATED]}
    with tempfile.TemporaryDirectory() as folder:
        new = write_labelled(ledger, project, places, Path(folder))
        told = train(new.file if new else None)
    if new is None:
        return told
    out = f", {new.left_out} left out" if new.left_out else ""
    notes = [*told.get("notes", ()), f"{new.rows} new labelled rows from the ledger{out}"]
    return told | {"notes": notes}


def _train(
    workspace: Workspace, ledger: Ledger, project: Project, batch: int | None, *, as_json: bool
) -> None:
    from zelo.cli.training import run_incremental, run_training
    from zelo.retraining.config import effective

    if batch is not None:
        told = trained_again(
            workspace,
            ledger,
            project,
            lambda file: run_incremental(workspace, project.name, append=file, batch=batch),
        )
    else:
        chosen = effective(project, ledger)
        with fits_shown(quiet=as_json) as progress:
            told = trained_again(
                workspace,
                ledger,
                chosen,
                lambda file: run_training(
                    workspace,
                    chosen,
                    append=file,
                    budget=chosen.tuning,
                    names=None,
                    progress=progress,
                    threads=threads(),
                ),
            )
    if as_json:
        show_json(told)
        return
    say_synthetic(told["synthetic"])
    for note in told["notes"]:
        OUT.print(f"note: {note}", markup=False)
    OUT.print(f"version {told['version']} ({told['candidate']})", markup=False)
    show_gates(told["gates"])
    OUT.print(f"next: zelo retrain {project.name} --replay, then zelo promote {project.name}", markup=False)


def _replay(workspace: Workspace, ledger: Ledger, project: Project, *, as_json: bool) -> None:
    from zelo.retraining.replay import replayed
    from zelo.retraining.replay_text import render

    found = replayed(ledger, workspace.store(), project, actor=workspace.approver, now=now())
    if found is None:
        raise UnknownError(
            "there is nothing to replay",
            where=project.name,
            expected="a champion, and a challenger beside it",
            hint=f"zelo train {project.name} makes a challenger",
        )
    if as_json:
        show_json(found.as_dict())
    else:
        OUT.print(render(found, project), markup=False, soft_wrap=True)
    if not found.passes:
        raise typer.Exit(1)


def _round(workspace: Workspace, name: str | None, *, as_json: bool) -> None:
    """One round; an error in one project is told, and the others have their turn."""
    from zelo.registry.aliases import read_aliases
    from zelo.registry.lock import one_round
    from zelo.spec.loading import list_projects

    registry = workspace.settings.registry

    names = [name] if name else list_projects(workspace.settings.projects)
    told, failed = [], False
    with workspace.ledger() as ledger:
        for one in names:
            try:
                project = workspace.project(one)
                if "champion" in read_aliases(registry, one):
                    with one_round(registry, one):
                        told.append(_look_and_act(workspace, ledger, project))
            except ZeloError as error:
                failed = True
                show_error(error, as_json=as_json)
            except Exception:  # noqa: BLE001 - whatever one project's fault is, it costs the others no turn
                failed = True
                _LOG.exception("the round of %s failed", one)
    if as_json:
        show_json(told)
    else:
        for one_told in told:
            _say(one_told)
    if failed:
        raise typer.Exit(2)


def _look_and_act(workspace: Workspace, ledger: Ledger, project: Project) -> dict[str, Any]:
    from zelo.cli.champion import champion
    from zelo.monitoring.look import record
    from zelo.retraining.broker import make_app, notify
    from zelo.retraining.conduct import conduct
    from zelo.retraining.trial import begin
    from zelo.retraining.triggers import act, due

    settings, store, actor, at = workspace.settings, workspace.store(), workspace.approver, now()
    version, bundle = champion(workspace, project.name)
    seen = look_at(workspace, ledger, bundle, version, at=at, days=LOOK_DAYS)
    # The look comes first: traffic that cannot be moved must not hide how the champion does.
    record(ledger, seen, actor, unless_since=ON_RECORD)
    if conducted := conduct(ledger, store, project, actor=actor, now=at):
        version, bundle = champion(workspace, project.name)
    replay = begin(ledger, store, project, actor=actor, now=at)
    found = due(ledger, store, project, (version, bundle), now=at)
    told = partial(notify, make_app(settings.broker_url, settings.broker))
    job = act(ledger, project, found, actor=actor, notify=told) if found else None
    return {
        "project": project.name,
        "version": version,
        "status": seen.status,
        "traffic": None if conducted is None else asdict(conducted),
        "replay": None if replay is None else replay.as_dict(),
        "due": [asdict(one) for one in found],
        "job": None if job is None else job.id,
    }


def _say(told: dict[str, Any]) -> None:
    name = told["project"]
    OUT.print(f"{name}: version {told['version']}, {told['status']}", markup=False)
    if traffic := told["traffic"]:
        OUT.print(
            f"  {traffic['mode']} of version {traffic['judged']}: {traffic['action']}; {traffic['reason']}",
            markup=False,
            soft_wrap=True,
        )
    for one in told["due"]:
        OUT.print(f"  {one['reason']}", markup=False, soft_wrap=True)
    if told["due"]:
        OUT.print(f"  job {told['job']}" if told["job"] else f"  next: zelo retrain {name}", markup=False)
