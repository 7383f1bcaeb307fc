from __future__ import annotations

from typing import Any

import pytest
from tests.conftest import MakeHome
from tests.homes import NAME, answered, zelo

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
    ],
)
def test_a_change_that_is_not_valid_is_not_made(make_home: MakeHome, change: str, said: str) -> None:
    make_home("trained")

    ran = zelo("config", NAME, "--set", change, "--reason", "a mistake")

    assert ran.status == 2
    assert said in " ".join(ran.err.split())
    assert answered("config", NAME, "--json").json["version"] == 0


def test_a_change_needs_a_reason(make_home: MakeHome) -> None:
    make_home("trained")
    ran = zelo("config", NAME, "--set", "lightgbm.n_estimators=50")
    assert ran.status == 2
    assert "--reason" in ran.err
