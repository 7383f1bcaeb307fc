from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.prices import make_price_project, make_price_table
from tests.registry.fakes import examined
from tests.weeks import make_weekly_project, make_weekly_table

from zelo.cli.horizons import show_horizons
from zelo.decisions.policy import Policy
from zelo.registry.assemble import horizons
from zelo.registry.examination import score
from zelo.registry.gates.g05_latency import GATE as G05
from zelo.registry.gates.g07_calibration import GATE as G07
from zelo.registry.runtime import NativePredictor
from zelo.training.plots import draw
from zelo.training.train import Trained, train


@pytest.fixture(scope="module")
def trained() -> Trained:
    # Of G05 only what it asks is tested here, not how fast a busy machine answers.
    return train(make_price_table(), make_price_project(gates={"latency_ms": 5000}), threads=1)


def test_a_spread_takes_the_place_of_the_half_widths(trained: Trained) -> None:
    policy, outlook = trained.policy, trained.outlook
    assert outlook is not None
    assert policy.spread is not None
    assert policy.spread == outlook.spread
    assert (policy.half_width, policy.half_widths, outlook.half_widths) == (None, (), ())
    assert policy.has_intervals
    assert Policy.model_validate_json(policy.model_dump_json()) == policy


def test_the_test_rows_have_the_intervals_that_are_served(trained: Trained) -> None:
    outlook, bounds = trained.outlook, trained.tested.bounds
    assert outlook is not None
    assert outlook.volatility is not None
    assert outlook.volatility.test is not None
    assert bounds is not None
    np.testing.assert_allclose((bounds[:, 1] - bounds[:, 0]) / 2, outlook.widths[:, 0])
    assert len(np.unique(outlook.widths)) == len(bounds)
    assert trained.metrics["pinball"].value == pytest.approx(outlook.volatility.test.pinball)
    assert outlook.test[0].coverage == outlook.volatility.test.coverage


def test_a_project_without_models_of_volatility_has_one_width() -> None:
    outlook = train(make_weekly_table(), make_weekly_project(), threads=1).outlook
    assert outlook is not None
    assert (outlook.spread, outlook.volatility) == (None, None)
    assert np.unique(outlook.widths[:, 0]).tolist() == [outlook.half_widths[0]]
    assert horizons(outlook)["volatility"] is None


def test_the_figures_are_json_and_shown(trained: Trained, capsys: pytest.CaptureFixture[str]) -> None:
    assert trained.outlook is not None
    written = json.loads(json.dumps(horizons(trained.outlook), allow_nan=False))
    found = written["volatility"]
    assert set(found["out_of_fold"]) == {"one_width", "constant", "ewma", "quantile"}
    best = found["out_of_fold"][found["chosen"]]
    assert set(best["against"]) == {"one_width", "constant"}
    assert {"name", "rows", "coverage"} == set(best["half_years"][0])
    show_horizons(trained.project, written)
    said = " ".join(capsys.readouterr().out.split())
    assert "What makes the intervals" in said
    assert f"{found['chosen']} makes the intervals: the lowest pinball loss" in said
    assert f"{best['half_years'][0]['name']} 0." in said


def test_an_older_bundle_is_still_shown(trained: Trained, capsys: pytest.CaptureFixture[str]) -> None:
    assert trained.outlook is not None
    older = {name: part for name, part in horizons(trained.outlook).items() if name != "volatility"}
    show_horizons(trained.project, older)
    assert "What makes the intervals" not in capsys.readouterr().out


def test_a_failed_model_is_shown_with_its_reason(
    trained: Trained, capsys: pytest.CaptureFixture[str]
) -> None:
    assert trained.outlook is not None
    found = horizons(trained.outlook)
    found["volatility"] = {
        **found["volatility"],
        "errors": {"garch": "no optimum"},
        "chosen": None,
        "test": None,
    }
    show_horizons(trained.project, found)
    said = capsys.readouterr().out
    assert "garch could not be fitted: no optimum" in said
    assert "Too few rows to promise an interval." in said


def test_the_gates_see_the_intervals_that_are_served(trained: Trained, tmp_path: Path) -> None:
    predictor = NativePredictor(trained.model, trained.project)
    found = examined(
        tmp_path,
        trained.tested,
        project=trained.project,
        policy=trained.policy,
        predictor=predictor,
        rows=trained.test.columns,
    )
    again = score(found.bundle, found.rows, trained.test.truth)
    assert again.bounds is not None
    np.testing.assert_array_equal(again.bounds, trained.tested.bounds)
    assert G05.run(found).status == "passed"
    assert G07.run(found).status == "passed"


def test_plots_have_the_band_of_the_intervals(trained: Trained, tmp_path: Path) -> None:
    names = {path.stem for path in draw(trained, {"close_lag_1": 0.1}, tmp_path)}
    assert {"series", "fitted"} <= names
    # Of one horizon there is nothing to draw.
    assert "horizons" not in names
