"""The command simulate: traffic with drift that somebody chose, over HTTP or straight into the ledger."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zelo.cli.champion import champion
from zelo.cli.projects import AsJson, Named
from zelo.cli.show import OUT, fits_shown, show_json
from zelo.cli.workspace import Workspace, now, open_workspace
from zelo.simulation.change import KINDS, Change, Kind

if TYPE_CHECKING:
    from zelo.registry.bundle import Bundle
    from zelo.simulation.result import Driven
    from zelo.simulation.traffic import Traffic

SIMULATED = "SIMULATED traffic: rows that the champion was not fitted on, asked again; nobody asked them."


def add_commands(app: typer.Typer) -> None:
    app.command()(simulate)


def simulate(
    name: Named,
    days: Annotated[
        int | None,
        typer.Option(min=1, max=3650, help="In process: made-up days up to now, straight into the ledger."),
    ] = None,
    a_day: Annotated[int, typer.Option(min=1, help="In process: rows a day.")] = 1000,
    url: Annotated[
        str, typer.Option(help="Over HTTP: where the project is served.")
    ] = "http://127.0.0.1:8000",
    rate: Annotated[float, typer.Option(min=0.01, help="Over HTTP: requests a second.")] = 10.0,
    seconds: Annotated[float, typer.Option(min=0.1, help="Over HTTP: how long.")] = 60.0,
    rows: Annotated[int, typer.Option(min=1, max=1000, help="Rows a request.")] = 1,
    outcomes: Annotated[float, typer.Option(min=0, max=1, help="Share of the rows whose truth comes.")] = 1.0,
    delay: Annotated[
        float, typer.Option(min=0, help="How late it comes on average: days in process, seconds over HTTP.")
    ] = 1.0,
    drift: Annotated[Kind | None, typer.Option(help=f"What changes: {', '.join(KINDS)}.")] = None,
    field: Annotated[str | None, typer.Option(help="The field that changes.")] = None,
    size: Annotated[
        float,
        typer.Option(
            help="Of a shift in standard deviations, of a spread a factor, else a share of the rows."
        ),
    ] = 0.5,
    onset: Annotated[float, typer.Option(help="After which share of the run it begins.")] = 0.0,
    end: Annotated[float, typer.Option(help="After which share of the run it ends.")] = 1.0,
    seed: Annotated[int, typer.Option(min=0, max=1_000_000, help="The same seed asks the same rows.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Drive a project with realistic traffic, and drift if asked for. Its rows are marked as simulated.

    Rows are held-out ones of the champion's snapshot, each about somebody new, so that their truth is known.
    With --days they are answered in this process at made-up times; without, a served project is called.
    """
    from zelo.simulation.pool import held_out
    from zelo.simulation.traffic import Traffic

    workspace = open_workspace()
    _, bundle = champion(workspace, name)
    change = None if drift is None else Change(drift, size, field, onset, end)
    pool = held_out(bundle, workspace.settings.snapshots)
    requests = max(1, round(days * a_day / rows) if days else round(rate * seconds))
    traffic = Traffic(pool, requests=requests, rows_each=rows, seed=seed, changes=[change] if change else ())
    facts = {"rows": requests * rows, "days": days, "seconds": None if days else seconds, "seed": seed}
    payload = {"synthetic": True, **facts, "drift": None if change is None else asdict(change)}
    if not as_json:
        OUT.print(SIMULATED, markup=False)
    _record(workspace, name, payload)
    if days:
        driven = _drive(workspace, bundle, traffic, days, outcomes, delay, quiet=as_json)
    else:
        driven = _call(url, name, traffic, rate, outcomes, delay, quiet=as_json)
    show_json({"project": name, **payload, **driven.as_dict()}) if as_json else _show(driven)
    if driven.refused:
        raise typer.Exit(1)


def _record(workspace: Workspace, name: str, payload: dict[str, Any]) -> None:
    """Before the first row: who reads the ledger later is told that what follows is simulated."""
    with workspace.ledger() as ledger:
        ledger.record_event(name, "simulation", workspace.approver, "simulated traffic begins", payload)


def _drive(
    workspace: Workspace,
    bundle: Bundle,
    traffic: Traffic,
    days: int,
    known: float,
    delay: float,
    *,
    quiet: bool,
) -> Driven:
    from zelo.serving.service import Service
    from zelo.simulation.days import Plan, drive

    name = bundle.project.name
    plan = Plan(now(), days, known, delay)
    with workspace.ledger() as ledger, fits_shown(quiet=quiet, unit="rows") as progress:
        return drive(
            lambda clock: Service(lambda: champion(workspace, name), ledger, now=clock),
            ledger,
            traffic,
            plan,
            progress=lambda done, total: progress(name, done, total),
        )


def _call(
    url: str, name: str, traffic: Traffic, rate: float, known: float, delay: float, *, quiet: bool
) -> Driven:
    from zelo.simulation.callers import Pace, call

    with fits_shown(quiet=quiet, unit="rows") as progress:
        return call(
            url,
            name,
            traffic,
            Pace(rate, known, delay),
            progress=lambda done, total: progress(name, done, total),
        )


def _show(driven: Driven) -> None:
    facts = driven.as_dict()
    OUT.print(
        f"{driven.rows} rows answered in {driven.requests} requests; {driven.outcomes} outcomes joined",
        markup=False,
    )
    if latency := facts.get("latency_ms"):
        OUT.print(
            f"from due to answered: p50 {latency['p50']} ms, p95 {latency['p95']} ms, "
            f"p99 {latency['p99']} ms",
            markup=False,
        )
    for reason, count in driven.refused.items():
        OUT.print(f"not answered: {count} ({reason})", markup=False)
