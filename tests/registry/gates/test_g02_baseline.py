from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from tests.registry.fakes import examined, guesses, prior, truth
from tests.tables import make_project
from tests.weeks import make_weekly_project

from zelo.registry.gates.g02_baseline import GATE
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
