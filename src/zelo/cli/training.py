"""A training as the command line and the demo run it: data, candidates, bundle, gates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from zelo.cli.workspace import Workspace, now
from zelo.data import prepare
from zelo.errors import SpecError
from zelo.features.augmentation import load_hook
from zelo.registry.assemble import candidates, horizons, intervals
from zelo.registry.register import Registered, register
from zelo.spec.project import Project, Tuning
from zelo.stats.metrics import point
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
    places = workspace.places(project.name)
    prepared = (
        prepare.append(project, append, places, created=now())
        if append
        else prepare.current(project, places, created=now())
    )
    snapshot = prepared.snapshot
    chosen = _only(project, names) if names else project
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


def _told(trained: Trained, registered: Registered) -> dict[str, Any]:
    naive = point(trained.baseline, list(trained.metrics))
    return {
        "project": trained.project.name,
        "version": registered.version,
        "bundle": registered.bundle.name,
        "candidate": trained.comparison.winner.name,
        "runtime": "onnx" if registered.certificate.passed else "native",
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
