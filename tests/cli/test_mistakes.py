"""What a person gets wrong, and what they are told: the place, the value, what was expected."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.homes import NAME, Home, pumps, zelo

MakeHome = Callable[[str], Home]
ON_A_PROJECT = (
    ("check",),
    ("data",),
    ("profile",),
    ("train",),
    ("compare",),
    ("promote",),
    ("rollback", "--reason", "x"),
    ("verify",),
    ("history",),
    ("monitor",),
    ("jobs",),
    ("serve",),
    ("predict", "--input", "new.csv", "--output", "out.csv"),
    ("outcomes", "--input", "new.csv"),
)


@pytest.fixture
def home(make_home: MakeHome) -> Home:
    return make_home("served")


@pytest.mark.parametrize("command", ON_A_PROJECT, ids=lambda command: command[0])
def test_a_wrong_name_suggests_a_close_one(home: Home, command: tuple[str, ...]) -> None:
    ran = zelo(command[0], "pump", *command[1:])
    assert ran.status == 2
    assert ran.err.startswith("SpecError ")
    assert "did you mean pumps?" in ran.err


@pytest.mark.parametrize(
    "command", [line for line in ON_A_PROJECT if line[0] != "serve"], ids=lambda line: line[0]
)
def test_an_error_is_json_where_json_was_asked(home: Home, command: tuple[str, ...]) -> None:
    ran = zelo(command[0], "pump", *command[1:], "--json")
    assert (ran.status, ran.err) == (2, "")
    assert ran.json["error"]["kind"] == "SpecError"
    assert ran.json["error"]["hint"] == "did you mean pumps?"


@pytest.mark.parametrize("name", ["../pumps", "..", "pumps/../pumps", ""])
def test_a_name_is_no_path(home: Home, name: str) -> None:
    assert zelo("check", name).status == 2
    assert zelo("promote", name).status == 2
    assert zelo("monitor", name).status == 2


@pytest.mark.parametrize(
    "arguments",
    [("train",), ("train", NAME, "--trials", "many"), ("monitor", NAME, "--days", "0"), ("fly",),
     ("predict", NAME), ("rollback", NAME), ("init", "new", "--target", "x")],
)  # fmt: skip
def test_wrong_usage_exits_2(home: Home, arguments: tuple[str, ...]) -> None:
    ran = zelo(*arguments)
    assert ran.status == 2
    assert "Traceback" not in ran.err
    assert ran.err


def test_an_unknown_candidate(home: Home) -> None:
    ran = zelo("train", NAME, "--candidates", "prior,catboost,magic")
    assert ran.status == 2
    assert "--candidates: not a candidate of this project" in ran.err
    assert "found: catboost, magic" in ran.err
    assert "prior, logistic_regression, lightgbm" in ran.err


def test_a_candidate_that_nobody_knows_is_found_before_any_fit(home: Home) -> None:
    home.spec.write_text(
        home.spec.read_text(encoding="utf-8").replace("- prior", "- priority"), encoding="utf-8"
    )
    for command in ("check", "train"):
        ran = zelo(command, NAME)
        assert ran.status == 2
        assert "no candidate priority" in ran.err
        assert "did you mean prior?" in ran.err


def test_a_derived_feature_of_an_unknown_field(home: Home) -> None:
    spec = home.spec.read_text(encoding="utf-8").replace("effort: age * load", "effort: age * weight")
    home.spec.write_text(spec, encoding="utf-8")
    ran = zelo("check", NAME)
    assert ran.status == 2
    assert "derived.effort" in ran.err
    assert "weight" in ran.err


@pytest.mark.parametrize("command", ["predict", "outcomes", "train", "data"])
def test_a_file_that_is_not_there(home: Home, command: str) -> None:
    option = ("--append", "none.csv") if command in ("train", "data") else ("--input", "none.csv")
    output = ("--output", str(home.root / "out.csv")) if command == "predict" else ()
    ran = zelo(command, NAME, *option, *output)
    assert ran.status == 2
    assert "none.csv: no such file" in ran.err
    assert not (home.root / "out.csv").exists()


def test_a_missing_column_is_named_with_a_close_one(home: Home) -> None:
    new = home.file("new.csv", pumps(5, first=9000).rename(columns={"load": "Load_kW"}))
    ran = zelo("predict", NAME, "--input", new, "--output", home.root / "out.csv")
    assert ran.status == 2
    assert "load" in ran.err
    assert "Load_kW" in ran.err


def test_outcomes_without_the_target(home: Home) -> None:
    new = home.file("new.csv", pumps(5, first=9000).drop(columns="Failed"))
    ran = zelo("outcomes", NAME, "--input", new)
    assert ran.status == 2
    assert "the column Failed is missing" in ran.err


def test_outcomes_that_are_no_class_are_told_row_by_row(home: Home) -> None:
    rows = pumps(5, first=9000).astype({"Failed": "object"})
    rows.loc[1, "Failed"], rows.loc[3, "Failed"] = "yes", None
    new = home.file("new.csv", rows)
    ran = zelo("outcomes", NAME, "--input", new, "--json")
    assert ran.status == 2
    assert [(bad["row"], bad["field"], bad["found"]) for bad in ran.json["bad_rows"]] == [
        (2, "value", '"yes"'),
        (4, "value", "null"),
    ]
    assert "yes" in zelo("outcomes", NAME, "--input", new).err


def test_rows_that_break_the_contract_are_a_table_and_json(home: Home) -> None:
    rows = pumps(4, first=9000)
    rows["age"] = [-1, 99, 20, 30]
    more = home.file("more.csv", rows)
    ran = zelo("data", NAME, "--append", more)
    assert ran.status == 2
    assert "ContractError more.csv: 2 value(s) of 4 rows break the contract" in ran.err
    assert "-1" in ran.err
    ran = zelo("data", NAME, "--append", more, "--json")
    assert [(bad["row"], bad["field"]) for bad in ran.json["bad_rows"]] == [(1, "age"), (2, "age")]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.7"])
def test_nothing_is_served_beyond_this_machine_without_a_key(home: Home, host: str) -> None:
    for workers in ("1", "2"):
        ran = zelo("serve", NAME, "--host", host, "--workers", workers)
        assert ran.status == 2
        assert f"--host {host}: nobody could come in: there is no API key" in ran.err
        assert "zelo keys create" in ran.err


def test_nothing_to_serve(make_home: MakeHome) -> None:
    make_home("trained")
    for command in (("serve", NAME), ("monitor", NAME)):
        ran = zelo(*command)
        assert ran.status == 2
        assert "pumps has no champion" in ran.err
        assert "zelo promote pumps" in ran.err


def test_serving_needs_no_project_folder(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZELO_PROJECTS", str(home.root / "none"))
    new, output = home.file("new.csv", pumps(5, first=9000)), home.root / "out.csv"
    assert zelo("predict", NAME, "--input", new, "--output", output).status == 0


@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_a_damaged_bundle_is_named(home: Home, damage: str) -> None:
    path = home.bundle_path("champion")
    if damage == "cut":
        (path / "metrics.json").write_bytes(b"{")
    else:
        (path / "manifest.json").unlink()
    new = home.file("new.csv", pumps(5))
    for command in (("compare", NAME), ("serve", NAME), ("monitor", NAME),
                    ("predict", NAME, "--input", new, "--output", home.root / "out.csv")):  # fmt: skip
        ran = zelo(*command)
        assert ran.status == 2
        assert ran.err.startswith("BundleError ")
        assert path.name in ran.err


@pytest.mark.parametrize("setting", [("MAX_BODY_BYTES", "big"), ("MAX_WAITING_ROWS", "0")])
def test_a_wrong_setting_is_named(
    home: Home, monkeypatch: pytest.MonkeyPatch, setting: tuple[str, str]
) -> None:
    name, value = setting
    monkeypatch.setenv(f"ZELO_{name}", value)
    ran = zelo("list")
    assert ran.status == 2
    assert f"ZELO_{name}: a setting is not valid" in ran.err
    assert value in ran.err


def test_a_file_in_the_place_of_home(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZELO_HOME", str(home.spec))
    ran = zelo("train", NAME)
    assert ran.status == 2
    assert str(home.spec) in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("place", ["folder", "below a file"])
def test_an_output_that_cannot_be_written_is_told_before_anything_is_recorded(home: Home, place: str) -> None:
    output = home.root if place == "folder" else home.spec / "out.csv"
    ran = zelo("predict", NAME, "--input", home.file("new.csv", pumps(5)), "--output", output)
    assert ran.status == 2
    assert "the predictions cannot be written" in ran.err
    with home.workspace.ledger() as ledger:
        assert ledger.predictions(NAME) == []


def test_a_metrics_table_that_cannot_be_written(home: Home) -> None:
    ran = zelo("compare", NAME, "--csv", home.root / "none" / "metrics.csv")
    assert ran.status == 2
    assert "metrics.csv" in ran.err


def test_a_full_disk_is_told_and_the_champion_stays(
    make_home: MakeHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = make_home("retrained")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    before = home.contents()
    ran = zelo("promote", NAME, "--json")
    assert ran.status == 2
    assert ran.json["error"]["found"] == "No space left on device"
    monkeypatch.undo()
    assert home.contents() == before


def test_a_project_is_not_made_twice_nor_over_another(home: Home, tmp_path: Path) -> None:
    before = home.spec.read_bytes()
    ran = zelo("init", NAME, "--data", home.file("new.csv", pumps(60)), "--target", "Failed")
    assert ran.status == 2
    assert "the project is there already" in ran.err
    assert home.spec.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "target", "text"),
    [("new", "Fails", "Failed"), ("New Project", "Failed", "New Project"), ("../new", "Failed", "../new")],
)
def test_an_init_that_fails_leaves_nothing(home: Home, name: str, target: str, text: str) -> None:
    ran = zelo("init", name, "--data", home.file("new.csv", pumps(60)), "--target", target)
    assert ran.status == 2
    assert text in ran.err
    assert [path.name for path in (home.root / "projects").iterdir()] == [NAME]


def test_two_defaults_are_told_when_a_ledger_is_no_ledger(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home.root / "home" / "ledger.db").write_bytes(
        b"no database at all, but long enough to be taken for one" * 40
    )
    ran = zelo("predict", NAME, "--input", home.file("new.csv", pumps(5)), "--output", home.root / "out.csv")
    assert ran.status == 2
    assert ran.err.startswith("LedgerError ")
    assert not (home.root / "out.csv").exists()
