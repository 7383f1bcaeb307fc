from __future__ import annotations

from typing import Any

import pytest
from tests.prices import make_price_project

from zelo.cli.standing import show_standing


def beside(skill: float, direction: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "baseline": "persistence",
        "mae_difference": -0.118 * skill,
        "dm_p_value": 0.031 if skill else None,
        "skill": skill,
        "direction": direction,
        "note": None,
    }


WAY = {"accuracy": 0.534, "expected": 0.5, "p_value": 0.0421}


def shown(capsys: pytest.CaptureFixture[str], *candidates: dict[str, Any]) -> list[str]:
    comparison = {"winner": "lstm", "candidates": list(candidates), "test": beside(0.01, None)}
    show_standing(make_price_project(), comparison)
    return capsys.readouterr().out.splitlines()


def test_each_candidate_but_the_baseline_has_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    seeds = {"count": 3, "mae": {"low": 0.11834, "high": 0.11849, "sd": 0.00007}}
    out = shown(
        capsys,
        {"name": "lstm", "against": beside(0.02, WAY), "seeds": seeds},
        {"name": "persistence", "against": beside(0.0, None), "seeds": None},
        {"name": "broken", "against": None, "seeds": None},
    )
    assert out[1].startswith("Beside persistence, one row ahead, out of fold")
    rows = [line.split() for line in out]
    assert [
        "lstm",
        "-0.00236",
        "2.00",
        "0.031",
        "53.4",
        "50.0",
        "0.042",
        "0.1183",
        "…",
        "0.1185",
        "(7e-05)",
    ] in rows
    assert ["lstm", "on", "the", "test", "set", "-0.00118", "1.00", "0.031", "–", "–", "–"] in rows
    assert not any(row[:1] in (["persistence"], ["broken"]) for row in rows)


def test_without_seeds_there_is_no_column_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    out = shown(capsys, {"name": "lstm", "against": beside(0.02, WAY), "seeds": None})
    assert not any("seeds" in line for line in out)


def test_without_a_forecast_nothing_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, {"name": "ridge", "against": None, "seeds": None}) == []
