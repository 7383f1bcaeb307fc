"""A bundle: everything that a served model needs, in one folder, checked by hash before it is used."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from zelo.decisions.policy import Policy
from zelo.errors import BundleError
from zelo.registry.runtime import Predictor, load_served
from zelo.spec.project import Project

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Bundle:
    """A loaded bundle. ``hash`` is that of the manifest, which holds the hash of every other file."""

    path: Path
    hash: str
    project: Project
    policy: Policy
    manifest: Mapping[str, Any]
    predictor: Predictor


def seal(staging: Path, root: Path, facts: Mapping[str, Any]) -> Path:
    """Write the manifest of the files in ``staging`` and move the folder to ``root/<hash>``, at once.

    ``facts`` go into the manifest beside the files' hashes. An equal bundle is kept as it is.
    """
    files = {
        str(path.relative_to(staging)): file_hash(path)
        for path in sorted(staging.rglob("*"))
        if path.is_file()
    }
    text = json.dumps({**facts, "files": files}, indent=2, ensure_ascii=False, sort_keys=True)
    (staging / MANIFEST).write_text(text, encoding="utf-8")
    digest = hashlib.sha256(text.encode()).hexdigest()
    target = root / digest[:16]
    if target.exists():
        shutil.rmtree(staging)
        return target
    root.mkdir(parents=True, exist_ok=True)
    os.replace(staging, target)
    return target


def read_manifest(path: Path) -> tuple[dict[str, Any], str]:
    """The manifest and its sha256.

    Raises:
        BundleError: the manifest is missing or no JSON, or its hash is not the folder's name.
    """
    try:
        raw = (path / MANIFEST).read_bytes()
        manifest = json.loads(raw)
    except FileNotFoundError as error:
        raise BundleError(
            "the bundle is missing",
            where=str(path),
            expected=f"a folder with {MANIFEST}",
            hint="zelo train makes one; zelo history shows which exist",
        ) from error
    except ValueError as error:
        raise BundleError("the manifest is damaged", where=str(path / MANIFEST), found=str(error)) from error
    digest = hashlib.sha256(raw).hexdigest()
    if not digest.startswith(path.name):
        raise BundleError(
            "the manifest was changed",
            where=str(path / MANIFEST),
            found=f"sha256 {digest[:16]}",
            expected=f"sha256 {path.name}",
            hint="restore the bundle from a copy, or train again",
        )
    return manifest, digest


def changed_files(path: Path, manifest: Mapping[str, Any]) -> list[str]:
    """Files whose hash is not the manifest's, missing and added ones included."""
    listed = manifest["files"]
    present = {str(file.relative_to(path)) for file in path.rglob("*") if file.is_file()} - {MANIFEST}
    changed = [name for name in listed if name not in present or file_hash(path / name) != listed[name]]
    return sorted(changed) + sorted(f"{name} (added)" for name in present - set(listed))


def check_files(path: Path) -> tuple[dict[str, Any], str]:
    """The manifest and its sha256, once every file is found to be as it was sealed.

    Raises:
        BundleError: a file is missing, cut short, changed or added.
    """
    manifest, digest = read_manifest(path)
    if changed := changed_files(path, manifest):
        raise BundleError(
            "the bundle is not what was sealed",
            where=str(path),
            found=f"changed: {', '.join(changed)}",
            expected="every file with the hash in the manifest",
            hint="restore the bundle from a copy, or train again; zelo verify tells which are whole",
        )
    return manifest, digest


def load_bundle(path: Path) -> Bundle:
    """Check every file's hash, then load the predictor that the manifest names.

    Raises:
        BundleError: a file is missing, cut short or changed, or cannot be loaded.
    """
    manifest, digest = check_files(path)
    try:
        project = Project.model_validate_json((path / "project.json").read_bytes())
        policy = Policy.model_validate_json((path / "policy.json").read_bytes())
    except ValidationError as error:
        raise BundleError(
            "the bundle was made for another Zelo",
            where=str(path),
            found=str(error),
            expected="a project and a policy of this version",
            hint="train again with this version",
        ) from error
    return Bundle(path, digest, project, policy, manifest, load_served(path, project, manifest))


def file_hash(path: Path) -> str:
    """sha256 of a file, hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
