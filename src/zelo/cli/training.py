"""A training as the command line and the demo run it: data, candidates, bundle, gates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from zelo.cli.workspace import Workspace, now
from zelo.data import prepare
from zelo.data.snapshot import read_snapshot
from zelo.errors import SpecError
from zelo.features.augmentation import load_hook
from zelo.registry.aliases import resolve
from zelo.registry.assemble import candidates, horizons, intervals
from zelo.registry.bundle import load_bundle
from zelo.registry.native import read_pipeline
from zelo.registry.register import Registered, register
from zelo.registry.runtime import NATIVE_FILE
from zelo.spec.project import Project, Tuning
from zelo.stats.metrics import point
from zelo.training.incremental import SMALLEST_BATCH, Before, learn_incrementally
from zelo.training.train import Trained, train


def run_training(
    workspace: Workspace,
    project: Project,
    *,
    append: Path | None,
    budget: Tuning,
    names: Sequence[str] | None,
    progress: Callable[[str, int, int], None],
    threads: int,
    pick: str | None = None,
    guard: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Train on the current snapshot (with new rows added, if any) and register the winner.

    Args:
        pick: the candidate to register in place of the winner, whatever the comparison says.
        guard: called before anything is registered; what it raises ends the training without a trace.

    Returns:
        What a person or a program wants to know of it, for JSON.
    """
    chosen = _only(project, names) if names else project
    places = workspace.places(project.name)
    prepared = (
        prepare.append(project, append, places, created=now())
        if append
        else prepare.current(project, places, created=now())
    )
    snapshot = prepared.snapshot
    storage = workspace.settings.tuning_url if budget.trials else None
    trained = train(
        snapshot.frame(),
        chosen,
        threads=threads,
        budget=budget,
        storage=storage,
        rewrite=load_hook(project, workspace.folder(project.name)),
        progress=progress,
        pick=pick,
    )
    guard()
    store = workspace.store()
    registered = register(trained, snapshot, store, code_folder=workspace.folder(project.name), created=now())
    return _told(trained, registered) | {
        "snapshot": snapshot.hash,
        "synthetic": snapshot.synthetic,
        "notes": list(prepared.notes),
    }


def run_incremental(
    workspace: Workspace,
    name: str,
    *,
    append: Path | None,
    batch: int = SMALLEST_BATCH,
    guard: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """The champion goes on learning from new labelled rows, batch by batch, and becomes a challenger.

    The champion itself stays what it is, and the challenger meets the gates of any other.

    Args:
        append: a file of labelled rows to add first, in the layout of the project's first source; without
            one, the rows of the current snapshot that the champion has not learned.
        batch: rows that are learned at a time.
        guard: called before anything is registered; what it raises ends the training without a trace.

    Returns:
        As :func:`run_training`, with the version that went on learning as ``before``.

    Raises:
        TrainingError: the champion cannot go on learning, or the new rows are too few.
    """
    settings, places = workspace.settings, workspace.places(name)
    resolved = resolve(settings.registry, settings.bundles, name, "champion")
    bundle = load_bundle(resolved.bundle_path)
    # The contract and the features are those that it was fitted with, whatever the file says today.
    project = bundle.project
    prepared = (
        prepare.append(project, append, places, created=now())
        if append
        else prepare.current(project, places, created=now())
    )
    snapshot = prepared.snapshot
    trained = learn_incrementally(
        snapshot.frame(),
        read_snapshot(settings.snapshots, name, str(bundle.manifest["snapshot"])).frame(),
        project,
        Before(
            resolved.version,
            str(bundle.manifest["candidate"]),
            read_pipeline(bundle.path / NATIVE_FILE),
            bundle.policy,
        ),
        batch=batch,
    )
    guard()
    registered = register(
        trained, snapshot, workspace.store(), code_folder=workspace.folder(name), created=now()
    )
    return _told(trained, registered) | {
        "snapshot": snapshot.hash,
        "synthetic": snapshot.synthetic,
        "notes": list(prepared.notes),
        "before": resolved.version,
    }


def _told(trained: Trained, registered: Registered) -> dict[str, Any]:
    naive = point(trained.baseline, list(trained.metrics))
    return {
        "project": trained.project.name,
        "version": registered.version,
        "bundle": registered.bundle.name,
        "candidate": trained.comparison.winner.name,
        "runtime": registered.runtime,
        "parity": registered.certificate.as_dict(),
        "comparison": candidates(trained),
        "metrics": intervals(trained.metrics),
        "baseline": naive,
        "horizons": None if trained.outlook is None else horizons(trained.outlook),
        "threshold": trained.policy.threshold,
        "gates": [gate.as_dict() for gate in registered.gates],
        "seconds": trained.seconds,
    }


def _only(project: Project, names: Sequence[str]) -> Project:
    """The project with some of its candidates alone."""
    if unknown := [name for name in names if name not in project.candidate_params]:
        raise SpecError(
            "not a candidate of this project",
            where="--candidates",
            found=", ".join(unknown),
            expected=f"some of {', '.join(project.candidate_params)}",
            hint="add it to the project.yaml to compare it",
        )
    kept = tuple(
        entry
        for entry in project.candidates
        if (entry if isinstance(entry, str) else next(iter(entry))) in names
    )
    return project.model_copy(update={"candidates": kept})
