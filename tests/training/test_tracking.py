from __future__ import annotations

import dataclasses
import logging
import os
import time
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.picked import picked_forecast
from tests.tables import KINDS, make_project, make_table

from zelo.decisions.spread import Spread
from zelo.errors import TrainingError
from zelo.training.seeds import SeedSpread
from zelo.training.tracking import RETRIES, TELEMETRY_SWITCH, quiet_mlflow, track
from zelo.training.train import Trained, train

HASH = "ab" * 32


@cache
def trained(kind: str) -> Trained:
    linear = "ridge" if kind == "regression" else "logistic_regression"
    broken: dict[str, Any] = {"lightgbm": {"num_leaves": 1}}
    project = make_project(kind, candidates=["prior", {linear: {"max_iter": 400}}, broken])
    return train(make_table(kind, 160), project, threads=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mlflow")


def recorded(folder: Path, kind: str = "binary", **changes: Any) -> str:
    facts: dict[str, Any] = {
        "uri": f"sqlite:///{folder / 'mlflow.db'}",
        "artifacts": folder / "artifacts",
        "snapshot_hash": HASH,
        "synthetic": True,
    }
    return track(trained(kind), **{**facts, **changes})


def client(folder: Path) -> Any:
    with quiet_mlflow():
        from mlflow.tracking import MlflowClient

        return MlflowClient(tracking_uri=f"sqlite:///{folder / 'mlflow.db'}")


def children(folder: Path, run_id: str) -> dict[str, Any]:
    store = client(folder)
    experiment = store.get_run(run_id).info.experiment_id
    runs = store.search_runs([experiment], f"tags.mlflow.parentRunId = '{run_id}'")
    return {run.info.run_name: run for run in runs}


@pytest.mark.parametrize("kind", KINDS)
def test_the_run_holds_what_the_test_set_said(kind: str, folder: Path) -> None:
    found, run = trained(kind), client(folder).get_run(recorded(folder, kind))
    for name, interval in found.metrics.items():
        assert run.data.metrics[name] == pytest.approx(interval.value)
        assert run.data.metrics[f"{name}_low"] == pytest.approx(interval.low)
        assert run.data.metrics[f"{name}_high"] == pytest.approx(interval.high)
    primary = found.project.select.primary
    assert f"baseline_{primary}" in run.data.metrics
    params = run.data.params
    assert params["candidate"] == found.comparison.winner.name
    assert params["params.max_iter"] == "400"
    assert params["snapshot"] == HASH
    assert params["split.seed"] == "7"
    assert params["imbalance"] == "none"
    if kind == "regression":
        assert float(params["half_width"]) == found.policy.half_width
    else:
        assert float(params["threshold"]) == found.policy.threshold
        assert "Calibration" in params["calibration"]
    assert run.data.tags["zelo.snapshot"] == HASH
    assert run.data.tags["zelo.synthetic"] == "true"
    assert run.info.status == "FINISHED"


def test_each_candidate_has_a_run_inside(folder: Path) -> None:
    runs = children(folder, recorded(folder))
    found = trained("binary")
    assert set(runs) == {"prior", "logistic_regression", "lightgbm"}
    item = found.comparison.winner
    run = runs[item.name]
    assert run.data.metrics["f1"] == pytest.approx(item.metrics["f1"].value)
    assert run.data.metrics["f1_low"] == pytest.approx(item.metrics["f1"].low)
    assert run.data.metrics["seconds"] == pytest.approx(item.seconds)
    assert run.data.metrics["latency_ms"] == pytest.approx(item.latency_ms)
    assert run.data.params == {"candidate": item.name, "estimator": item.name, "params.max_iter": "400"}
    assert run.info.status == "FINISHED"


def test_a_candidate_that_failed_says_why(folder: Path) -> None:
    run = children(folder, recorded(folder))["lightgbm"]
    assert run.info.status == "FAILED"
    assert "num_leaves" in run.data.tags["zelo.error"]
    assert run.data.params["params.num_leaves"] == "1"


def test_a_forecaster_is_recorded_beside_the_baseline(folder: Path) -> None:
    found = picked_forecast()
    spread = {"mae": SeedSpread(3, 0.1, 0.3, 0.05)}
    run_id = track(
        dataclasses.replace(found, seeds={"ridge": spread}),
        uri=f"sqlite:///{folder / 'mlflow.db'}",
        artifacts=folder / "artifacts",
        snapshot_hash=HASH,
        synthetic=True,
    )
    whole, runs = client(folder).get_run(run_id), children(folder, run_id)
    assert whole.data.params["instead_of"] == "persistence"
    assert found.tested_against is not None
    assert whole.data.metrics["skill"] == pytest.approx(found.tested_against.skill)
    metrics, beside = runs["ridge"].data.metrics, found.against["ridge"]
    assert beside.direction is not None
    assert metrics["against_baseline_mae"] == pytest.approx(beside.mae_difference)
    assert metrics["against_baseline_p_value"] == pytest.approx(beside.p_value)
    assert metrics["direction_right"] == pytest.approx(beside.direction.right)
    assert metrics["direction_p_value"] == pytest.approx(beside.direction.p_value)
    assert (metrics["mae_seeds_low"], metrics["mae_seeds_sd"]) == (0.1, 0.05)
    naive = runs["persistence"].data.metrics
    assert naive["skill"] == 0
    assert not {"direction_right", "against_baseline_p_value"} & naive.keys()


def test_intervals_of_moving_width_are_recorded_by_what_makes_them(folder: Path) -> None:
    found = picked_forecast()
    spread = Spread(model="ewma", power=2, constant=0.0, weights=(1.0,), falls=(0.0,), fill=0.0,
                    fill_falls=0.0, limit=1.7, look_back=0, rate=0.1)  # fmt: skip
    policy = found.policy.model_copy(update={"spread": spread, "half_width": None})
    run_id = track(
        dataclasses.replace(found, policy=policy),
        uri=f"sqlite:///{folder / 'mlflow.db'}",
        artifacts=folder / "artifacts",
        snapshot_hash=HASH,
        synthetic=True,
    )
    params = client(folder).get_run(run_id).data.params
    assert (params["spread"], params["spread.limit"]) == ("ewma", "1.7")
    assert "half_width" not in params


def test_files_and_tags_go_with_the_run(folder: Path, tmp_path: Path) -> None:
    plot, card = tmp_path / "roc.png", tmp_path / "model_card.md"
    plot.write_bytes(b"png")
    card.write_text("card", encoding="utf-8")
    run_id = recorded(folder, files=[plot, card], tags={"zelo.bundle": "0123"})
    store = client(folder)
    assert [item.path for item in store.list_artifacts(run_id)] == ["model_card.md", "plots"]
    assert [item.path for item in store.list_artifacts(run_id, "plots")] == ["plots/roc.png"]
    assert store.get_run(run_id).data.tags["zelo.bundle"] == "0123"
    assert list((folder / "artifacts" / "sample").rglob("roc.png"))


def test_one_experiment_a_project_brought_back_where_it_was_deleted(folder: Path) -> None:
    store = client(folder)
    first = store.get_run(recorded(folder)).info.experiment_id
    assert store.get_experiment(first).name == "sample"
    store.delete_experiment(first)
    assert store.get_run(recorded(folder)).info.experiment_id == first


def test_an_undefined_metric_is_left_out(folder: Path) -> None:
    found = trained("binary")
    interval = type(found.metrics["f1"])(float("nan"), float("nan"), float("nan"))
    odd = dataclasses.replace(found, metrics={**found.metrics, "mcc": interval})
    run_id = track(
        odd,
        uri=f"sqlite:///{folder / 'mlflow.db'}",
        artifacts=folder / "artifacts",
        snapshot_hash=HASH,
        synthetic=False,
    )
    run = client(folder).get_run(run_id)
    assert "mcc" not in run.data.metrics
    assert run.data.tags["zelo.synthetic"] == "false"


def test_a_file_that_is_missing_fails_the_run(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="could not be recorded"):
        recorded(folder, files=[tmp_path / "nothing.png"], tags={"mark": "missing"})
    store = client(folder)
    experiment = store.get_experiment_by_name("sample").experiment_id
    assert [run.info.status for run in store.search_runs([experiment], "tags.mark = 'missing'")] == ["FAILED"]


def test_a_store_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    uri = f"sqlite:///{tmp_path / 'file' / 'mlflow.db'}"
    with pytest.raises(TrainingError) as caught:
        recorded(tmp_path, uri=uri)
    assert caught.value.where == uri


def test_recording_is_quick_and_silent(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    recorded(folder)
    start = time.perf_counter()
    recorded(folder)
    assert time.perf_counter() - start < 3.0
    fresh = folder / "fresh"
    fresh.mkdir()
    recorded(fresh)
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "")


def test_the_environment_and_the_loggers_are_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TELEMETRY_SWITCH, raising=False)
    monkeypatch.setenv(RETRIES, "5")
    logger = logging.getLogger("alembic")
    level = logger.level
    with quiet_mlflow():
        from mlflow.telemetry.client import get_telemetry_client

        assert os.environ[TELEMETRY_SWITCH] == "true"
        assert os.environ[RETRIES] == "5"
        assert logger.level == logging.WARNING
        assert get_telemetry_client() is None
    assert TELEMETRY_SWITCH not in os.environ
    assert os.environ[RETRIES] == "5"
    assert logger.level == level
