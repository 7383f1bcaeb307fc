"""zelo data on a project with a pipeline: what a person reads, what a program gets, what the ledger keeps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.data.pipeline.raw_files import EVENTS, PROJECT, write_excel, write_hangar
from tests.homes import Home, answered, environment, zelo

from zelo.data.pipeline.dataset import latest_dataset, locked
from zelo.data.snapshot import latest_snapshot

MAY = {"Maio": [EVENTS, ("31/02/2024", "PR-AAC", "PILOT", "1:30")]}
GENERATOR = """
from tests.data.pipeline.raw_files import write_hangar

def generate_files(folder, seed):
    write_hangar(folder)
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path / "zelo", "hangar")
    write_hangar(home.folder / "data" / "raw")
    # JSON is YAML.
    home.spec.write_text(json.dumps(PROJECT), encoding="utf-8")
    with environment(home.root):
        yield home


def events(home: Home) -> list[dict[str, Any]]:
    """What the ledger keeps of runs, the latest first, but for how long they took."""
    with home.workspace.ledger() as ledger:
        found = ledger.events("hangar", kind="data")
    assert all(event.actor == "Ana" and event.payload["seconds"] > 0 for event in found)
    return [
        {"reason": event.reason, **{key: value for key, value in event.payload.items() if key != "seconds"}}
        for event in found
    ]


def test_a_run_is_told_and_recorded(home: Home) -> None:
    ran = answered("data", "hangar")
    dataset = latest_dataset(home.workspace.settings.datasets, "hangar")
    assert dataset is not None
    lines = [" ".join(line.split()) for line in ran.out.splitlines()]
    snapshot = latest_snapshot(home.store.snapshots, "hangar")
    assert snapshot is not None
    assert lines == [
        "note: events: left out by origin: SCHEDULED (12)",
        "table files read left out duplicates kept",
        "events 12 36 12 0 24",
        "use 1 170 0 0 170",
        "9 weeks from 2024-01-22 to 2024-03-18, 0 of them filled; "
        "3 before them are their past alone; 2 to come",
        f"data set written: {dataset.path}",
        f"hangar: 9 rows keep the contract; snapshot {snapshot.hash[:16]}",
    ]
    assert snapshot.sources[0]["note"] == f"made by the pipeline: data set {dataset.name}"
    assert events(home) == [
        {
            "reason": "new raw files, or a new project.yaml",
            "status": "built",
            "dataset": dataset.name,
            "weeks": 9,
            "rows_read": 206,
        }
    ]


def test_a_second_run_says_that_nothing_new_was_written(home: Home) -> None:
    first = answered("data", "hangar", "--json").json
    assert first["dataset"]["new"]
    again = answered("data", "hangar", "--json").json
    assert again == {**first, "dataset": {**first["dataset"], "new": False}}
    told = answered("data", "hangar").out
    assert "nothing new was written; this data set stands: " + first["dataset"]["path"] in told
    unchanged, *_, built = events(home)
    assert (unchanged["status"], built["status"]) == ("unchanged", "built")
    assert unchanged == {
        **built, "status": "unchanged", "reason": "the raw files are those of an earlier run",
    }  # fmt: skip


def test_faults_are_listed_with_their_place_and_recorded(home: Home) -> None:
    write_excel(home.folder / "data" / "raw" / "events" / "late.xlsx", MAY)
    ran = zelo("data", "hangar")
    assert ran.status == 2
    assert "PipelineError" in ran.err
    table = [" ".join(line.split()) for line in ran.err.splitlines()]
    assert "file sheet row column found expected" in table
    assert any(
        line.startswith("events/late.xlsx Maio 2 date '31/02/2024' a day written as") for line in table
    )
    told = zelo("data", "hangar", "--json")
    assert (told.status, told.json["error"]["kind"], told.json["total"]) == (2, "PipelineError", 1)
    assert told.json["faults"][0] | {"expected": ""} == {
        "file": "events/late.xlsx",
        "sheet": "Maio",
        "row": "2",
        "column": "date",
        "found": "'31/02/2024'",
        "expected": "",
    }
    assert latest_dataset(home.workspace.settings.datasets, "hangar") is None
    assert latest_snapshot(home.store.snapshots, "hangar") is None
    failed = {"status": "failed", "dataset": None, "weeks": None, "rows_read": None}
    assert [event | {"reason": ""} for event in events(home)] == [{"reason": "", **failed}] * 2
    assert "1 fault(s) in the raw files" in events(home)[0]["reason"]


def test_a_run_beside_another_is_refused(home: Home) -> None:
    with locked(home.workspace.settings.datasets, "hangar"):
        ran = zelo("data", "hangar")
    assert ran.status == 2
    assert "another run of this pipeline is at work" in ran.err
    answered("data", "hangar")


def test_a_stage_is_shown_and_nothing_is_kept(home: Home) -> None:
    ran = answered("data", "hangar", "--stage", "clean", "--rows", "1")
    lines = [" ".join(line.split()) for line in ran.out.splitlines()]
    assert "date acft origin HH note file__ sheet__ row__" in lines
    assert "2024-01-01 PR-AAA PILOT 1.5 – events/week00.xlsx Eventos 2" in lines
    assert lines[-1] == "stopped after clean: nothing was written"
    told = answered("data", "hangar", "--stage", "weekly", "--rows", "2", "--json").json
    assert list(told["tables"]) == ["weekly", "coming", "daily"]
    assert [row["HH"] for row in told["tables"]["weekly"]] == [5.5, 6.5]
    assert told["counts"]["weeks"]["weeks"] == 9
    # A wide table has a line a column.
    wide = answered("data", "hangar", "--stage", "weekly", "--rows", "2").out.splitlines()
    assert next(line.split() for line in wide if line.startswith("HH ")) == ["HH", "5.5", "6.5"]
    assert latest_dataset(home.workspace.settings.datasets, "hangar") is None
    assert events(home) == []


def test_a_project_without_a_pipeline_has_no_stages(home: Home) -> None:
    plain = {key: value for key, value in PROJECT.items() if key not in ("pipeline", "forecast")}
    home.spec.write_text(json.dumps(plain), encoding="utf-8")
    ran = zelo("data", "hangar", "--stage", "clean")
    assert ran.status == 2
    assert "hangar has no pipeline, and so no stages" in ran.err


@pytest.mark.parametrize("command", ["data", "train"])
def test_rows_are_not_appended_to_what_a_pipeline_makes(home: Home, command: str) -> None:
    ran = zelo(command, "hangar", "--append", home.spec)
    assert ran.status == 2
    assert "rows cannot be appended" in ran.err
    assert "put the file there, then: zelo data hangar" in ran.err


def test_generated_files_are_synthetic_from_end_to_end(home: Home) -> None:
    (home.folder / "data" / "raw").rename(home.root / "away")
    (home.folder / "dataset.py").write_text(GENERATOR, encoding="utf-8")
    ran = answered("data", "hangar")
    assert ran.out.startswith("SYNTHETIC DATA")
    dataset = latest_dataset(home.workspace.settings.datasets, "hangar")
    snapshot = latest_snapshot(home.store.snapshots, "hangar")
    assert dataset is not None
    assert snapshot is not None
    assert (dataset.synthetic, snapshot.synthetic, snapshot.sources[0]["origin"]) == (True, True, "generator")


def test_another_engine_by_the_environment(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZELO_ENGINE", "pandas")
    ran = zelo("data", "hangar")
    assert ran.status == 2
    assert "ZELO_ENGINE" in ran.err
    assert "'duckdb' or 'spark'" in ran.err
