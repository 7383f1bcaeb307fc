"""A project trained over HTTP by a real server and a real worker, while callers ask for predictions."""

from __future__ import annotations

import json
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.homes import NAME, pumps, stage
from tests.processes import Load, Server, World, opened_world

from zelo.registry.aliases import read_aliases
from zelo.registry.bundle import load_bundle

pytestmark = pytest.mark.slow
ROWS: list[dict[str, Any]] = json.loads(pumps(20, seed=9)[["age", "load", "site"]].to_json(orient="records"))
CHANGE = {"candidates": {"lightgbm": {"num_leaves": 5, "n_estimators": 25}}, "reason": "smaller trees"}
ASKED = {"candidates": {"lightgbm": {"n_estimators": 12}}, "only": ["prior", "lightgbm"], "pick": "lightgbm"}


@pytest.fixture
def world(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Version 1 is champion."""
    shutil.copytree(stage(tmp_path_factory, "served"), tmp_path, dirs_exist_ok=True)
    with opened_world(tmp_path, tmp_path / "projects") as opened:
        opened.environment["ZELO_JOBS_NICE"] = "0"
        yield opened


def watched(server: Server, url: str) -> list[tuple[str, dict[str, Any]]]:
    """Every event of a job's stream until the server closes it."""
    found: list[tuple[str, dict[str, Any]]] = []
    kind = ""
    with httpx.stream("GET", f"{server.url}{url}", timeout=60) as stream:
        for line in stream.iter_lines():
            name, _, value = line.partition(": ")
            if name == "event":
                kind = value
            elif name == "data":
                found.append((kind, json.loads(value)))
    return found


def test_a_model_is_trained_promoted_and_reloaded_while_it_predicts(world: World) -> None:
    server = world.serve(NAME)
    world.worker()
    load = Load(server, ROWS)
    with httpx.Client(base_url=server.url, timeout=30) as http:
        assert http.post("/config", json=CHANGE).json()["version"] == 1
        started = time.monotonic()
        accepted = http.post("/train", json=ASKED)
        answered_in = time.monotonic() - started
        told = watched(server, accepted.json()["events"])
        job = http.get(accepted.json()["url"]).json()
        during = len(load.answered)
        world.zelo(
            "promote", NAME, "--accept", "G02", "--accept", "G03", "--accept", "G07", "--reason", "test"
        )
        reloaded = http.post("/model/reload").json()
        load.wait(len(load.answered) + 40)
        health = http.get("/health").json()
    load.end()

    assert accepted.status_code == 202
    assert answered_in < 5
    assert (job["state"], job["result"]["version"], job["result"]["candidate"]) == (
        "succeeded",
        "2",
        "lightgbm",
    )
    kinds = [kind for kind, _ in told]
    assert (kinds[0], kinds[-1]) == ("state", "end")
    assert {facts["candidate"] for kind, facts in told if kind == "progress"} >= {"prior", "lightgbm"}
    assert told[-1][1]["result"] == job["result"]

    # The server follows the registry by itself, and may have done so before it is asked to.
    assert reloaded["model_version"] == "2"
    assert health["model_version"] == "2"
    assert health["training"] == {"active": False, "job": None, "queued": 0}

    # Nobody was refused, and version 1 answered until version 2 was loaded.
    assert (load.refused, load.broken) == ([], 0)
    assert during > 0
    versions = [answer["model_version"] for _, answer in load.answered]
    assert set(versions) == {"1", "2"}
    assert set(versions[:during]) == {"1"}
    assert trained_with(world) == {"num_leaves": 5, "n_estimators": 12}


def trained_with(world: World) -> dict[str, Any]:
    """What the champion's bundle says of the hyperparameters that were asked for."""
    home = world.root / "home"
    champion = read_aliases(home / "registry", NAME)["champion"]
    params = load_bundle(home / "bundles" / NAME / champion["bundle"]).project.candidate_params["lightgbm"]
    return {key: params[key] for key in ("num_leaves", "n_estimators")}


def test_a_server_that_is_stopped_closes_its_streams_and_keeps_its_jobs(world: World) -> None:
    server = world.serve(NAME)
    job = httpx.post(f"{server.url}/train").json()
    found: list[list[tuple[str, dict[str, Any]]]] = []
    watcher = threading.Thread(target=lambda: found.append(watched(server, job["events"])))
    watcher.start()
    time.sleep(1)

    started = time.monotonic()
    server.send(signal.SIGTERM)
    watcher.join(30)

    assert time.monotonic() - started < 10
    assert found == [[("state", found[0][0][1])]]
    again = world.serve(NAME)
    assert httpx.get(f"{again.url}{job['url']}").json()["state"] == "queued"
