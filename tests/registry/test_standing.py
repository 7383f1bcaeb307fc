from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.picked import picked_forecast
from tests.tables import make_project, make_table

from zelo.registry.standing import choice, standing
from zelo.training.seeds import SeedSpread
from zelo.training.train import train


def test_a_candidate_stands_beside_the_baseline() -> None:
    trained = picked_forecast()
    found, beside = standing(trained, "ridge"), trained.against["ridge"]
    assert beside.direction is not None
    assert found["seeds"] is None
    assert found["against"] == {
        "baseline": "persistence",
        "mae_difference": beside.mae_difference,
        "dm_p_value": beside.p_value,
        "skill": beside.skill,
        "direction": {
            "accuracy": beside.direction.right,
            "expected": beside.direction.by_chance,
            "p_value": beside.direction.p_value,
        },
        "note": None,
    }


def test_the_baseline_has_no_direction_and_the_reason_is_told() -> None:
    found = standing(picked_forecast(), "persistence")["against"]
    assert (found["skill"], found["dm_p_value"], found["direction"]) == (0, None, None)
    assert "no direction" in found["note"]


def test_what_failed_stands_nowhere() -> None:
    assert standing(picked_forecast(), "lightgbm") == {"against": None, "seeds": None}


def test_seeds_are_counted_and_what_is_not_defined_is_null() -> None:
    spread = {"mae": SeedSpread(3, 0.1, 0.2, 0.05), "r2": SeedSpread(3, float("nan"), 0.2, float("nan"))}
    found = standing(replace(picked_forecast(), seeds={"ridge": spread}), "ridge")["seeds"]
    assert found == {
        "count": 3,
        "mae": {"low": 0.1, "high": 0.2, "sd": 0.05},
        "r2": {"low": None, "high": 0.2, "sd": None},
    }


def test_the_choice_tells_who_was_passed_over_and_what_the_fallback_met() -> None:
    trained = picked_forecast()
    found = choice(trained)
    assert found["instead_of"] == "persistence"
    assert (found["fallback"]["name"], found["fallback"]["beaten_by"]) == ("persistence", [])
    assert found["fallback"]["adjusted"] == found["fallback"]["p_values"]
    assert set(found["fallback"]["p_values"]) == {"ridge"}
    naive = abs(trained.test.truth - trained.test.columns["close_lag_1"]).mean()
    assert found["test"]["mae_difference"] == pytest.approx(trained.metrics["mae"].value - naive)
    assert json.dumps(found, allow_nan=False)


def test_without_a_forecast_there_is_nothing_to_tell() -> None:
    trained = train(make_table("regression", 80), make_project("regression"), threads=1)
    assert choice(trained) == {"instead_of": None, "fallback": None, "test": None}
    assert standing(trained, "ridge") == {"against": None, "seeds": None}
