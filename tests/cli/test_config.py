from __future__ import annotations

from typing import Any

import pytest
from tests.conftest import MakeHome
from tests.homes import NAME, Home, answered, zelo

HEADS = ("hyperparameter", "value", "from", "default", "allowed", "meaning")


def told(key: str) -> dict[str, Any]:
    candidate, name = key.split(".")
    found: dict[str, Any] = answered("config", NAME, "--json").json["candidates"][candidate][
        "hyperparameters"
    ]
    return found[name]


def test_the_configuration_is_shown_with_where_each_value_comes_from(make_home: MakeHome) -> None:
    make_home("trained")

    shown = answered("config", NAME).out

    lines = [line.split() for line in shown.splitlines()]
    assert lines[0] == list(HEADS)
    assert ["lightgbm.n_estimators", "30", "project.yaml", "200", "1", "to", "2000", "trees"] in lines
    assert lines[-1][:3] == ["nothing", "was", "changed:"]


def test_what_is_set_is_a_version_and_what_is_taken_back_too(make_home: MakeHome) -> None:
    make_home("trained")

    answered(
        "config",
        NAME,
        "--set",
        "lightgbm.n_estimators=50",
        "--set",
        "lightgbm.subsample=1",
        "--reason",
        "try",
    )
    assert (told("lightgbm.n_estimators")["value"], told("lightgbm.n_estimators")["source"]) == (
        50,
        "configuration 1",
    )
    shown = answered("config", NAME, "--set", "lightgbm.n_estimators=null", "--reason", "back").out

    assert "configuration 2" in shown
    assert "by Ana: back" in shown
    assert (told("lightgbm.n_estimators")["value"], told("lightgbm.n_estimators")["source"]) == (
        30,
        "project.yaml",
    )
    assert told("lightgbm.subsample")["source"] == "configuration 2"
    answered("config", NAME, "--set", "lightgbm=null", "--reason", "all of it")
    assert told("lightgbm.subsample")["source"] == "default"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("lightgbm.n_estimators=1000000", "a whole number from 1 to 2000"),
        ("lightgbm.n_estimators=many", "a whole number from 1 to 2000"),
        ("lightgbm.n_estimator=50", "did you mean n_estimators?"),
        ("lightbgm.n_estimators=50", "did you mean lightgbm?"),
        ("lightbgm=null", "did you mean lightgbm?"),
        ("lightgbm.n_estimators", "expected lstm.epochs=50"),
        ("lightgbm.=5", "expected lstm.epochs=50"),
        ("lightgbm=5", "expected lightgbm=null"),
        (f"lightgbm.n_estimators={'9' * 400}", "a whole number from 1 to 2000"),
        (f"lightgbm.n_estimators={'9' * 5_000}", "a whole number from 1 to 2000"),
    ],
)
def test_a_change_that_is_not_valid_is_not_made(make_home: MakeHome, change: str, said: str) -> None:
    make_home("trained")

    ran = zelo("config", NAME, "--set", change, "--reason", "a mistake")

    assert ran.status == 2
    assert said in " ".join(ran.err.split())
    assert answered("config", NAME, "--json").json["version"] == 0


def test_to_take_all_back_and_to_set_are_two_commands(make_home: MakeHome) -> None:
    make_home("trained")
    for changes in (("lightgbm=null", "lightgbm.subsample=1"), ("lightgbm.subsample=1", "lightgbm=null")):
        ran = zelo("config", NAME, "--set", changes[0], "--set", changes[1], "--reason", "both")
        assert ran.status == 2
        assert "a command of its own" in " ".join(ran.err.replace("│", " ").split())


@pytest.mark.parametrize("reason", [[], ["--reason", "  "]])
def test_a_change_needs_a_reason(make_home: MakeHome, reason: list[str]) -> None:
    make_home("trained")
    ran = zelo("config", NAME, "--set", "lightgbm.n_estimators=50", *reason)
    assert ran.status == 2
    assert "--reason" in ran.err


def test_what_the_project_has_outgrown_is_shown_and_taken_back(make_home: MakeHome) -> None:
    home = make_home("trained")
    assert isinstance(home, Home)
    answered("config", NAME, "--set", "logistic_regression.C=2", "--reason", "try")
    home.spec.write_text(home.spec.read_text("utf-8").replace("  - logistic_regression\n", ""), "utf-8")

    shown = " ".join(answered("config", NAME).out.split())
    refused = zelo("config", NAME, "--set", "lightgbm.subsample=1", "--reason", "more")
    answered("config", NAME, "--set", "logistic_regression.C=null", "--reason", "gone")

    assert "does not fit the project.yaml any more: logistic_regression.C=2; take it back" in shown
    assert refused.status == 2
    assert "--set CANDIDATE=null" in " ".join(refused.err.split())
    assert answered("config", NAME, "--json").json["stale"] == []
