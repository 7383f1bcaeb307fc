"""What the documents say is so: commands, options, paths, links, endpoints, settings, gates and YAML."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from ruamel.yaml import YAML
from tests.conftest import MakeHome

from zelo import __version__
from zelo.cli.app import app
from zelo.features.expression import parse
from zelo.features.preprocess import numeric_inputs
from zelo.models.catalogue import chosen
from zelo.registry.gates.run import GATES
from zelo.retraining.routes import training_extension
from zelo.serving.evidence_routes import evidence_router
from zelo.serving.routes import project_router
from zelo.settings import Settings
from zelo.spec.loading import parse_project
from zelo.spec.project import Gates, Project

ROOT = Path(__file__).parents[2]
READMES = ("README.md", "README.pt-BR.md")
PAGES = sorted(
    str(path.relative_to(ROOT))
    for pattern in ("*.md", "docs/**/*.md", "deploy/*.md", "projects/*/README.md")
    for path in ROOT.glob(pattern)
)
DECISIONS = [page for page in PAGES if page.startswith("docs/decisions/")]
COMMANDS: dict[str, Any] = {
    name: command for name, command in typer.main.get_command(app).commands.items() if not command.hidden
}
PATHS = re.compile(r"`((?:src|tests|docs|benchmarks|deploy|projects)/[^`\s<>*]*)`")
MADE_UP = ("projects/my_machines", "projects/minhas_maquinas")
"""Folders that a reader makes by following the page."""


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page: str, *languages: str) -> list[str]:
    """The fenced blocks of a page in those languages."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text_of(page), flags=re.MULTILINE | re.DOTALL)
    return [body for language, body in found if language in languages]


def prose(page: str) -> str:
    """The page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", text_of(page), flags=re.MULTILINE | re.DOTALL)


def typed(page: str, program: str) -> Iterator[list[str]]:
    """The arguments of each call of a program in the page's consoles."""
    for block in blocks(page, "bash", "console"):
        for line in re.findall(rf"^\$ {program} (.+)$", block.replace("\\\n", " "), flags=re.MULTILINE):
            yield shlex.split(line)


def leaves(command: Any) -> list[Any]:
    """The command itself, or those under it."""
    return list(command.commands.values()) if hasattr(command, "commands") else [command]


def options_of(command: Any) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts}


def headings(page: str) -> list[tuple[int, str]]:
    return [
        (len(marks), title) for marks, title in re.findall(r"^(#+) (.+)$", prose(page), flags=re.MULTILINE)
    ]


def anchors(page: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for _, title in headings(page)}


def cells(page: str, head: str) -> list[list[str]]:
    """The rows of the table whose first row begins so."""
    lines = iter(text_of(page).splitlines())
    rows = []
    for line in lines:
        if line.startswith(f"| {head} |"):
            next(lines)
            for row in lines:
                if not row.startswith("|"):
                    break
                rows.append([cell.strip() for cell in row.strip("|").split("|")])
    return rows


def names(page: str, *heads: str) -> list[str]:
    """What stands in backticks in the first column of a table, whatever its language."""
    found = next(rows for head in heads if (rows := cells(page, head)))
    return [row[0].strip("`") for row in found]


@pytest.mark.parametrize("page", PAGES)
def test_every_command_can_be_typed(page: str) -> None:
    for name, *arguments in typed(page, "zelo"):
        COMMANDS[name].make_context(name, arguments)


@pytest.mark.parametrize("page", PAGES)
def test_every_command_that_is_named_exists(page: str) -> None:
    named = re.findall(r"`zelo ([a-z]+)[^`]*`", prose(page))
    assert set(named) <= set(COMMANDS)
    options = re.findall(r"`zelo ([a-z]+) [^`]*?(--[a-z-]+)[^`]*`", prose(page))
    for name, option in options:
        known = {known for leaf in leaves(COMMANDS[name]) for known in options_of(leaf)}
        assert option in known, (name, option)


@pytest.mark.parametrize("page", READMES)
def test_every_command_is_documented(page: str) -> None:
    documented = [name.removeprefix("zelo ") for name in names(page, "command", "comando")]
    assert sorted(documented) == sorted(COMMANDS)


def test_every_command_has_help() -> None:
    assert all(command.help for command in COMMANDS.values())


def test_all_commands_but_four_speak_json() -> None:
    silent = {
        name
        for name, command in COMMANDS.items()
        if not all("--json" in options_of(leaf) for leaf in leaves(command))
    }
    assert silent == {"serve", "worker", "schema", "demo"}


@pytest.mark.parametrize("page", PAGES)
def test_every_target_and_benchmark_exists(page: str) -> None:
    makefile = text_of("Makefile")
    asked = [arguments[0] for arguments in typed(page, "make")] + re.findall(r"`make (\w+)`", prose(page))
    assert all(re.search(rf"^{target}:", makefile, flags=re.MULTILINE) for target in asked)
    modules = re.findall(r"python -m benchmarks\.(\w+)", text_of(page))
    assert all((ROOT / "benchmarks" / f"{module}.py").is_file() for module in modules)


@pytest.mark.parametrize("page", PAGES)
def test_every_path_exists(page: str) -> None:
    for path in PATHS.findall(prose(page)):
        # Data are never in the repository, and a reader's own project is not yet.
        if path.startswith(MADE_UP) or path.endswith("/data/raw"):
            continue
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / page).parent / path if path else ROOT / page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(str(target.resolve().relative_to(ROOT))), link


@pytest.mark.parametrize("page", PAGES)
def test_no_page_names_a_folder_of_one_machine(page: str) -> None:
    assert not re.search(r"(?<![\w.])/(?:work|root|home|tmp|opt|Users)/", text_of(page))


@pytest.mark.parametrize("page", PAGES)
def test_every_yaml_can_be_used(page: str) -> None:
    for block in blocks(page, "yaml"):
        document = YAML(typ="safe").load(block)
        assert set(document) <= set(Project.model_fields)
        if "name" in document:
            project = parse_project(block, where=page)
            chosen(project)
            for name, formula in project.derived.items():
                parse(name, formula, dict.fromkeys(numeric_inputs(project)))


@pytest.mark.parametrize("page", PAGES)
def test_every_python_runs(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for block in blocks(page, "python"):
        exec(compile(block, page, "exec"), {})


def test_readmes_say_the_same() -> None:
    english, portuguese = READMES
    assert [level for level, _ in headings(english)] == [level for level, _ in headings(portuguese)]

    def calls(page: str) -> list[list[str]]:
        # The command and its options; values may be in the page's language.
        return [
            [name, *(part for part in rest if part.startswith("--"))] for name, *rest in typed(page, "zelo")
        ]

    assert list(typed(english, "make")) == list(typed(portuguese, "make"))
    assert calls(english) == calls(portuguese)
    tour = slice(1, 5)
    assert blocks(english, "console")[tour] == blocks(portuguese, "console")[tour]
    for heads in (("command", "comando"), ("endpoint",), ("variable", "variável")):
        assert names(english, *heads) == names(portuguese, *heads)
    links = re.compile(r"\]\(([^)#\s]+)\)")
    assert len(links.findall(prose(english))) == len(links.findall(prose(portuguese)))
    figures = [row[-1] for row in cells(english, "figure")]
    assert figures == [row[-1] for row in cells(portuguese, "número")]


@pytest.mark.parametrize("page", READMES)
def test_figures_have_their_place(page: str) -> None:
    text = text_of(page)
    assert text.count("<!-- figures -->") == text.count("<!-- /figures -->") == 1
    assert text.index("<!-- figures -->") < text.index("<!-- /figures -->")


@pytest.mark.parametrize("page", READMES)
def test_endpoints_are_those_that_are_served(page: str) -> None:
    project = SimpleNamespace(classes=(0, 1))
    model = SimpleNamespace(bundle=SimpleNamespace(project=project))
    service: Any = SimpleNamespace(name="sample", model=model)
    served: Any = SimpleNamespace(
        name="sample", service=service, batcher=None, metrics=None, max_body_bytes=1
    )
    training: Any = SimpleNamespace(jobs=None, max_body_bytes=1)
    routes = [
        *project_router(served).routes,
        *evidence_router(service).routes,
        *training_extension("sample", training).router.routes,
    ]
    found = {f"{method} {route.path}" for route in routes for method in route.methods}
    assert set(names(page, "endpoint")) == found


@pytest.mark.parametrize("page", READMES)
def test_settings_are_those_that_are_read(page: str) -> None:
    rows = {row[0].strip("`"): row[2] for row in cells(page, "variable") + cells(page, "variável")}
    assert rows.pop("MLFLOW_TRACKING_URI")
    assert set(rows) == {f"ZELO_{name.upper()}" for name in Settings.model_fields}
    for name, field in Settings.model_fields.items():
        if field.default is not None:
            assert rows[f"ZELO_{name.upper()}"] == f"`{str(field.default).replace('False', 'false')}`"


def test_each_gate_has_its_heading() -> None:
    assert [title for level, title in headings("docs/gates.md") if level == 2] == [
        f"{gate.code} {gate.title}" for gate in GATES
    ]
    for section in text_of("docs/gates.md").split("\n## ")[1:]:
        for part in ("**Asks:**", "**Computed:**", "**When it fails:**", "**Limit:**"):
            assert section.count(part) == 1, (section.splitlines()[0], part)


def test_gates_limits_are_told_with_their_defaults() -> None:
    (block,) = blocks("docs/gates.md", "yaml")
    assert YAML(typ="safe").load(block)["gates"] == Gates().model_dump(mode="json")
    text = prose("docs/gates.md")
    assert all(f"`gates.{key}`" in text for key in Gates.model_fields)


def test_rooms_are_those_that_import_linter_holds_apart() -> None:
    contracts = tomllib.loads(text_of("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    layers = next(one["layers"] for one in contracts if one["name"] == "Arrows point down only")
    drawn = next(block for block in blocks("docs/architecture.md", "text") if block.startswith("zelo."))
    assert drawn.splitlines() == layers
    rooms = {name.removeprefix("zelo.") for layer in layers for name in layer.split(" | ")}
    assert set(names("docs/architecture.md", "room")) == rooms - {"__main__", "errors", "logs"}


def test_every_file_of_a_bundle_is_told(make_home: MakeHome) -> None:
    home: Any = make_home("trained")
    (manifest,) = home.root.rglob("manifest.json")
    told = " ".join(row[0] for row in cells("docs/architecture.md", "file"))
    for path in manifest.parent.iterdir():
        assert f"`{path.name}{'/' if path.is_dir() else ''}`" in told, path.name


@pytest.mark.parametrize("page", DECISIONS)
def test_each_decision_has_its_parts(page: str) -> None:
    number = Path(page).name[:4]
    (first, title), *rest = headings(page)
    assert first == 1
    assert title.startswith(f"{number} ")
    assert [heading for _, heading in rest] == ["Context", "Decision", "Consequences", "What was measured"]


def test_decisions_are_counted_without_gaps() -> None:
    assert [Path(page).name[:4] for page in DECISIONS] == [
        f"{number:04d}" for number in range(1, len(DECISIONS) + 1)
    ]


def test_every_project_has_its_page() -> None:
    assert all((path.parent / "README.md").is_file() for path in ROOT.glob("projects/*/project.yaml"))


def test_the_changelog_knows_the_version() -> None:
    assert __version__ in text_of("CHANGELOG.md")
