"""A recorded prediction is made again from the command line: the same bits, or why not."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from tests.homes import NAME, Home, answered, pumps, zelo

from zelo.ledger.records import PredictionRecord
from zelo.ledger.schema import events, predictions

MakeHome = Callable[[str], Home]


def predicted(home: Home, rows: int) -> list[PredictionRecord]:
    """What the ledger has of rows that were predicted together, and then of one that came alone."""
    for number, some in enumerate((pumps(rows, seed=5), pumps(1, seed=6))):
        file = home.file(f"new{number}.csv", some.drop(columns="Failed"))
        answered("predict", NAME, "--input", file, "--output", home.root / "out.csv")
    with home.workspace.ledger() as ledger:
        return ledger.predictions(NAME, order="oldest")


def change(home: Home, statement: sa.Update) -> None:
    with home.workspace.ledger() as ledger, ledger.writing() as connection:
        connection.execute(statement)


@pytest.fixture
def served(make_home: MakeHome) -> tuple[Home, PredictionRecord]:
    home = make_home("served")
    return home, predicted(home, 2)[-1]


def test_versions_beside_one_another_say_again_what_they_said(make_home: MakeHome) -> None:
    home = make_home("retrained")
    answered("promote", NAME, "--split", "50")
    records = predicted(home, 5)
    answered("traffic", NAME, "--stop", "--reason", "seen")
    answered("promote", NAME)

    assert {record.version for record in records} == {"1", "2"}
    for record in records:
        other = "2" if record.version == "1" else "1"
        for version in (record.version, other):
            told = answered("replay", record.id, "--version", version, "--json").json
            assert (told["same"], told["version"], told["answered"]) == (True, version, version != other)
            assert told["recorded"] == told["now"]
            # Version 1 was promoted by the second record; the fourth began the split with version 2.
            assert told["evidence"] == {"1": 2, "2": 4}[version]
    assert told["bundle_hash"] == home.bundle("previous" if version == "1" else "champion").hash

    shown = answered("replay", records[-1].id, "--project", NAME).out
    assert f"pumps version {records[-1].version}" in shown
    assert f"score {records[-1].score!r}, the same bits" in shown
    assert zelo("replay", records[-1].id, "--version", "9", "--json").json["error"]["found"] == "9"
    assert zelo("replay", records[-1].id, "--project", "fans").status == 2
    assert zelo("replay", "nothing").status == 2


def test_a_changed_record_is_not_laid_to_the_environment(served: tuple[Home, PredictionRecord]) -> None:
    home, record = served
    change(home, sa.update(predictions).where(predictions.c.id == record.id).values(score=0.5))
    ran = zelo("replay", record.id)
    assert ran.status == 1
    assert f"score it is ranked by: 0.5 recorded, {record.score!r} now" in ran.out
    assert "why: nothing that decides the bits differs" in ran.out


def test_another_environment_and_inputs_out_of_the_contract_are_told(
    served: tuple[Home, PredictionRecord],
) -> None:
    home, record = served
    inputs = {**record.inputs, "age": 400}
    change(home, sa.update(predictions).where(predictions.c.id == record.id).values(inputs=inputs))
    change(home, sa.update(events).where(events.c.kind == "environment").values(payload={"numpy": "1.0"}))
    reasons = zelo("replay", record.id, "--json").json["reasons"]
    assert reasons[0].startswith("numpy: 1.0 then, ")
    assert reasons[0].endswith(" now (then: when it answered)")
    assert reasons[1] == (
        "the recorded inputs break the version's contract: age: found 400, expected a whole number from 0 to "
        "60 years"
    )

    # Before servers told what they compute with there was the environment of the training alone.
    change(home, sa.update(events).where(events.c.kind == "environment").values(kind="other"))
    (reason,) = zelo("replay", record.id, "--json").json["reasons"]
    assert reason.startswith("the recorded inputs break")


def test_a_version_that_cannot_be_loaded_is_told(served: tuple[Home, PredictionRecord]) -> None:
    home, record = served
    path = home.bundle_path("champion")
    policy = path / "policy.json"
    policy.write_text(policy.read_text(encoding="utf-8") + " ", encoding="utf-8")
    ran = zelo("replay", record.id, "--json")
    assert (ran.status, ran.json["same"], ran.json["evidence"]) == (1, False, 2)
    assert "the bundle is not what was sealed; found: changed: policy.json" in ran.json["reasons"][0]

    shutil.rmtree(path)
    ran = zelo("replay", record.id)
    assert ran.status == 1
    assert "the bundle is missing" in ran.out

    shutil.rmtree(home.evidence)
    ran = zelo("replay", record.id)
    assert ran.status == 1
    assert "the evidence does not know the version" in ran.out
