"""The verb: is everything still what the evidence says? Nothing is believed that can be computed again."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from zelo.data.snapshot import read_snapshot
from zelo.errors import ZeloError
from zelo.registry.aliases import read_aliases
from zelo.registry.bundle import Bundle, load_bundle
from zelo.registry.evidence import broken_links, read_evidence
from zelo.registry.examination import examine
from zelo.registry.formats import told_formats
from zelo.registry.model_versions import mlflow_aliases
from zelo.registry.store import Store
from zelo.stats.metrics import point

METRIC_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what, whether it holds, and what was seen."""

    subject: str
    holds: bool
    detail: str


def verify(store: Store, project: str) -> list[Finding]:
    """Check the chain, MLflow's aliases, and each aliased bundle with its snapshot and figures."""
    return list(_findings(store, project))


def _findings(store: Store, project: str) -> Iterator[Finding]:
    problems = broken_links(store.registry, project)
    records = [] if problems else read_evidence(store.registry, project)
    yield Finding(
        "evidence", not problems, "; ".join(problems) or f"{len(records)} records, each with the hash before"
    )
    aliases = read_aliases(store.registry, project)
    if not aliases:
        yield Finding("aliases", holds=False, detail="no version yet: zelo train makes one")
        return
    versions = {alias: entry["version"] for alias, entry in aliases.items()}
    yield _aliases(store, project, versions, records)
    recorded = {record["version"]: record["bundle_hash"] for record in records}
    for alias, entry in sorted(aliases.items()):
        yield from _version(store, project, alias, entry, recorded)


def _aliases(store: Store, project: str, versions: dict[str, str], records: list[dict[str, Any]]) -> Finding:
    """The aliases file, MLflow and the evidence must name the same versions."""
    text = ", ".join(f"{alias} {version}" for alias, version in sorted(versions.items()))
    try:
        mirrored = mlflow_aliases(store.tracking_uri, project)
    except ZeloError as error:
        return Finding("aliases", holds=False, detail=f"{text}; {error}")
    if mirrored != versions:
        others = ", ".join(f"{alias} {version}" for alias, version in sorted(mirrored.items())) or "none"
        return Finding("aliases", holds=False, detail=f"{text}; MLflow has {others}")
    moved = [record["version"] for record in records if record["action"] in ("promote", "rollback")]
    if records and (moved[-1] if moved else None) != versions.get("champion"):
        found = f"{text}; the last promotion in the evidence is of {moved[-1] if moved else 'no version'}"
        return Finding("aliases", holds=False, detail=found)
    return Finding("aliases", holds=True, detail=text)


def _version(
    store: Store, project: str, alias: str, entry: dict[str, str], recorded: dict[str, str]
) -> Iterator[Finding]:
    subject = f"{alias} (version {entry['version']})"
    try:
        bundle = load_bundle(store.bundles / project / entry["bundle"])
        whole = bundle.hash == recorded.get(entry["version"])
        files = len(bundle.manifest["files"])
        yield Finding(
            f"{subject} bundle", whole, f"{files} files, hash {'as' if whole else 'not as'} in the evidence"
        )
        safe, formats = told_formats(bundle.path, bundle.predictor.runtime)
        yield Finding(f"{subject} format", safe, formats)
        snapshot = read_snapshot(store.snapshots, project, bundle.manifest["snapshot"])
        found = point(examine(bundle, snapshot, None).tested, _measured(bundle))
        yield Finding(
            f"{subject} snapshot", holds=True, detail=f"{snapshot.rows} rows, hash {snapshot.hash[:16]}"
        )
        yield _figures(subject, bundle, found)
    except ZeloError as error:
        yield Finding(subject, holds=False, detail=str(error))


def _measured(bundle: Bundle) -> list[str]:
    metrics = json.loads((bundle.path / "metrics.json").read_text(encoding="utf-8"))
    return [name for name, interval in metrics.items() if interval["value"] is not None]


def _figures(subject: str, bundle: Bundle, found: dict[str, float]) -> Finding:
    metrics = json.loads((bundle.path / "metrics.json").read_text(encoding="utf-8"))
    differ = [
        f"{name} {value:.6f} and not {metrics[name]['value']:.6f}"
        for name, value in found.items()
        if not math.isclose(value, metrics[name]["value"], rel_tol=METRIC_TOLERANCE, abs_tol=METRIC_TOLERANCE)
    ]
    detail = "; ".join(differ) or f"{len(found)} test metrics computed again, the same"
    return Finding(f"{subject} figures", not differ, detail)
