from __future__ import annotations

from pathlib import Path

import numpy as np
from tests.registry.fakes import examined, guesses, truth
from tests.tables import make_project

from zelo.registry.gates.g06_slices import GATE
from zelo.stats.metrics import Scored


def halves(rows: int) -> np.ndarray:
    return np.where(np.arange(rows) < rows // 2, "north", "south")


def uneven(true: np.ndarray, *, south: float) -> Scored:
    """Right in the North, and less often in the South."""
    good, poor = guesses(true, right=0.95, seed=1), guesses(true, right=south, seed=2)
    assert good.predicted is not None
    assert poor.predicted is not None
    north = halves(len(true)) == "north"
    predicted = np.where(north, good.predicted, poor.predicted)
    scores = np.where(north[:, None], good.scores, poor.scores)
    return Scored(true, scores, predicted, positive=1)


def test_a_project_without_slices_skips_it(tmp_path: Path) -> None:
    result = GATE.run(examined(tmp_path, guesses(truth(), right=0.9)))
    assert (result.code, result.status) == ("G06", "skipped")


def test_slices_alike_pass(tmp_path: Path) -> None:
    tested = guesses(truth(), right=0.9)
    result = GATE.run(examined(tmp_path, tested, slices={"region": halves(400)}))
    assert result.status == "passed"
    assert "2 slices judged, 0 too small" in result.found


def test_a_slice_left_behind_fails_and_is_named(tmp_path: Path) -> None:
    tested = uneven(truth(), south=0.55)
    result = GATE.run(examined(tmp_path, tested, slices={"region": halves(400)}))
    assert result.status == "failed"
    assert result.found.startswith("region=south too low")
    assert "region=north too low" not in result.found


def test_of_a_loss_the_higher_slice_is_the_worse(tmp_path: Path) -> None:
    project = make_project(select={"primary": "brier"}, gates={"slice_drop": 0.1})
    tested = uneven(truth(), south=0.5)
    result = GATE.run(examined(tmp_path, tested, project=project, slices={"region": halves(400)}))
    assert result.status == "failed"
    assert result.found.startswith("region=south too low")


def test_slices_too_small_to_judge_skip_it(tmp_path: Path) -> None:
    many = np.arange(400).astype(str)
    result = GATE.run(examined(tmp_path, uneven(truth(), south=0.3), slices={"serial": many}))
    assert result.status == "skipped"
    assert "400" in result.found


def test_a_slice_of_one_class_has_no_area_under_the_curve_and_is_not_judged(tmp_path: Path) -> None:
    true = (np.arange(400) < 200).astype(np.int64)
    project = make_project(select={"primary": "roc_auc"})
    tested = guesses(true, right=0.9)
    result = GATE.run(examined(tmp_path, tested, project=project, slices={"region": halves(400)}))
    assert result.status == "skipped"
