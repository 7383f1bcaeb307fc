"""A job inside its own process: the request becomes a training as the command line runs it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zelo.cli.workspace import Workspace
from zelo.errors import SpecError

if TYPE_CHECKING:
    from zelo.ledger.jobs import Job
    from zelo.ledger.store import Ledger
    from zelo.retraining.attempt import Attempt

TRAIN = "train"
_TOLD = ("version", "candidate", "runtime", "snapshot", "synthetic", "notes", "metrics", "seconds")


def run_job(
    workspace: Workspace, ledger: Ledger, job: Job, attempt: Attempt, *, threads: int
) -> dict[str, Any]:
    """Do what the job asks.

    Returns:
        What came of it, for the ledger.

    Raises:
        SpecError: a job of this kind is not known here.
    """
    if job.kind != TRAIN:
        raise SpecError(
            "a job of a kind that this version does not know", found=job.kind, expected=TRAIN, hint="update"
        )
    from zelo.cli.retrain import trained_again
    from zelo.cli.training import run_training
    from zelo.retraining.config import effective
    from zelo.spec.project import Tuning

    request = job.request
    project = effective(workspace.project(job.project), ledger, request)
    trials = request.get("trials")

    def train(append: Path | None) -> dict[str, Any]:
        return run_training(
            workspace,
            project,
            append=append,
            budget=Tuning(
                trials=project.tuning.trials if trials is None else trials, seconds=project.tuning.seconds
            ),
            names=request.get("only"),
            progress=attempt.progress,
            threads=threads,
            pick=request.get("pick"),
            guard=attempt.guard,
        )

    # A trigger's training is there for what came since the last one; a person's is of the data they know.
    learns = request.get("outcomes", False)
    told = trained_again(workspace, ledger, project, train) if learns else train(None)
    return _result(told)


def _result(told: Mapping[str, Any]) -> dict[str, Any]:
    gates = [{part: gate[part] for part in ("code", "status", "found")} for gate in told["gates"]]
    return {name: told[name] for name in _TOLD} | {"why": told["comparison"]["why"], "gates": gates}
