"""Commands about projects themselves: init, list, check, schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from zelo.cli.show import OUT, show_json, show_table
from zelo.cli.workspace import open_workspace
from zelo.errors import SpecError, ZeloError
from zelo.spec.loading import FILE_NAME, list_projects, load_project
from zelo.spec.project import Project

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Named = Annotated[str, typer.Argument(help="The project's name.")]


def add_commands(app: typer.Typer) -> None:
    app.command()(init)
    app.command("list")(list_)
    app.command()(check)
    app.command()(schema)


def init(
    name: Named,
    data: Annotated[Path, typer.Option(help="A table nobody prepared: CSV, Parquet or Excel.")],
    target: Annotated[str, typer.Option(help="The column to predict.")],
    language: Annotated[
        Literal["pt-BR", "en"], typer.Option(help="What users of the project read.")
    ] = "pt-BR",
    as_json: AsJson = False,
) -> None:
    """Make a project from a table: types, ranges, categories and the task are inferred."""
    from zelo.data.infer import infer_project

    workspace = open_workspace()
    folder = workspace.folder(name)
    if (folder / FILE_NAME).exists():
        raise SpecError(
            "the project is there already",
            where=str(folder / FILE_NAME),
            found=name,
            expected="a new name",
            hint="choose another name, or delete the folder if you do not want it",
        )
    text, notes = infer_project(name, data, target, language=language)
    raw = folder / "data" / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    kept = raw / data.name
    if not kept.exists():
        kept.write_bytes(data.read_bytes())
    (folder / FILE_NAME).write_text(text, encoding="utf-8")
    load_project(folder)
    if as_json:
        show_json({"project": name, "file": str(folder / FILE_NAME), "notes": notes})
        return
    OUT.print(f"{folder / FILE_NAME} written; read it, then: zelo train {name}", markup=False, soft_wrap=True)
    for note in notes:
        OUT.print(f"  - {note}", markup=False)


def list_(as_json: AsJson = False) -> None:
    """The projects, with their champion."""
    from zelo.registry.aliases import read_aliases

    workspace = open_workspace()
    found: list[dict[str, Any]] = []
    for name in list_projects(workspace.settings.projects):
        aliases = read_aliases(workspace.settings.registry, name)
        entry: dict[str, Any] = {
            "name": name,
            "aliases": {alias: item["version"] for alias, item in aliases.items()},
        }
        try:
            project = workspace.project(name)
            entry |= {"title": project.title, "task": project.task.kind}
        except ZeloError as error:
            entry |= {"title": str(error).splitlines()[0], "task": "not valid"}
        found.append(entry)
    if as_json:
        show_json(found)
    elif not found:
        OUT.print(
            f"no project in {workspace.settings.projects}: zelo init makes one from a CSV", markup=False
        )
    else:
        rows = [
            (
                item["name"],
                item["task"],
                item["aliases"].get("champion", "–"),
                item["aliases"].get("challenger", "–"),
                item["title"],
            )
            for item in found
        ]
        show_table("", ("project", "task", "champion", "challenger", "title"), rows)


def check(name: Named, as_json: AsJson = False) -> None:
    """Check the project.yaml, down to its candidates and derived features."""
    project = checked_project(name)
    facts = {
        "project": project.name,
        "valid": True,
        "inputs": list(project.inputs),
        "task": project.task.kind,
        "candidates": list(project.candidate_params),
    }
    if as_json:
        show_json(facts)
    else:
        OUT.print(
            f"{name}: valid; {project.task.kind}, {len(project.inputs)} inputs, "
            f"{len(project.candidate_params)} candidates",
            markup=False,
        )


def checked_project(name: str) -> Project:
    """A project whose candidates and derived features are known to be possible. Raises SpecError."""
    from zelo.features.expression import parse
    from zelo.features.preprocess import numeric_inputs
    from zelo.models.catalogue import chosen

    project = open_workspace().project(name)
    chosen(project)
    numbers = dict.fromkeys(numeric_inputs(project))
    for feature, text in project.derived.items():
        parse(feature, text, numbers)
    return project


def schema() -> None:
    """Print the JSON Schema of project.yaml, for editors."""
    typer.echo(json.dumps(Project.model_json_schema(), indent=2, ensure_ascii=False))
