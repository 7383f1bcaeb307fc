"""Reading a project.yaml. Every error names the file, the line, the key, what was found and what is allowed."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from zelo.errors import SpecError
from zelo.spec.project import Project
from zelo.spec.rules import broken_rule

FILE_NAME = "project.yaml"
MAX_BYTES = 1 << 20


def load_project(folder: Path) -> Project:
    """Read ``folder/project.yaml``.

    Raises:
        SpecError: the file is missing, is no YAML, or breaks the schema or a rule.
    """
    path = folder / FILE_NAME
    project = parse_project(_read(path), where=str(path))
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
            hint=f"did you mean {close[0]}?" if close else "zelo list shows the projects; zelo init makes one",
        )
    return load_project(projects / name)


def list_projects(projects: Path) -> list[str]:
    """Names of the folders that hold a project.yaml, sorted."""
    return sorted(path.parent.name for path in projects.glob(f"*/{FILE_NAME}"))


def parse_project(text: str, *, where: str = FILE_NAME) -> Project:
    """A project from YAML text; ``where`` names the text in errors.

    Raises:
        SpecError: as in :func:`load_project`.
    """
    document = _parse_yaml(text, where)
    try:
        project = Project.model_validate(document)
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
        raise SpecError(
            "the file is not UTF-8",
            where=str(path),
            found=f"byte 0x{error.object[error.start]:02x} at position {error.start}",
            expected="UTF-8 text",
            hint="save it as UTF-8 in your editor",
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
        raise SpecError("not valid YAML", where=where, found=str(error), expected="a YAML mapping") from error
    if not isinstance(document, Mapping):
        raise SpecError(
            "not a mapping",
            where=where,
            found=type(document).__name__ if document is not None else "an empty file",
            expected="keys such as name, task, data, candidates, select",
            hint="zelo schema prints every key",
        )
    return document


def _spec_error(error: ValidationError, document: Mapping[str, Any], where: str) -> SpecError:
    # A union reports each of its branches; the deepest one is the branch that the author meant.
    details = max(error.errors(), key=lambda item: (item["type"] == "extra_forbidden", len(item["loc"])))
    path = tuple(part for part in details["loc"] if _is_written(document, part, details["loc"]))
    key = ".".join(str(part) for part in path) or "the document"
    others = error.error_count() - 1
    if details["type"] == "extra_forbidden":
        allowed = sorted(_allowed_keys(path[:-1]))
        close = difflib.get_close_matches(str(path[-1]), allowed, n=1)
        return SpecError(
            f"unknown key {key}",
            where=_place(document, path, where),
            found=str(path[-1]),
            expected=f"one of {', '.join(allowed)}" if allowed else "no such key",
            hint=f"did you mean {close[0]}?" if close else "zelo schema prints every key",
        )
    missing = details["type"] == "missing"
    return SpecError(
        f"{key} is missing" if missing else f"{key} is not valid",
        where=_place(document, path, where),
        found="nothing" if missing else _shown(details["input"]),
        expected=_expectation(details),
        hint=f"and {others} more to mend after this one" if others else "zelo schema prints every key",
    )


def _is_written(document: Any, part: int | str, loc: tuple[int | str, ...]) -> bool:
    """Whether a part of pydantic's location is a key or index of the document, not a union's branch."""
    node = document
    for step in loc:
        if step is part:
            break
        node = _descend(node, step)
    return isinstance(part, int) or part == loc[-1] or (isinstance(node, Mapping) and part in node)


def _descend(node: Any, step: int | str) -> Any:
    if isinstance(node, Mapping) and step in node:
        return node[step]
    if isinstance(node, Sequence) and not isinstance(node, str) and isinstance(step, int) and step < len(node):
        return node[step]
    return node


def _place(document: Any, path: tuple[int | str, ...], where: str) -> str:
    """``file:line`` of the deepest written part of ``path``."""
    line: int | None = None
    node = document
    for step in path:
        marks = getattr(node, "lc", None)
        try:
            line = (marks.key(step) if isinstance(node, Mapping) else marks.item(step))[0] if marks else line
        except (KeyError, TypeError, IndexError):
            break
        node = _descend(node, step)
    return where if line is None else f"{where}:{line + 1}"


def _allowed_keys(path: tuple[int | str, ...]) -> set[str]:
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
    return message[0].lower() + message[1:]


def _shown(value: object) -> str:
    if isinstance(value, BaseModel):
        value = value.model_dump()
    text = repr(dict(value)) if isinstance(value, Mapping) else repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
