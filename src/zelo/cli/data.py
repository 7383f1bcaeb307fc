"""The command data: from sources, raw files or daily prices to a checked snapshot."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from zelo.cli.projects import AsJson, Named
from zelo.cli.show import OUT, fits_shown, say_synthetic, show_json, show_table
from zelo.cli.workspace import Workspace, now, open_workspace
from zelo.errors import LedgerError, ZeloError
from zelo.spec.project import Project

if TYPE_CHECKING:
    from zelo.data.pipeline.run import Built
    from zelo.data.prepare import Prepared

WIDE = 12
"""Columns of a stage's table that fit beside each other; of a wider one, each stands in a line."""


def add_commands(app: typer.Typer) -> None:
    app.command()(data)


def data(
    name: Named,
    append: Annotated[Path | None, typer.Option(help="A file of new labelled rows.")] = None,
    stage: Annotated[
        Literal["ingest", "clean", "weekly", "check"] | None,
        typer.Option(help="Of a pipeline: stop after this stage, show what it made, and write nothing."),
    ] = None,
    rows: Annotated[int, typer.Option(min=1, help="Rows of each table that --stage shows.")] = 10,
    collect: Annotated[bool, typer.Option("--collect", help="Of prices: fetch them now.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check the project's data against its contract and keep them as a snapshot.

    A pipeline runs first, and daily prices are checked and given their past. What was forecast is joined to
    what came.
    """
    from zelo.data import prepare

    workspace = open_workspace()
    project, places = workspace.project(name), workspace.places(name)
    if stage and project.pipeline is None:
        raise typer.BadParameter(f"{name} has no pipeline, and so no stages", param_hint="--stage")
    if collect and project.prices is None:
        raise typer.BadParameter(f"{name} has no prices to collect", param_hint="--collect")
    if stage:
        with fits_shown(quiet=as_json, unit="") as progress:
            built = prepare.run_pipeline(
                project, places, created=now(), progress=progress, until=stage, rows=rows
            )
        show_json(_stage_as_dict(name, stage, built)) if as_json else _show_stage(stage, built)
        return
    if append:
        prepared = prepare.append(project, append, places, created=now())
    elif project.is_made:
        prepared = make_rows(workspace, project, quiet=as_json, collect=collect)
    else:
        prepared = prepare.prepare(project, places, created=now())
    show_json(_as_dict(name, prepared)) if as_json else _show(name, prepared)


def make_rows(workspace: Workspace, project: Project, *, quiet: bool, collect: bool = False) -> Prepared:
    """Make them, record in the ledger what came of it, and join the rows that came to what was forecast."""
    from zelo.data import prepare

    start = time.monotonic()
    try:
        with fits_shown(quiet=quiet, unit="") as progress:
            prepared = prepare.prepare(
                project, workspace.places(project.name), created=now(), progress=progress, collect=collect
            )
    except (ZeloError, OSError) as error:
        # What went wrong is told, even where it keeps the ledger from being written too.
        with suppress(LedgerError):
            _record(workspace, project, "failed", str(error).splitlines()[0], None, start)
        raise
    built = prepared.built
    assert built is not None
    if built.new:
        _record(workspace, project, "built", "new raw files, or a new project.yaml", built, start)
    else:
        _record(workspace, project, "unchanged", "the raw files are those of an earlier run", built, start)
    return replace(prepared, notes=(*prepared.notes, *_realised(workspace, project, built)))


def _realised(workspace: Workspace, project: Project, built: Built) -> Iterator[str]:
    """Outcomes of earlier forecasts; also where nothing is new, for a run may have ended before them."""
    from zelo.monitoring.realised import realise

    if project.forecast is None:
        return
    assert built.dataset is not None
    with workspace.ledger() as ledger:
        counts = realise(ledger, project, built.dataset.read("rows"), now())
    if counts.recorded:
        yield f"forecasts that have met what came: {counts.recorded}"
    if counts.corrected:
        yield f"forecasts that have met a corrected value: {counts.corrected}"


def _record(
    workspace: Workspace, project: Project, status: str, reason: str, built: Built | None, start: float
) -> None:
    payload = {
        "status": status,
        "dataset": built.dataset.name if built and built.dataset else None,
        **_counted(project, built),
        "seconds": round(time.monotonic() - start, 3),
    }
    with workspace.ledger() as ledger:
        ledger.record_event(project.name, "data", workspace.approver, reason, payload)


def _counted(project: Project, built: Built | None) -> dict[str, Any]:
    if project.prices:
        days = built.counts["prices"] if built else {}
        return {"days": days.get("days"), "newest": days.get("last"), "rows_read": days.get("read")}
    return {
        "weeks": built.counts["weeks"]["weeks"] if built else None,
        "rows_read": sum(table["read"] for table in built.counts["tables"].values()) if built else None,
    }


def _show(name: str, prepared: Prepared) -> None:
    snapshot, built = prepared.snapshot, prepared.built
    say_synthetic(snapshot.synthetic)
    for note in (*(built.notes if built else ()), *prepared.notes):
        OUT.print(f"note: {note}", markup=False)
    if built:
        _show_counts(built)
    if built and built.dataset:
        path = built.dataset.path
        OUT.print(
            f"data set written: {path}"
            if built.new
            else f"the raw files are those of {built.dataset.created:%Y-%m-%d}: nothing new was written; "
            f"this data set stands: {path}",
            markup=False,
            soft_wrap=True,
        )
    OUT.print(f"{name}: {snapshot.rows} rows keep the contract; snapshot {snapshot.hash[:16]}", markup=False)


def _show_counts(built: Built) -> None:
    """What was read, left out and kept of each table, and the weeks, as far as the run went."""
    if days := built.counts.get("prices"):
        OUT.print(
            f"{days['read']} days read, {days['before']} of them before the first that is used, "
            f"{days['left_out']} left out; {days['days']} days from {days['first']} to {days['last']}, the "
            f"first {days['warm_up']} as the past of the others; {days['coming']} to come",
            markup=False,
        )
        return
    tables = built.counts["tables"]
    heads = list(dict.fromkeys(head for counts in tables.values() for head in counts))
    rows = [(name, *(str(counts[head]) for head in heads)) for name, counts in tables.items()]
    show_table("", ("table", *(head.replace("_", " ") for head in heads)), rows)
    if weeks := built.counts.get("weeks"):
        OUT.print(
            f"{weeks['weeks']} weeks from {weeks['first']} to {weeks['last']}, {weeks['filled']} of them "
            f"filled; {weeks['warm_up']} before them are their past alone; {weeks['coming']} to come",
            markup=False,
        )


def _show_stage(stage: str, built: Built) -> None:
    say_synthetic(built.synthetic)
    for note in built.notes:
        OUT.print(f"note: {note}", markup=False)
    _show_counts(built)
    for name, table in built.heads.items():
        cells = [[_cell(value) for value in column] for column in table.to_pydict().values()]
        if table.num_columns <= WIDE:
            show_table(f"\n{name}", table.column_names, list(zip(*cells, strict=True)))
        else:
            lines = [(head, *values) for head, values in zip(table.column_names, cells, strict=True)]
            show_table(f"\n{name}", lines[0], lines[1:])
    OUT.print(f"\nstopped after {stage}: nothing was written", markup=False)


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _stage_as_dict(name: str, stage: str, built: Built) -> dict[str, Any]:
    return {
        "project": name,
        "stage": stage,
        "synthetic": built.synthetic,
        "notes": built.notes,
        "counts": built.counts,
        "tables": {table: head.to_pylist() for table, head in built.heads.items()},
    }


def _as_dict(name: str, prepared: Prepared) -> dict[str, Any]:
    snapshot, built = prepared.snapshot, prepared.built
    found: dict[str, Any] = {
        "project": name,
        "snapshot": snapshot.hash,
        "rows": snapshot.rows,
        "parent": snapshot.parent,
        "synthetic": snapshot.synthetic,
        "sources": snapshot.sources,
        "notes": prepared.notes,
    }
    if built and built.dataset:
        found["dataset"] = {
            "name": built.dataset.name,
            "path": str(built.dataset.path),
            "new": built.new,
            "counts": built.counts,
            "notes": built.notes,
        }
    return found
