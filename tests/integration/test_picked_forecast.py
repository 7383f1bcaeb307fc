"""Of prices that nobody can forecast the last one serves, and a model where someone answers for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from ruamel.yaml import YAML
from tests.homes import Home, answered, environment, zelo
from tests.prices import HISTORY, make_price_project, make_price_table

# Whole commands on real files.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    home = Home(tmp_path_factory.mktemp("prices"), "prices")
    raw = home.folder / "data" / "raw"
    raw.mkdir(parents=True)
    make_price_table().drop(columns="row__").to_csv(raw / "prices.csv", index=False)
    forecast: dict[str, Any] = {
        "history": HISTORY,
        "season": 1,
        "learns": "returns",
        "fallback": "persistence",
        "intervals": ["ewma"],
    }
    project = make_price_project(
        forecast=forecast, candidates=["persistence", "drift", "ridge"], gates={"latency_ms": 500}
    )
    document = json.loads(project.model_dump_json(exclude_unset=True))
    document["data"]["sources"] = {"train": "prices.csv"}
    with home.spec.open("w", encoding="utf-8") as stream:
        YAML(typ="safe").dump(document, stream)
    with environment(home.root):
        yield home


def gate(ran: Any, code: str) -> dict[str, Any]:
    return next(one for one in ran["gates"] if one["code"] == code)


def test_the_last_price_serves_until_someone_answers_for_another(home: Home) -> None:
    first = answered("train", "prices", "--json").json
    compared = first["comparison"]
    assert (first["candidate"], compared["instead_of"]) == ("persistence", None)
    assert compared["fallback"]["beaten_by"] == []
    assert {item["name"]: item["against"]["baseline"] for item in compared["candidates"]} == dict.fromkeys(
        ("persistence", "drift", "ridge"), "persistence"
    )
    assert gate(first, "G02")["status"] == "passed"
    assert "no candidate beat it by more than chance" in gate(first, "G02")["found"]
    answered("promote", "prices")

    picked = answered("train", "prices", "--pick", "ridge")
    assert "Beside persistence, one row ahead" in picked.out
    told = answered("compare", "prices", "--json").json["comparison"]
    assert (told["winner"], told["instead_of"]) == ("ridge", "persistence")
    author = home.bundle("challenger").policy.author
    assert author is not None
    assert (author.name, author.baseline) == ("ridge", "persistence")

    failed = [one["code"] for one in answered("history", "prices", "--json").json[-1]["gates"]
              if one["status"] == "failed"]  # fmt: skip
    assert "G02" in failed
    assert zelo("promote", "prices").status == 1
    assert home.aliases() == {"champion": "1", "challenger": "2"}
    accepted = [part for code in failed for part in ("--accept", code)]
    answered("promote", "prices", *accepted, "--reason", "a month of it beside the last price")
    last = answered("history", "prices", "--json").json[-1]
    assert (last["approver"], last["accepted"], last["instead_of"]) == ("Ana", failed, "persistence")
    assert last["reason"] == "a month of it beside the last price"
    assert "in spite of G02" in last["decision"]
