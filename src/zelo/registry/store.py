"""Where versions live, and what is written down of one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


LIBRARIES = (
    "catboost",
    "lightgbm",
    "lightning",
    "numpy",
    "onnx",
    "onnxruntime",
    "pandas",
    "scikit-learn",
    "scipy",
    "statsforecast",
    "torch",
    "xgboost-cpu",
    "zelo",
)
"""Those that decide what a model is; the environment's hash is over every installed one."""


def version_facts(version: str, bundle: Bundle) -> dict[str, object]:
    """What every record of evidence says of a version: how, of what, with what it was made; its figures."""
    manifest = bundle.manifest
    compared, made_with = (_read(bundle, name) for name in ("candidates.json", "environment.json"))
    winner = next(item for item in compared["candidates"] if item["name"] == manifest["candidate"])
    return {
        "version": version,
        "bundle": bundle.path.name,
        "bundle_hash": bundle.hash,
        "candidate": manifest["candidate"],
        "params": winner["params"],
        "created": manifest["created"],
        "snapshot": manifest["snapshot"],
        "synthetic": manifest["synthetic"],
        "runtime": manifest["runtime"],
        "code": manifest["code"],
        "environment": manifest["environment"],
        "libraries": {
            name: made_with["packages"][name] for name in LIBRARIES if name in made_with["packages"]
        },
        "metrics": _read(bundle, "metrics.json"),
    }


def _read(bundle: Bundle, name: str) -> Any:
    return json.loads((bundle.path / name).read_text(encoding="utf-8"))


def load_champion(store: Store, project: str) -> Bundle | None:
    """The champion's bundle; ``None`` before the first promotion."""
    entry = read_aliases(store.registry, project).get("champion")
    return load_bundle(store.bundles / project / entry["bundle"]) if entry else None
