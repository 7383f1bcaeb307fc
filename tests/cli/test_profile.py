"""The command profile, and what a person gets wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.homes import NAME, Home, zelo

MakeHome = Callable[[str], Home]


@pytest.fixture
def home(make_home: MakeHome) -> Home:
    return make_home("trained")


def test_a_report_is_written_and_its_findings_are_told(home: Home) -> None:
    ran = zelo("profile", NAME)
    assert ran.status == 0, ran.err
    path = home.root / "home" / "reports" / f"{NAME}-profile.html"
    assert "Pumps that fail" in path.read_text("utf-8")
    assert str(path) in ran.out
    assert "Labels worth a second look" in ran.out


def test_json_holds_the_same_facts(home: Home) -> None:
    output = home.root / "new" / "pumps.html"
    ran = zelo("profile", NAME, "--output", output, "--json")
    assert ran.status == 0, ran.err
    assert ran.json["report"] == str(output)
    assert output.is_file()
    assert ran.json["project"] == NAME
    assert ran.json["training_rows"] + ran.json["test_rows"] == 600
    assert [field["name"] for field in ran.json["fields"]] == ["age", "load", "site"]
    assert len(ran.json["sentences"]) == len(ran.json["findings"]) > 2


def test_a_wrong_name_suggests_a_close_one(home: Home) -> None:
    ran = zelo("profile", "pump")
    assert ran.status == 2
    assert "did you mean pumps?" in ran.err


@pytest.mark.parametrize("place", ["folder", "below a file"])
def test_a_report_that_cannot_be_written_is_told_before_the_work(
    home: Home, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("the work was done")

    monkeypatch.setattr("zelo.profiling.profile.profile", never)
    output: Path = home.root if place == "folder" else home.spec / "report.html"
    ran = zelo("profile", NAME, "--output", output, "--json")
    assert ran.status == 2
    assert ran.json["error"]["what"] == "the report cannot be written"
    assert ran.json["error"]["where"] == str(output)
