"""The verb: a training becomes a version with a bundle, gates and evidence, and the alias challenger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from zelo.data.snapshot import Snapshot
from zelo.registry.aliases import read_aliases, write_aliases
from zelo.registry.assemble import finish, staged
from zelo.registry.bundle import load_bundle
from zelo.registry.compiled import compile_checked
from zelo.registry.environment import code_commit
from zelo.registry.error_analysis.page import ERRORS
from zelo.registry.evidence import append_evidence
from zelo.registry.examination import examine
from zelo.registry.gates.g08_critical import CLASSES
from zelo.registry.gates.gate import GateResult
from zelo.registry.gates.run import run_gates
from zelo.registry.lock import one_at_a_time
from zelo.registry.model_versions import add_version, set_aliases
from zelo.registry.parity import Certificate
from zelo.registry.store import Store, load_champion, version_facts
from zelo.training.tracking import track
from zelo.training.train import Trained


@dataclass(frozen=True)
class Registered:
    """A new version, what its gates say, and where its bundle is."""

    version: str
    bundle: Path
    gates: tuple[GateResult, ...]
    certificate: Certificate
    runtime: str


def register(
    trained: Trained, snapshot: Snapshot, store: Store, *, code_folder: Path, created: datetime
) -> Registered:
    """Bundle, compile, certify, track, version, examine; the champion stays what it was."""
    project = trained.project.name
    root = store.bundles / project
    compiled = compile_checked(trained)
    commit = code_commit(code_folder)
    with staged(trained, compiled, snapshot, root, created=created) as staging:
        run_id = track(
            trained,
            uri=store.tracking_uri,
            artifacts=store.artifacts,
            snapshot_hash=snapshot.hash,
            synthetic=snapshot.synthetic,
            files=[
                *sorted((staging / "plots").glob("*.png")),
                staging / "model_card.md",
                staging / "importances.json",
                staging / "candidates.json",
                staging / "slices.json",
                staging / "parity.json",
                staging / "robustness.json",
                *(path for name in (CLASSES, ERRORS) if (path := staging / name).exists()),
            ],
        )
        bundle = finish(
            staging, root, trained, compiled, snapshot, created=created, run_id=run_id, commit=commit
        )
    version = add_version(store.tracking_uri, project, bundle, run_id)
    loaded = load_bundle(bundle)
    gates = tuple(run_gates(examine(loaded, snapshot, load_champion(store, project))))
    append_evidence(
        store.registry,
        project,
        version_facts(version, loaded)
        | {
            "action": "register",
            "at": created.isoformat(),
            "gates": [gate.as_dict() for gate in gates],
            "why": trained.comparison.why,
            "instead_of": trained.comparison.instead_of,
        },
    )
    with one_at_a_time(store.registry, project):
        aliases = read_aliases(store.registry, project)
        aliases["challenger"] = {"version": version, "bundle": bundle.name}
        write_aliases(store.registry, project, aliases)
    set_aliases(store.tracking_uri, project, {alias: entry["version"] for alias, entry in aliases.items()})
    return Registered(version, bundle, gates, compiled.certificate, compiled.predictor.runtime)
