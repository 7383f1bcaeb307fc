"""The whole life of a model in real processes, as a person would live it, on generated data."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import httpx
import numpy as np
import pandas as pd
import pytest
from tests.homes import SHIPPED, answered, environment
from tests.processes import CALLERS, STOPPED, Load, World, opened_world

pytestmark = pytest.mark.slow
NAME = "machine_failure"
CANDIDATES = ("--candidates", "prior,lightgbm")
COLUMNS = {
    "Air temperature [K]": "air_temperature",
    "Process temperature [K]": "process_temperature",
    "Rotational speed [rpm]": "rotational_speed",
    "Torque [Nm]": "torque",
    "Tool wear [min]": "tool_wear",
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with opened_world(tmp_path, SHIPPED) as opened:
        yield opened


@pytest.fixture
def machines(world: World) -> Callable[[int, int], pd.DataFrame]:
    """Labelled rows of other machines, in the source's columns: the same process with another seed."""

    def rows(count: int, first: int) -> pd.DataFrame:
        import importlib.util

        found = importlib.util.spec_from_file_location("machines", SHIPPED / NAME / "dataset.py")
        assert found is not None
        assert found.loader is not None
        module = importlib.util.module_from_spec(found)
        found.loader.exec_module(module)
        table: pd.DataFrame = module.generate("train", 7)
        table = table[table["Type"] == "L"].iloc[first : first + count].copy()
        table["UDI"] += 1_000_000
        return table

    return rows


def bodies(table: pd.DataFrame) -> list[Mapping[str, float]]:
    inputs = table[list(COLUMNS)].rename(columns=COLUMNS).astype(float)
    return [{str(name): value for name, value in row.items()} for row in inputs.to_dict("records")]


def assert_each_is_recorded_once(world: World, *loads: Load) -> None:
    with world.ledger() as ledger:
        recorded = {record.id: record for record in ledger.predictions(NAME)}
    pairs = [pair for load in loads for pair in load.answered]
    assert Counter(answer["id"] for _, answer in pairs).most_common(1)[0][1] == 1
    for row, answer in pairs:
        record = recorded[answer["id"]]
        assert {name: float(value) for name, value in record.inputs.items() if name in row} == dict(row)
        assert record.score == answer["score"]
        assert record.version == answer["model_version"]


def test_the_life_of_a_model(world: World, machines: Callable[[int, int], pd.DataFrame]) -> None:
    told = world.json("train", NAME, *CANDIDATES)
    assert (told["version"], told["candidate"], told["runtime"]) == ("1", "lightgbm", "onnx")
    assert told["synthetic"] is True
    assert any("SYNTHETIC" in note for note in told["notes"])
    promoted = world.zelo("promote", NAME)
    assert "version 1 is champion" in promoted.stdout

    first = kill_under_load(world, bodies(machines(400, 0)))
    judged(world, machines(300, 400))
    replaced_under_load(world, machines, first)


def kill_under_load(world: World, rows: list[Mapping[str, float]]) -> list[Load]:
    """SIGKILL in the middle; what was answered is there afterwards, and the next server goes on."""
    loads = []
    for ends in (signal.SIGKILL, signal.SIGTERM):
        server = world.serve(NAME)
        assert "SYNTHETIC" in server.log.read_text(encoding="utf-8")
        health = httpx.get(f"{server.url}/health").json()
        assert (health["status"], health["data"]["synthetic"]) == ("ok", True)
        load = Load(server, rows)
        loads.append(load)
        load.wait(150)
        if ends is signal.SIGTERM:
            load.end()
            assert server.send(ends) in STOPPED
            assert load.broken == 0
        else:
            server.send(ends)
            load.end()
            assert load.broken == CALLERS
        assert load.refused == []
    assert_each_is_recorded_once(world, *loads)
    return loads


def judged(world: World, table: pd.DataFrame) -> None:
    """A batch, the truth about it, and what monitoring makes of both."""
    source, output = world.root / "new.csv", world.root / "predictions.csv"
    table.drop(columns="Machine failure").to_csv(source, index=False)
    told = world.json("predict", NAME, "--input", source, "--output", output)
    assert (told["answered"], told["model_version"], told["bad_rows"]) == (300, "1", [])
    predictions = pd.read_csv(output)
    assert list(predictions.columns) == [
        "udi",
        "prediction",
        "score",
        "band",
        "model_version",
        "prediction_id",
    ]
    assert predictions["udi"].tolist() == table["UDI"].tolist()

    truth = dict(zip(table["UDI"].astype(str), table["Machine failure"], strict=True))
    with world.ledger() as ledger:
        mine = [record for record in ledger.predictions(NAME) if record.inputs.get("udi") in truth]
    assert len(mine) == 300
    known = pd.DataFrame(
        {
            "prediction_id": [record.id for record in mine],
            "Machine failure": [truth[str(record.inputs["udi"])] for record in mine],
        }
    )
    known.to_csv(world.root / "truth.csv", index=False)
    joined = world.json("outcomes", NAME, "--input", world.root / "truth.csv")
    assert joined == {"project": NAME, "joined": 300, "repeated": 0, "unknown": []}

    # The callers ask the same few hundred rows again and again, and temperatures of neighbours are alike:
    # that is not the traffic of the reference, and the look may say so.
    watched = world.json("monitor", NAME, accepted=(0, 1))
    assert watched["synthetic"] is True
    assert any("SYNTHETIC" in note for note in watched["notes"])
    assert (watched["version"], watched["quality"]["outcomes"]) == ("1", 300)
    figures = {figure["metric"]: figure for figure in watched["quality"]["figures"]}
    brier = float(np.mean((predictions["score"] - table["Machine failure"].to_numpy()) ** 2))
    assert figures["brier"]["value"] == pytest.approx(brier)
    assert figures["brier"]["low"] <= brier <= figures["brier"]["high"]
    assert watched["drift"]


def replaced_under_load(
    world: World, machines: Callable[[int, int], pd.DataFrame], earlier: list[Load]
) -> None:
    """New rows, a challenger, its promotion and its rollback, while requests come in all the time."""
    server = world.serve(NAME)
    load = Load(server, bodies(machines(400, 0)))
    more = world.root / "more.csv"
    machines(1500, 700).to_csv(more, index=False)
    told = world.json("train", NAME, "--append", more, *CANDIDATES)
    assert told["version"] == "2"
    assert told["synthetic"] is True
    failed = [gate["code"] for gate in told["gates"] if gate["status"] == "failed"]
    assert set(failed) <= {"G03"}, told["gates"]
    accept = [part for code in failed for part in ("--accept", code)]
    for change, version in (
        (("promote", NAME, *accept, "--reason", "more rows"), "2"),
        (("rollback", NAME, "--reason", "a complaint"), "1"),
    ):
        world.zelo(*change)
        answers = len(load.answered)
        load.wait(answers + 40)
        reloaded = httpx.post(f"{server.url}/model/reload", timeout=30).json()
        # The server follows the registry by itself, and may have done so already.
        assert reloaded["model_version"] == version
        after = len(load.answered)
        load.wait(after + 80)
        # Requests that were asked before the reload may be answered after it, by the version that they met.
        assert {answer["model_version"] for _, answer in load.answered[after + 40 :]} == {version}
    load.end()
    assert server.send(signal.SIGTERM) in STOPPED
    assert (load.refused, load.broken) == ([], 0)
    assert {answer["model_version"] for _, answer in load.answered} == {"1", "2"}
    assert_each_is_recorded_once(world, *earlier, load)
    with environment(world.root, SHIPPED):
        assert answered("verify", NAME, "--json").json["holds"] is True
        records = answered("history", NAME, "--json").json
    actions = [(record["action"], record["version"]) for record in records]
    assert actions == [
        ("register", "1"),
        ("promote", "1"),
        ("register", "2"),
        ("promote", "2"),
        ("rollback", "1"),
    ]
