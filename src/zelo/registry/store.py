"""Where versions live, and what is written down of one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from zelo.registry.aliases import read_aliases
from zelo.registry.bundle import Bundle, load_bundle


@dataclass(frozen=True)
class Store:
    """Where versions live: bundles and evidence on disk, runs and versions in MLflow."""

    bundles: Path
    registry: Path
    snapshots: Path
    tracking_uri: str
    artifacts: Path


def version_facts(version: str, bundle: Bundle) -> dict[str, object]:
    """What every record of evidence says of a version: hashes of data, code, environment and figures."""
    manifest = bundle.manifest
    return {
        "version": version,
        "bundle": bundle.path.name,
        "bundle_hash": bundle.hash,
        "candidate": manifest["candidate"],
        "snapshot": manifest["snapshot"],
        "synthetic": manifest["synthetic"],
        "runtime": manifest["runtime"],
        "code": manifest["code"],
        "environment": manifest["environment"],
        "metrics": json.loads((bundle.path / "metrics.json").read_text(encoding="utf-8")),
    }


def load_champion(store: Store, project: str) -> Bundle | None:
    """The champion's bundle; ``None`` before the first promotion."""
    entry = read_aliases(store.registry, project).get("champion")
    return load_bundle(store.bundles / project / entry["bundle"]) if entry else None
