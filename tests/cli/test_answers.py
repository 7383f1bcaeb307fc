"""Each command on the small project: what it answers, as words and as JSON, and its exit status."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest
from tests.homes import NAME, ROWS, Home, answered, pumps, zelo

from zelo.spec.project import Project

MakeHome = Callable[[str], Home]
INTERVAL = {"value", "low", "high"}


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_without_a_command_help_is_shown() -> None:
    ran = zelo()
    assert ran.status == 2
    assert "train" in ran.out + ran.err
    assert zelo("--help").status == 0


def test_the_version() -> None:
    assert answered("--version").out == f"zelo {metadata.version('zelo')}\n"


def test_the_schema_is_that_of_a_project() -> None:
    schema = answered("schema").json
    assert schema == Project.model_json_schema()
    assert schema["additionalProperties"] is False


def test_projects_are_listed_with_their_aliases(make_home: MakeHome) -> None:
    home = make_home("retrained")
    (home.root / "projects" / "broken").mkdir()
    (home.root / "projects" / "broken" / "project.yaml").write_text("name: [", encoding="utf-8")
    broken, listed = answered("list", "--json").json
    assert listed == {
        "name": NAME,
        "title": "Pumps that fail",
        "task": "binary",
        "aliases": {"champion": "1", "challenger": "2"},
    }
    assert (broken["name"], broken["task"]) == ("broken", "not valid")
    assert "Pumps that fail" in answered("list").out


def test_no_project_is_no_error(make_home: MakeHome, monkeypatch: pytest.MonkeyPatch) -> None:
    home = make_home("trained")
    monkeypatch.setenv("ZELO_PROJECTS", str(home.root / "none"))
    assert "zelo init" in answered("list").out
    assert answered("list", "--json").json == []


def test_a_valid_project_is_called_so(make_home: MakeHome) -> None:
    make_home("trained")
    assert "valid; binary, 3 inputs, 3 candidates" in answered("check", NAME).out
    assert answered("check", NAME, "--json").json == {
        "project": NAME,
        "valid": True,
        "inputs": ["age", "load", "site"],
        "task": "binary",
        "candidates": ["prior", "logistic_regression", "lightgbm"],
    }


def test_data_are_checked_and_kept(make_home: MakeHome) -> None:
    home = make_home("trained")
    told = answered("data", NAME, "--json").json
    assert (told["rows"], told["parent"], told["synthetic"]) == (ROWS, None, False)
    assert told["snapshot"][:16] in answered("data", NAME).out
    more = home.file("more.csv", pumps(20, seed=3, first=ROWS - 5))
    appended = answered("data", NAME, "--append", more, "--json").json
    assert (appended["rows"], appended["parent"]) == (ROWS + 15, told["snapshot"])
    assert appended["notes"] == ["5 of 20 rows of more.csv have a key that is there already; not added"]


def test_a_training_is_told_whole(make_home: MakeHome) -> None:
    make_home("served")
    ran = answered("train", NAME, "--candidates", "prior, logistic_regression", "--json")
    told = ran.json
    assert (told["version"], told["candidate"], told["runtime"]) == ("2", "logistic_regression", "onnx")
    assert [item["name"] for item in told["comparison"]["candidates"]] == ["logistic_regression", "prior"]
    assert all(set(found) == INTERVAL for found in told["metrics"].values())
    assert [gate["code"] for gate in told["gates"]] == [f"G{number:02d}" for number in range(1, 9)]
    assert told["parity"]["passed"] is True
    assert told["synthetic"] is False
    assert ran.err == ""


def test_a_training_is_told_in_words(make_home: MakeHome) -> None:
    make_home("served")
    out = answered("train", NAME, "--candidates", "prior,lightgbm").out
    for text in (
        "Candidates, out of fold",
        "Test set, opened once",
        "version 2",
        "G07",
        "next: zelo promote",
    ):
        assert text in out
    assert "SYNTHETIC" not in out


def test_candidates_are_compared_and_graded(make_home: MakeHome) -> None:
    home = make_home("trained")
    told = answered("compare", NAME, "--json").json
    assert told["comparison"]["winner"] in {"logistic_regression", "lightgbm"}
    assert Path(told["error_analysis"]) == home.bundle_path("challenger") / "errors.html"
    assert Path(told["error_analysis"]).read_text(encoding="utf-8").startswith("<!doctype html>")
    assert all(item["latency_ms"] > 0 for item in told["comparison"]["candidates"])
    out = answered("compare", NAME, "--csv", home.root / "metrics.csv").out
    assert told["error_analysis"] in out
    assert "latency_ms" in out
    assert "* on the Pareto front" in out
    assert "Excellent" in out
    table = {row["metric"]: row for row in rows(home.root / "metrics.csv")}
    assert list(next(iter(table.values()))) == ["metric", "value", "low", "high", "grade"]
    for metric, found in told["metrics"].items():
        assert float(table[metric]["value"]) == found["value"]
    for metric in ("roc_auc", "accuracy", "f1"):
        value = float(table[metric]["value"])
        assert table[metric]["grade"] == ("Excellent" if value > 0.9 else "Fair" if value > 0.6 else "Poor")
    assert table["brier"]["grade"] == table["log_loss"]["grade"] == ""


def test_an_alias_is_compared_by_name(make_home: MakeHome) -> None:
    make_home("replaced")
    champion, previous = (
        answered("compare", NAME, "--alias", alias, "--json").json["metrics"]
        for alias in ("champion", "previous")
    )
    assert champion != previous
    assert answered("compare", NAME, "--json").json["metrics"] == champion
    assert zelo("compare", NAME, "--alias", "hero").status == 2


def test_promotion_and_rollback_are_told_and_recorded(make_home: MakeHome) -> None:
    home = make_home("retrained")
    told = answered("promote", NAME, "--json").json
    assert (told["champion"], told["previous"], told["accepted"]) == ("2", "1", [])
    assert len(told["gates"]) == 8
    told = answered("rollback", NAME, "--reason", "complaints", "--json").json
    assert told == {"project": NAME, "champion": "1", "previous": "2"}
    assert "version 2 is champion again, 1 before" in answered("rollback", NAME, "--reason", "better").out
    with home.workspace.ledger() as ledger:
        events = ledger.events(NAME)
    assert {(event.kind, event.actor) for event in events} == {
        ("promotion", "Ana"),
        ("replay", "Ana"),
        ("rollback", "Ana"),
    }
    assert answered("history", NAME, "--json").json[-1]["approver"] == "Ana"
    assert "complaints" in answered("history", NAME).out


def test_a_refused_promotion_exits_1_and_an_accepted_one_needs_a_reason(make_home: MakeHome) -> None:
    home = make_home("trained")
    spec = home.spec.read_text(encoding="utf-8").replace("latency_ms: 500", "latency_ms: 0.000001")
    home.spec.write_text(spec, encoding="utf-8")
    told = answered("train", NAME, "--candidates", "prior,logistic_regression", "--json").json
    assert {gate["code"]: gate["status"] for gate in told["gates"]}["G05"] == "failed"
    ran = zelo("promote", NAME)
    assert ran.status == 1
    assert ran.err.startswith("GateError G05: version 2 of pumps is not promoted")
    assert "docs/gates.md" in ran.err
    ran = zelo("promote", NAME, "--json")
    assert (ran.status, ran.json["error"]["kind"]) == (1, "GateError")
    assert zelo("promote", NAME, "--accept", "G05").status == 2
    assert answered("promote", NAME, "--accept", "G05", "--reason", "it is a batch job").status == 0


def test_verification(make_home: MakeHome) -> None:
    home = make_home("served")
    told = answered("verify", NAME, "--json").json
    assert told["holds"] is True
    assert all(finding["holds"] for finding in told["findings"])
    (home.bundle_path("champion") / "policy.json").unlink()
    ran = zelo("verify", NAME)
    assert ran.status == 1
    assert "BROKEN" in ran.out
    assert "policy.json" in ran.out
    ran = zelo("verify", NAME, "--json")
    assert (ran.status, ran.json["holds"]) == (1, False)


def test_a_batch_is_predicted_judged_and_watched(make_home: MakeHome) -> None:
    home = make_home("served")
    new = pumps(120, seed=9, first=5000)
    source, output = home.file("new.csv", new), home.root / "out" / "predictions.csv"
    told = answered("predict", NAME, "--input", source, "--output", output, "--json").json
    assert told == {
        "project": NAME,
        "output": str(output),
        "answered": 120,
        "model_version": "1",
        "bad_rows": [],
        "absent": [],
    }
    table = rows(output)
    assert list(table[0]) == ["pump", "prediction", "score", "band", "model_version", "prediction_id"]
    assert [row["pump"] for row in table] == new["pump"].tolist()
    told = answered("outcomes", NAME, "--input", source, "--json").json
    assert told == {"project": NAME, "joined": 120, "repeated": 0, "unknown": []}
    assert answered("outcomes", NAME, "--input", source, "--json").json["repeated"] == 120
    watched = answered("monitor", NAME, "--json").json
    assert watched["quality"]["outcomes"] == 120
    figures = {figure["metric"]: figure for figure in watched["quality"]["figures"]}
    losses = [(float(row["score"]) - truth) ** 2 for row, truth in zip(table, new["Failed"], strict=True)]
    assert figures["brier"]["value"] == pytest.approx(sum(losses) / 120)
    assert figures["f1"]["value"] > 0.7
    assert "brier" in answered("monitor", NAME, "--days", "1").out


def test_bad_rows_of_a_batch_are_reported_and_the_others_predicted(make_home: MakeHome) -> None:
    home = make_home("served")
    new = pumps(30, seed=9, first=5000).drop(columns="Failed").astype({"age": "object"})
    new.loc[3, "age"] = "old"
    new.loc[7, "site"] = "East"
    source, output = home.file("new.csv", new), home.root / "predictions.csv"
    ran = zelo("predict", NAME, "--input", source, "--output", output, "--json")
    assert ran.status == 1
    assert ran.json["answered"] == 28
    assert [(bad["row"], bad["field"], bad["found"]) for bad in ran.json["bad_rows"]] == [
        (4, "age", "'old'"),
        (8, "site", "'East'"),
    ]
    assert {row["pump"] for row in rows(output)} == set(new["pump"]) - {"p05003", "p05007"}
    ran = zelo("predict", NAME, "--input", source, "--output", output)
    assert ran.status == 1
    assert "28 rows predicted by version 1" in ran.out
    assert "East" in ran.out


def test_outcomes_that_name_no_prediction_are_a_no(make_home: MakeHome) -> None:
    home = make_home("served")
    ran = zelo("outcomes", NAME, "--input", home.file("new.csv", pumps(5, first=9000)), "--json")
    assert ran.status == 1
    assert ran.json == {"project": NAME, "joined": 0, "repeated": 0, "unknown": [0, 1, 2, 3, 4]}


def test_json_holds_no_number_that_json_has_not(make_home: MakeHome) -> None:
    make_home("served")

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    for command in (("compare", NAME), ("monitor", NAME), ("history", NAME), ("verify", NAME)):
        json.loads(answered(*command, "--json").out, parse_constant=refuse)
