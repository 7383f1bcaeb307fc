"""The command profile: what a person should know of the data before any model."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from zelo.cli.projects import AsJson, Named
from zelo.cli.show import OUT, fits_shown, say_synthetic, show_json
from zelo.cli.workspace import now, open_workspace, threads
from zelo.errors import DataError

MOST_FINDINGS = 6


def add_commands(app: typer.Typer) -> None:
    app.command()(profile)


def profile(
    name: Named,
    output: Annotated[
        Path | None, typer.Option(help="The report, as one HTML file; in ZELO_HOME if not given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Describe the training rows in one HTML report: fields, classes, texts, duplicates, labels to review."""
    from zelo.data import prepare
    from zelo.profiling.page import render
    from zelo.profiling.profile import profile as run
    from zelo.profiling.words import Words

    workspace = open_workspace()
    project = workspace.project(name)
    path = output or workspace.settings.reports / f"{name}-profile.html"
    _refuse_place(path)
    prepared = prepare.current(project, workspace.places(name), created=now())
    with fits_shown(quiet=as_json, unit="parts") as progress:
        found = run(
            prepared.snapshot,
            project,
            threads=threads(),
            progress=lambda done, total: progress(name, done, total),
        )
    path.write_text(render(found), encoding="utf-8")
    words = Words(project.language)
    if as_json:
        findings = [words.sentence(finding) for finding in found.findings]
        show_json({"report": str(path), "notes": prepared.notes, "sentences": findings, **found.as_dict()})
        return
    say_synthetic(found.synthetic)
    for note in prepared.notes:
        OUT.print(f"note: {note}", markup=False)
    OUT.print(
        f"{name}: {found.training_rows} training rows described in {path}", markup=False, soft_wrap=True
    )
    for finding in found.findings[:MOST_FINDINGS]:
        OUT.print(f"  - {words.sentence(finding)}", markup=False)


def _refuse_place(path: Path) -> None:
    """Find out before minutes of work that the report cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise _unwritten(path, error.strerror or type(error).__name__) from error
    if path.is_dir():
        raise _unwritten(path, "a folder")


def _unwritten(path: Path, found: str) -> DataError:
    return DataError(
        "the report cannot be written",
        where=str(path),
        found=found,
        expected="the name of a file, in a folder where there is leave to write",
        hint="choose another place with --output",
    )
