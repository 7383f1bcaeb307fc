"""Which version is champion, challenger and previous, in one small file a project, replaced at once.

A serving process reads this file alone: it needs no tracking server to start. MLflow's registry
carries the same aliases; ``zelo verify`` tells where the two disagree.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from zelo.errors import RegistryError

ALIASES = ("champion", "challenger", "previous")


@dataclass(frozen=True)
class Resolved:
    """A version and the folder of its bundle."""

    version: str
    bundle_path: Path


def read_aliases(registry: Path, project: str) -> dict[str, dict[str, str]]:
    """alias -> {"version", "bundle"}; empty before the first training.

    Raises:
        RegistryError: the file is damaged.
    """
    path = aliases_path(registry, project)
    try:
        aliases: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise RegistryError(
            "the aliases are damaged",
            where=str(path),
            found=str(error),
            expected="JSON",
            hint="write it again from the last evidence: zelo history shows it",
        ) from error
    return aliases


def write_aliases(registry: Path, project: str, aliases: dict[str, dict[str, str]]) -> None:
    """Replace the file at once; a reader sees the old one or the new one."""
    path = aliases_path(registry, project)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    with temporary.open("w", encoding="utf-8") as stream:
        json.dump(aliases, stream, indent=2, sort_keys=True)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(temporary, path)


def resolve(registry: Path, bundles: Path, project: str, alias: str = "champion") -> Resolved:
    """The version behind an alias.

    Raises:
        RegistryError: the project has no such version yet.
    """
    aliases = read_aliases(registry, project)
    if alias not in aliases:
        raise RegistryError(
            f"{project} has no {alias}",
            where=str(aliases_path(registry, project)),
            found=", ".join(sorted(aliases)) or "no version yet",
            expected=f"a version with the alias {alias}",
            hint=f"zelo train {project}, then zelo promote {project}",
        )
    entry = aliases[alias]
    return Resolved(entry["version"], bundles / project / entry["bundle"])


def aliases_path(registry: Path, project: str) -> Path:
    """Where a project's aliases are."""
    return registry / project / "aliases.json"
