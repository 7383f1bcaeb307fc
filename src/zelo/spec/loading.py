"""Reading a project.yaml.

Every error names the file, the line, the key, what was found and what is allowed.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from zelo.errors import SpecError
from zelo.spec.project import Project
from zelo.spec.rules import broken_rule
from zelo.spec.tables import with_tables

FILE_NAME = "project.yaml"
MAX_BYTES = 1 << 20
MAX_NODES = 100_000

Location = tuple[int | str, ...]


def load_project(folder: Path) -> Project:
    """Read ``folder/project.yaml``.

    Raises:
        SpecError: the file is missing, is no YAML, or breaks the schema or a rule.
    """
    path = folder / FILE_NAME
    project = parse_project(_read(path), where=str(path), folder=folder)
    if project.name != folder.name:
        raise SpecError(
            "the project's name is not its folder's",
            where=str(path),
            found=f"name: {project.name} in the folder {folder.name}",
            expected=f"name: {folder.name}",
            hint="rename one of them",
        )
    return project


def find_project(projects: Path, name: str) -> Project:
    """The project called ``name`` in the folder ``projects``.

    Raises:
        SpecError: there is none of that name, or its project.yaml is not valid.
    """
    known = list_projects(projects)
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        raise SpecError(
            "no such project",
            where=str(projects),
            found=repr(name),
            expected=f"one of {', '.join(known)}" if known else "a folder with a project.yaml",
            hint=f"did you mean {close[0]}?" if close else "zelo list shows them; zelo init makes one",
        )
    return load_project(projects / name)


def list_projects(projects: Path) -> list[str]:
    """Names of the folders that hold a project.yaml, sorted."""
    return sorted(path.parent.name for path in projects.glob(f"*/{FILE_NAME}"))


def parse_project(text: str, *, where: str = FILE_NAME, folder: Path | None = None) -> Project:
    """A project from YAML text; ``where`` names it in errors, ``folder`` holds the tables that it names.

    Raises:
        SpecError: as in :func:`load_project`.
    """
    document = _parse_yaml(text, where)
    _check_values(document, where)
    if folder is not None:
        document = with_tables(document, folder)
    try:
        # Strict, so that '18' and true are not quietly taken for numbers; JSON, so that lists may be tuples.
        project = Project.model_validate_json(json.dumps(document, default=str), strict=True)
    except ValidationError as error:
        raise _spec_error(error, document, where) from error
    if (broken := broken_rule(project)) is not None:
        key, _, rest = broken.partition(": ")
        found, _, expected = rest.partition("; expected ")
        raise SpecError(
            f"{key} breaks a rule",
            where=_place(document, tuple(key.split(".")), where),
            found=found.removeprefix("found "),
            expected=expected,
            hint=f"mend {key}",
        )
    return project


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SpecError(
                "the file is too large for a project.yaml",
                where=str(path),
                found=f"{path.stat().st_size} bytes",
                expected=f"at most {MAX_BYTES} bytes",
                hint="data do not belong in it",
            )
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise SpecError(
            "the file is missing",
            where=str(path),
            expected="a project.yaml in the project's folder",
            hint="zelo init makes one from a CSV",
        ) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise SpecError(
            "the file is not UTF-8",
            where=f"{path}:{line}",
            found=f"byte 0x{error.object[error.start]:02x} at position {error.start}",
            expected="UTF-8 text",
            hint="save it as UTF-8 in your editor",
        ) from error
    except OSError as error:
        raise SpecError(
            "the file cannot be read",
            where=str(path),
            found=error.strerror or str(error),
            expected="a readable text file",
        ) from error


def _parse_yaml(text: str, where: str) -> Mapping[str, Any]:
    try:
        document = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        raise SpecError(
            "not valid YAML",
            where=f"{where}:{mark.line + 1}:{mark.column + 1}" if mark else where,
            found=" ".join(str(error.problem or error).split()),
            expected="a YAML mapping of keys to values",
            hint="look at the indentation and quotes of this line and the one above",
        ) from error
    except YAMLError as error:
        raise SpecError(
            "not valid YAML",
            where=where,
            found=" ".join(str(error).split()),
            expected="a YAML mapping of keys to values",
        ) from error
    except RecursionError as error:
        raise _endless(where) from error
    if not isinstance(document, Mapping):
        raise SpecError(
            "not a mapping",
            where=where,
            found="an empty file" if document is None else _shown(document),
            expected="keys such as name, task, data, candidates, select",
            hint="zelo schema prints every key",
        )
    return document


def _check_values(document: Mapping[str, Any], where: str) -> None:
    """Refuse what YAML can hold and a project cannot, before anything walks the whole document."""
    try:
        for count, (path, value) in enumerate(_nodes(document, ())):
            if count == MAX_NODES:
                raise _endless(where)
            if (expected := _oddity(value)) is not None:
                raise SpecError(
                    f"{_key(path)} is not valid",
                    where=_place(document, path, where),
                    found=_shown(value),
                    expected=expected,
                    hint="text that YAML takes for something else needs quotes",
                )
    except RecursionError as error:
        raise _endless(where) from error


def _oddity(value: object) -> str | None:
    """What was expected instead, where a value is none that JSON could hold."""
    if isinstance(value, dict):
        return None if all(isinstance(key, str) for key in value) else "keys that are text"
    if isinstance(value, float) and not math.isfinite(value):
        return "a finite number"
    known = isinstance(value, str | int | float | date | list | None)
    return None if known else "text, a number, true, false, a list or a mapping, without YAML tags"


def _nodes(node: Any, path: Location) -> Iterator[tuple[Location, Any]]:
    yield path, node
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from _nodes(value, (*path, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _nodes(value, (*path, index))


def _endless(where: str) -> SpecError:
    return SpecError(
        "not a project",
        where=where,
        found="values too many or nested too deep, aliases followed",
        expected="a few levels of keys",
        hint="zelo schema prints every key",
    )


def _spec_error(error: ValidationError, document: Mapping[str, Any], where: str) -> SpecError:
    found = [(_written_path(document, details), details) for details in error.errors()]
    # A union reports each of its branches; the deepest one is the branch that the author meant.
    path, details = max(found, key=lambda item: (item[1]["type"] == "extra_forbidden", len(item[0])))
    places = {other for other, _ in found}
    others = sum(not any(it[: len(other)] == other for it in places - {other}) for other in places) - 1
    more = f"and {others} more to mend after this one" if others else "zelo schema prints every key"
    key, place = _key(path), _place(document, path, where)
    if details["type"] == "extra_forbidden":
        allowed = sorted(_allowed_keys(path[:-1]))
        close = difflib.get_close_matches(str(path[-1]), allowed, n=1)
        return SpecError(
            f"unknown key {key}",
            where=place,
            found=str(path[-1]),
            expected=f"one of {', '.join(allowed)}" if allowed else "no such key",
            hint=f"did you mean {close[0]}?" if close else more,
        )
    if details["type"] == "missing":
        return SpecError(
            f"{key} is missing", where=place, found="nothing", expected=f"a value for {path[-1]}", hint=more
        )
    branches = dict.fromkeys(_expectation(other) for its_path, other in found if its_path == path)
    return SpecError(
        f"{key} is not valid",
        where=place,
        found=_shown(details["input"]),
        expected=", or ".join(branches),
        hint=more,
    )


def _written_path(document: Any, details: ErrorDetails) -> Location:
    """Pydantic's location without the names of a union's branches, which nobody wrote."""
    path: list[int | str] = []
    node = document
    for step in details["loc"]:
        if _holds(node, step):
            path.append(step)
            node = node[step]
    return (*path, details["loc"][-1]) if details["type"] == "missing" else tuple(path)


def _key(path: Location) -> str:
    return ".".join(str(step) for step in path) or "the document"


def _holds(node: Any, step: int | str) -> bool:
    if isinstance(node, list):
        return isinstance(step, int) and step < len(node)
    return isinstance(node, Mapping) and step in node


def _place(document: Any, path: Location, where: str) -> str:
    """``file:line`` of the deepest written part of ``path``."""
    line: int | None = None
    node = document
    for step in path:
        marks = getattr(node, "lc", None)
        if not _holds(node, step) or marks is None:
            break
        # A key that a YAML merge brought has no line of its own.
        place = (marks.data or {}).get(step)
        line = place[0] if place else line
        node = node[step]
    return where if line is None else f"{where}:{line + 1}"


def _allowed_keys(path: Location) -> set[str]:
    """Keys of the model that ``path`` leads to, by walking the JSON Schema."""
    schema = Project.model_json_schema()
    node: dict[str, Any] = schema
    for step in path:
        node = _step(node, step, schema)
    return set(_resolved(node, schema).get("properties", {}))


def _resolved(node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in node:
        target: dict[str, Any] = schema["$defs"][node["$ref"].rsplit("/", 1)[-1]]
        return target
    for branch in node.get("anyOf", []):
        if "$ref" in branch:
            return _resolved(branch, schema)
    return node


def _step(node: dict[str, Any], step: int | str, schema: dict[str, Any]) -> dict[str, Any]:
    node = _resolved(node, schema)
    if isinstance(step, int):
        items: dict[str, Any] = node.get("items", {})
        return items
    inner: dict[str, Any] = node.get("properties", {}).get(step) or node.get("additionalProperties") or {}
    if not inner and "patternProperties" in node:
        inner = next(iter(node["patternProperties"].values()))
    return inner


def _expectation(details: ErrorDetails) -> str:
    message = details["msg"]
    for opening in ("Input should be ", "Value error, "):
        message = message.removeprefix(opening)
    for ours, written in (("an object", "a mapping"), ("a valid array", "a list"), ("Tuple", "List")):
        message = message.replace(ours, written)
    return message[0].lower() + message[1:]


def _shown(value: object) -> str:
    plain = isinstance(value, list | dict)
    text = json.dumps(value, default=str, ensure_ascii=False) if plain else repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
