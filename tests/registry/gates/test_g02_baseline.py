from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from tests.registry.fakes import examined, guesses, prior, truth
from tests.tables import make_project
from tests.weeks import HISTORY, SEASON, make_weekly_project

from zelo.registry.gates.g02_baseline import GATE
from zelo.registry.gates.gate import GateResult
from zelo.stats.metrics import Scored


def test_a_clear_gain_passes(tmp_path: Path) -> None:
    result = GATE.run(examined(tmp_path, guesses(truth(), right=0.9)))
    assert (result.code, result.status) == ("G02", "passed")


def test_the_baseline_itself_fails(tmp_path: Path) -> None:
    assert GATE.run(examined(tmp_path, prior(truth()))).status == "failed"


def test_a_gain_on_few_rows_may_be_chance_and_fails(tmp_path: Path) -> None:
    few = truth(12)
    tested = guesses(few, right=0.7)
    result = GATE.run(examined(tmp_path, tested, project=make_project(select={"primary": "accuracy"})))
    assert result.status == "failed"
    assert "p = " in result.found


def test_of_a_loss_less_is_more(tmp_path: Path) -> None:
    project = make_project("regression")
    true = np.arange(200.0)
    noise = np.random.default_rng(0).normal(0, 1, 200)
    close, far = (Scored(true, (true + factor * noise).reshape(-1, 1)) for factor in (1, 3))
    assert GATE.run(examined(tmp_path, close, project=project, baseline=far)).status == "passed"
    assert GATE.run(examined(tmp_path, far, project=project, baseline=close)).status == "failed"


def test_where_the_metric_has_no_value_nothing_is_proved(tmp_path: Path) -> None:
    one_class = guesses(np.zeros(80, np.int64), right=0.9)
    project = make_project(select={"primary": "roc_auc"})
    assert GATE.run(examined(tmp_path, one_class, project=project)).status == "failed"


def rolled(folder: Path, against: dict[str, float | None]) -> None:
    """What rolling origins gave one row ahead: p of the seasonal naive being as good."""
    naive = {name: {"mae": 12.0, "p_value": p_value} for name, p_value in against.items()}
    first = {"metrics": {"mae": {"value": 8.0}}, "against": naive}
    (folder / "horizons.json").write_text(json.dumps({"out_of_fold": [first]}), encoding="utf-8")


def weekly(rows: int = 20, *, good: float, naive: float) -> tuple[Scored, Scored]:
    """Test rows whose absolute errors are about ``good`` and ``naive``."""
    true = np.arange(float(rows))
    noise = np.random.default_rng(0).normal(0, 1, (2, rows))
    return Scored(true, true + good * noise[0]), Scored(true, true + naive * noise[1])


def test_a_forecast_shows_its_gain_from_rolling_origins(tmp_path: Path) -> None:
    tested, naive = weekly(good=1.0, naive=1.1)
    rolled(tmp_path, {"seasonal_naive": 0.01, "moving_average": 0.6})
    result = GATE.run(examined(tmp_path, tested, project=make_weekly_project(), baseline=naive))
    assert result.status == "passed"
    assert "mae 8 against 12, p = 0.010" in result.found


def test_a_forecast_without_a_gain_fails(tmp_path: Path) -> None:
    tested, naive = weekly(good=1.0, naive=3.0)
    for against in ({"seasonal_naive": 0.06}, {"seasonal_naive": None}, {"moving_average": 0.01}):
        rolled(tmp_path, against)
        assert (
            GATE.run(examined(tmp_path, tested, project=make_weekly_project(), baseline=naive)).status
            == "failed"
        )


def test_a_forecast_that_loses_on_the_test_rows_fails(tmp_path: Path) -> None:
    tested, naive = weekly(good=5.0, naive=1.0)
    rolled(tmp_path, {"seasonal_naive": 0.001})
    assert (
        GATE.run(examined(tmp_path, tested, project=make_weekly_project(), baseline=naive)).status == "failed"
    )


def judged(folder: Path, candidate: str, adjusted: dict[str, float], *, season: int = SEASON) -> GateResult:
    """A version of a project that falls back on persistence, good on the test rows."""
    beaten_by = [name for name, p_value in adjusted.items() if p_value < 0.05]
    fallback = {
        "name": "persistence",
        "beaten_by": beaten_by,
        "p_values": {name: value / 2 for name, value in adjusted.items()},
        "adjusted": adjusted,
    }
    (folder / "candidates.json").write_text(json.dumps({"fallback": fallback}), encoding="utf-8")
    forecast: dict[str, Any] = {"history": HISTORY, "season": season, "fallback": "persistence"}
    project = make_weekly_project(forecast=forecast, candidates=["persistence", "ridge"])
    tested, naive = weekly(good=1.0, naive=1.1)
    whole = examined(folder, tested, project=project, baseline=naive)
    bundle = replace(whole.bundle, manifest={**whole.bundle.manifest, "candidate": candidate})
    return GATE.run(replace(whole, bundle=bundle))


def test_a_fallback_that_nobody_beats_passes_and_says_how_near_they_came(tmp_path: Path) -> None:
    rolled(tmp_path, {})
    result = judged(tmp_path, "persistence", {"ridge": 0.8, "lightgbm": 0.12}, season=1)
    assert result.status == "passed"
    assert result.found == (
        "persistence serves: no candidate beat it by more than chance; the nearest is lightgbm, p = 0.060 "
        "(0.120 by Holm over 2)"
    )
    assert "persistence" in result.expected


def test_a_fallback_that_stood_alone_passes_and_says_so(tmp_path: Path) -> None:
    rolled(tmp_path, {})
    result = judged(tmp_path, "persistence", {}, season=1)
    assert (result.status, result.found) == (
        "passed",
        "persistence serves: no other candidate was compared",
    )


def test_a_fallback_that_was_beaten_must_show_a_gain_like_any_other(tmp_path: Path) -> None:
    rolled(tmp_path, {})
    result = judged(tmp_path, "persistence", {"ridge": 0.01}, season=1)
    assert (result.status, result.found) == ("failed", "the version is persistence itself")
    rolled(tmp_path, {"seasonal_naive": 0.01})
    assert judged(tmp_path, "persistence", {"ridge": 0.01}).status == "passed"


def test_beside_a_fallback_a_gain_must_stand_out_of_all_that_were_compared(tmp_path: Path) -> None:
    rolled(tmp_path, {"persistence": 0.03})
    assert judged(tmp_path, "ridge", {"ridge": 0.04, "ar": 0.9}, season=1).status == "passed"
    result = judged(tmp_path, "ridge", {"ridge": 0.06, "ar": 0.9}, season=1)
    assert result.status == "failed"
    assert "p = 0.030 (against persistence, by Holm over 2: 0.060)" in result.found


def test_the_naive_forecast_may_serve_where_it_beats_the_fallback(tmp_path: Path) -> None:
    rolled(tmp_path, {"persistence": 0.001})
    result = judged(tmp_path, "seasonal_naive", {"seasonal_naive": 0.002, "ridge": 0.3})
    assert result.status == "passed"
    assert "against persistence, by Holm over 2: 0.002" in result.found
    assert judged(tmp_path, "seasonal_naive", {"seasonal_naive": 0.2, "ridge": 0.3}).status == "failed"
