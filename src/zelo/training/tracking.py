"""A training in MLflow: a run for the winner, and a run inside it for each candidate."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zelo.errors import TrainingError
from zelo.spec.project import LATENCY
from zelo.stats.bootstrap import Interval
from zelo.stats.metrics import point

if TYPE_CHECKING:
    from mlflow.entities import RunInfo
    from mlflow.tracking import MlflowClient

    from zelo.training.against import Against
    from zelo.training.evaluate import Assessed
    from zelo.training.seeds import SeedSpread
    from zelo.training.train import Trained

TELEMETRY_SWITCH = "MLFLOW_DISABLE_TELEMETRY"
RETRIES = "MLFLOW_HTTP_REQUEST_MAX_RETRIES"
FEW_RETRIES = "2"
"""MLflow's own 7 keep a finished training waiting for four minutes where the server is down."""
LONGEST_VALUE = 500
"""Characters of a parameter: what MLflow's stores of every age accept."""


@contextmanager
def quiet_mlflow() -> Iterator[None]:
    """MLflow without usage telemetry, long retries and log lines below a warning; all as before afterwards.

    Import MLflow inside: it reads the telemetry switch as it is imported, and again at each call.
    """
    wanted = {TELEMETRY_SWITCH: "true", RETRIES: os.environ.get(RETRIES, FEW_RETRIES)}
    with _environment(wanted):
        # MLflow sets its loggers' levels when it is imported, so that comes first.
        import mlflow  # noqa: F401

        loggers = [logging.getLogger(name) for name in ("mlflow", "alembic")]
        levels = [logger.level for logger in loggers]
        for logger in loggers:
            logger.setLevel(logging.WARNING)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def track(
    trained: Trained,
    *,
    uri: str,
    artifacts: Path,
    snapshot_hash: str,
    synthetic: bool,
    files: Sequence[Path] = (),
    tags: Mapping[str, str] | None = None,
) -> str:
    """Record a training, and return the id of its run.

    The experiment is called as the project. Its run holds the winner's parameters, the metrics of the
    test set with both ends of their intervals, and the files (PNG under ``plots/``); the run inside it
    of each candidate holds its parameters, its metrics out of fold, or why it could not be fitted.

    Args:
        uri: of MLflow's tracking store.
        artifacts: the folder for files, where the store is a database; a server chooses its own.
        snapshot_hash: of the data that was trained on.
        tags: more tags of the run, such as the bundle or the commit.

    Raises:
        TrainingError: the store cannot be reached, or refuses.
    """
    with quiet_mlflow():
        from mlflow.exceptions import MlflowException
        from mlflow.tracking import MlflowClient
        from sqlalchemy.exc import SQLAlchemyError

        try:
            client = MlflowClient(tracking_uri=uri)
            experiment = _experiment(client, trained.project.name, uri, artifacts)
            facts = {"zelo.snapshot": snapshot_hash, "zelo.synthetic": str(synthetic).lower()}
            return _parent(client, experiment, trained, {**facts, **(tags or {})}, files)
        except (MlflowException, SQLAlchemyError, OSError) as error:
            raise TrainingError(
                "the training could not be recorded in MLflow",
                where=uri,
                found=(str(error).strip().splitlines() or [type(error).__name__])[0],
                expected="a tracking store that can be written",
                hint="look at MLFLOW_TRACKING_URI, and whether the disk or the server has room",
            ) from error


def _experiment(client: MlflowClient, name: str, uri: str, artifacts: Path) -> str:
    """The id of the experiment ``name``, made or brought back where it is not there."""
    found = client.get_experiment_by_name(name)
    if found is None:
        served = uri.startswith(("http://", "https://", "databricks"))
        location = None if served else (artifacts / name).resolve().as_uri()
        return str(client.create_experiment(name, artifact_location=location))
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    return str(found.experiment_id)


def _parent(
    client: MlflowClient, experiment: str, trained: Trained, tags: Mapping[str, str], files: Sequence[Path]
) -> str:
    end = int(time.time() * 1000)
    winner = trained.comparison.winner
    name = f"{winner.name} {tags['zelo.snapshot'][:8]}"
    start = end - round(1000 * trained.seconds)
    run = client.create_run(experiment, start_time=start, tags=dict(tags), run_name=name)
    parent = str(run.info.run_id)
    try:
        _log(client, parent, _params(trained, tags["zelo.snapshot"]), _measured(trained), end)
        for path in files:
            client.log_artifact(parent, str(path), "plots" if path.suffix == ".png" else None)
        entries = trained.project.candidate_entries
        for rank, item in enumerate((*trained.comparison.ranked, *trained.failed), start=1):
            beside = _beside(trained.against.get(item.name)) | _over_seeds(trained.seeds.get(item.name, {}))
            _candidate(client, run.info, item, entries.get(item.name, {}), beside, rank=rank, end=end)
    except BaseException:
        client.set_terminated(parent, status="FAILED")
        raise
    client.set_terminated(parent, end_time=end)
    return parent


def _candidate(
    client: MlflowClient,
    parent: RunInfo,
    item: Assessed,
    entry: Mapping[str, Any],
    beside: Mapping[str, float],
    *,
    rank: int,
    end: int,
) -> None:
    tags = {"mlflow.parentRunId": parent.run_id, "zelo.rank": str(rank)}
    if item.error:
        tags["zelo.error"] = item.error[:LONGEST_VALUE]
    start = end - round(1000 * item.seconds)
    run = client.create_run(parent.experiment_id, start_time=start, tags=tags, run_name=item.name)
    metrics = {**_flat(item.metrics), "seconds": item.seconds, LATENCY: item.latency_ms, **beside}
    facts = {"candidate": item.name, "estimator": entry.get("estimator", item.name)}
    if features := entry.get("features"):
        facts["features"] = features
    _log(client, run.info.run_id, {**facts, **_own(item.params)}, metrics, end)
    client.set_terminated(run.info.run_id, status="FAILED" if item.error else "FINISHED", end_time=end)


def _log(
    client: MlflowClient, run: str, params: Mapping[str, Any], metrics: Mapping[str, float], at: int
) -> None:
    """Parameters and metrics in one round trip. What has no value (NaN) is left out."""
    from mlflow.entities import Metric, Param

    client.log_batch(
        run,
        metrics=[Metric(name, value, at, 0) for name, value in metrics.items() if np.isfinite(value)],
        params=[Param(name, _written(value)[:LONGEST_VALUE]) for name, value in params.items()],
    )


def _params(trained: Trained, snapshot_hash: str) -> dict[str, Any]:
    project, policy = trained.project, trained.policy
    calibration = getattr(trained.model, "calibration", None)
    learned: dict[str, Any] = {"half_width": policy.half_width}
    if policy.spread is not None:
        learned = {"spread": policy.spread.model, "spread.limit": policy.spread.limit}
    elif calibration is not None:
        written = {type(calibration).__name__: vars(calibration)}
        learned = {"calibration": written, "threshold": policy.threshold}
    return {
        "candidate": trained.comparison.winner.name,
        **_own(trained.comparison.winner.params),
        "snapshot": snapshot_hash,
        "split.by": project.split.by,
        "split.test": project.split.test,
        "split.seed": project.split.seed,
        "rows.train": len(trained.train.truth),
        "rows.test": len(trained.test.truth),
        "folds": project.select.folds,
        "repeats": project.select.repeats,
        "primary": project.select.primary,
        "imbalance": project.imbalance,
        **learned,
        **({"instead_of": instead_of} if (instead_of := trained.comparison.instead_of) else {}),
        "why": trained.comparison.why,
    }


def _measured(trained: Trained) -> dict[str, float]:
    """Metrics of the test set, the baseline's beside them, and what the training cost."""
    names = trained.project.select.measured
    baseline = {f"baseline_{name}": value for name, value in point(trained.baseline, names).items()}
    times = {"seconds": trained.seconds, "fit_seconds": trained.fit_seconds}
    return {**_flat(trained.metrics), **baseline, **times, **_beside(trained.tested_against)}


def _beside(found: Against | None) -> dict[str, float]:
    """A forecaster beside the first baseline: in size, and in direction where it has one."""
    if found is None:
        return {}
    told = {
        "against_baseline_mae": found.mae_difference,
        "against_baseline_p_value": found.p_value,
        "skill": found.skill,
    }
    if found.direction is not None:
        told["direction_right"] = found.direction.right
        told["direction_by_chance"] = found.direction.by_chance
        told["direction_p_value"] = found.direction.p_value
    return told


def _over_seeds(found: Mapping[str, SeedSpread]) -> dict[str, float]:
    """Each metric's spread over several seeds."""
    return {
        f"{name}_seeds_{part}": getattr(one, part)
        for name, one in found.items()
        for part in ("low", "high", "sd")
    }


def _own(params: Mapping[str, Any]) -> dict[str, Any]:
    """An estimator's parameters, under names that are theirs alone."""
    return {f"params.{name}": value for name, value in params.items()}


def _flat(metrics: Mapping[str, Interval]) -> dict[str, float]:
    flat = {}
    for name, found in metrics.items():
        flat.update({name: found.value, f"{name}_low": found.low, f"{name}_high": found.high})
    return flat


def _written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
