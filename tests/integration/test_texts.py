"""A project of comments from its table to an answered, labelled and watched model, in real processes."""

from __future__ import annotations

import json
import random
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest
from tests.homes import answered, environment
from tests.processes import CALLERS, STOPPED, Load, Server, World, opened_world
from tests.texts import MODES, make_text_table

pytestmark = pytest.mark.slow
NAME = "comments"
PROJECT = """
name: comments
title: Comments
language: en
task: {kind: multiclass, target: mode, classes: [leak, noise, overheat], spellings: {leaking: leak}}
data:
  sources: {train: comments.csv}
  fields:
    comment: {type: text, meaning: what the staff wrote, example: oil leaking l/h}
    day: {type: date, use: metadata, missing: allowed, meaning: when it was written}
text: {abbreviations: {l/h: left hand, r/h: right hand, eng: engine}}
split: {by: class, test: 0.25, seed: 3}
candidates:
  - prior
  - lr: {estimator: logistic_regression, features: [words, chars], C: 10}
  - text_cnn: {epochs: 2}
select: {primary: f1_macro, report: [pr_auc], folds: 2}
decision: {confidence: 0.7, coverage: 0.9}
gates: {latency_ms: 500, calibration_error: 0.2}
"""
SURE, VAGUE = "hydraulic leak pump", "check it please"
MARKUP = "<script>alert('sheet')</script> see sheet"
# In a process of its own: what a server does for an answer, and the libraries that it took.
SERVES_WITHOUT = """
import sys
from zelo.cli.champion import open_service
from zelo.cli.workspace import open_workspace
from zelo.serving.app import create_app

workspace = open_workspace()
with workspace.ledger() as ledger:
    service = open_service(workspace, "comments", ledger)
    create_app({"comments": service})
    assert service.model.bundle.predictor.runtime == "onnx"
    ((answer,),) = service.predict([service.ask_row(b'{"comment": "hydraulic leak pump"}')])
    service.queue(limit=10)
heavy = {"torch", "sklearn", "lightning", "transformers", "mlflow", "skops"} & set(sys.modules)
print(answer["prediction"], *sorted(heavy))
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    raw = tmp_path / "projects" / NAME / "data" / "raw"
    raw.mkdir(parents=True)
    (raw.parents[1] / "project.yaml").write_text(PROJECT, encoding="utf-8")
    comments().to_csv(raw / "comments.csv", index=False)
    with opened_world(tmp_path, tmp_path / "projects") as opened:
        yield opened


def comments() -> pd.DataFrame:
    """Comments that tell their mode, and some that tell nothing."""
    table = make_text_table(240).drop(columns="row__")
    vague = pd.DataFrame(
        {
            "comment": [f"{VAGUE} {number}" if number % 2 else f"{MARKUP} {number}" for number in range(36)],
            "day": table["day"].max(),
            "mode": np.random.default_rng(1).choice(MODES, 36),
        }
    )
    return pd.concat([table, vague], ignore_index=True)


def test_the_life_of_a_model_of_texts(world: World) -> None:
    told = world.json("train", NAME)
    assert (told["version"], told["candidate"], told["runtime"]) == ("1", "lr", "onnx")
    figures = {entry["name"]: entry for entry in told["comparison"]["candidates"]}
    assert set(figures) == {"lr", "text_cnn", "prior"}
    assert figures["text_cnn"]["error"] is None
    assert figures["text_cnn"]["metrics"]["f1_macro"]["low"] > figures["prior"]["metrics"]["f1_macro"]["high"]
    pages = [next((world.root / "home" / "bundles").rglob("errors.html"))]
    with environment(world.root):
        answered("promote", NAME)
        pages.append(Path(answered("profile", NAME, "--json").json["report"]))
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert "see sheet" in text
        assert "<script>alert(" not in text

    server = world.serve(NAME)
    with httpx.Client(base_url=server.url, timeout=30) as client:
        answers(client)
        batch(client)
        bad_input(client)
        queue(client)
    killed(world, server)
    joined = judged(world)
    with environment(world.root):
        watched = answered("monitor", NAME, "--json").json
        assert answered("verify", NAME, "--json").json["holds"] is True
    assert watched["quality"]["outcomes"] == joined
    figures = {figure["metric"]: figure["value"] for figure in watched["quality"]["figures"]}
    assert figures["f1_macro"] > 0.9
    measures = {
        row["measure"]: row["status"] for row in watched["drift"]["fields"] if row["field"] == "comment"
    }
    assert measures == dict.fromkeys(("length in words", "share of new words"), "computed")


def answers(client: httpx.Client) -> None:
    """Classes fall and share one probability; a set, words, and who should decide."""
    sure, vague = (ask(client, text).json() for text in (SURE, VAGUE))
    for answer in (sure, vague):
        shares = [entry["probability"] for entry in answer["classes"]]
        assert shares == sorted(shares, reverse=True)
        assert sum(shares) == pytest.approx(1)
        assert {entry["label"] for entry in answer["classes"]} == set(MODES)
        assert answer["classes"][0] == {"label": answer["prediction"], "probability": answer["probability"]}
        assert answer["prediction"] in answer["label_set"]
    assert (sure["prediction"], sure["abstain"], sure["label_set"]) == ("leak", False, ["leak"])
    carried = {entry["word"]: entry["weight"] for entry in sure["words"]}
    assert list(carried.values()) == sorted(carried.values(), reverse=True)
    assert {"hydraulic", "leak"} <= set(carried)
    assert carried["leak"] > max(0.0, carried.get("pump", 0.0))
    assert vague["abstain"] is True
    assert len(vague["label_set"]) > 1
    written_out = ask(client, "oil leaking left hand engine").json()
    assert ask(client, "  OIL leáking L/H Eng. ").json()["score"] == pytest.approx(written_out["score"])


def batch(client: httpx.Client) -> None:
    """One bad row among many costs the others nothing."""
    texts = comments()["comment"].head(60)
    rows: list[dict[str, Any]] = [{"comment": text} for text in texts]
    rows[17] = {"comment": 5}
    told = client.post("/predict/batch", json={"rows": rows}).json()
    assert [answer["index"] for answer in told["predictions"]] == [n for n in range(60) if n != 17]
    (error,) = told["errors"]
    assert (error["index"], error["field"], error["found"], told["bad_rows"]) == (17, "comment", "5", 1)
    alone = ask(client, texts[18]).json()
    assert told["predictions"][17]["score"] == pytest.approx(alone["score"], rel=1e-12)


def bad_input(client: httpx.Client) -> None:
    """What is no text is refused with its field; what is one is answered, whatever it says."""
    for bad in ("", " \t\n ", "leak " * 200_000, "leak\x00pump", 5, None, ["leak"]):
        refused = ask(client, bad)
        assert refused.status_code == 422, bad
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["errors"][0]["field"] == "comment"
        assert len(refused.text) < 2_000
    surrogate = client.post(
        "/predict", content=rb'{"comment": "\ud800"}', headers={"content-type": "application/json"}
    )
    assert surrogate.status_code == 400
    strange = [
        "🔥💥",
        "отказ насоса",
        "泵漏油",
        "<b onload=alert(1)>leak</b>",
        "'; DROP TABLE predictions; --",
        "?",
    ]
    for text in strange:
        answer = ask(client, text)
        assert answer.status_code == 200, text
        assert client.get(f"/predictions/{answer.json()['id']}").json()["inputs"]["comment"] == text
    assert client.get("/health").json()["status"] == "ok"


def queue(client: httpx.Client) -> None:
    """A label takes a prediction off the queue; a misspelt one does not, and is told the classes."""
    first = ask(client, "noisy and hot, see drawing").json()["id"]
    waiting = queued(client)
    assert len({entry["inputs"]["comment"] for entry in waiting.values()}) == len(waiting)
    assert first in waiting
    unsure = [entry for entry in waiting.values() if "below the project's confidence" in entry["why"][0]]
    assert VAGUE in {entry["inputs"]["comment"] for entry in unsure}
    assert SURE not in {entry["inputs"]["comment"] for entry in unsure}

    def label(value: str) -> httpx.Response:
        return client.post("/outcomes", json={"outcomes": [{"prediction_id": first, "value": value}]})

    refused = label("nose")
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["expected"] == "one of leak, noise, overheat"
    assert first in queued(client)
    assert label(" Leaking ").json()["joined"] == 1
    assert queued(client).keys() == waiting.keys() - {first}
    assert client.get(f"/predictions/{first}").json()["outcome"]["value"] == "leak"


def killed(world: World, server: Server) -> None:
    """SIGKILL while callers ask; what was answered is there, and the next server tells it."""
    load = Load(server, [{"comment": text} for text in comments()["comment"]])
    load.wait(100)
    server.send(signal.SIGKILL)
    load.end()
    assert (load.refused, load.broken) == ([], CALLERS)
    with world.ledger() as ledger:
        recorded = {record.id: record for record in ledger.predictions(NAME)}
    assert len({answer["id"] for _, answer in load.answered}) == len(load.answered)
    for row, answer in load.answered:
        assert recorded[answer["id"]].inputs["comment"] == row["comment"]
        assert recorded[answer["id"]].decision["classes"] == answer["classes"]
    again = world.serve(NAME)
    for row, answer in random.Random(0).sample(load.answered, 10):
        found = httpx.get(f"{again.url}/predictions/{answer['id']}").json()
        assert (found["inputs"]["comment"], found["classes"]) == (row["comment"], answer["classes"])
    assert again.send(signal.SIGTERM) in STOPPED


def judged(world: World) -> int:
    """A file of comments, and the truth about each by its prediction's id; how many predictions have one."""
    table = make_text_table(40, seed=5)
    table.loc[0, "comment"] = 'oil leak, "at hose";\nsee sheet'
    source, output, truth = (world.root / name for name in ("new.csv", "predictions.csv", "truth.csv"))
    table[["comment", "day"]].to_csv(source, index=False)
    told = world.json("predict", NAME, "--input", source, "--output", output)
    assert (told["answered"], told["bad_rows"]) == (40, [])
    found = pd.read_csv(output)
    columns = ["row", "prediction", "score", "probability", "abstain", "label_set"]
    assert list(found.columns) == [*columns, "model_version", "prediction_id"]
    assert set(found["prediction"]) <= set(MODES)
    known = pd.DataFrame({"prediction_id": found["prediction_id"], "mode": table["mode"].str.upper()})
    known.to_csv(truth, index=False)
    with environment(world.root):
        joined = answered("outcomes", NAME, "--input", truth, "--json").json
    assert joined == {"project": NAME, "joined": 40, "repeated": 0, "unknown": []}
    with world.ledger() as ledger:
        first = ledger.prediction(found["prediction_id"][0])
    assert first is not None
    assert first.inputs["comment"] == table["comment"][0]
    return 40 + 1


def ask(client: httpx.Client, text: Any) -> httpx.Response:
    return client.post("/predict", json={"comment": text})


def queued(client: httpx.Client) -> dict[str, Any]:
    return {entry["id"]: entry for entry in client.get("/queue", params={"limit": 200}).json()["queue"]}


def test_a_network_that_wins_is_compiled_and_served_without_its_library(world: World) -> None:
    spec = world.root / "projects" / NAME / "project.yaml"
    spec.write_text(PROJECT.replace("epochs: 2", "epochs: 8"), encoding="utf-8")
    with environment(world.root):
        told = answered("train", NAME, "--candidates", "prior,text_cnn", "--json").json
        assert (told["candidate"], told["runtime"], told["parity"]["passed"]) == ("text_cnn", "onnx", True)
        gates = {gate["code"]: gate["status"] for gate in told["gates"]}
        assert gates["G04"] == gates["G02"] == "passed"
        answered("promote", NAME)
    (bundle,) = (world.root / "home" / "bundles" / NAME).iterdir()
    parity = json.loads((bundle / "parity.json").read_bytes())
    assert parity["passed"] is True
    assert world.python("-c", SERVES_WITHOUT).stdout.split() == ["leak"]
