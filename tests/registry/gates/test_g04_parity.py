from __future__ import annotations

from pathlib import Path

import numpy as np
from tests.registry.fakes import Fixed, examined, guesses, regression, truth

from zelo.registry.gates.g04_parity import GATE


class Native(Fixed):
    runtime = "native"


def test_the_scores_that_were_measured_pass(tmp_path: Path) -> None:
    result = GATE.run(examined(tmp_path, guesses(truth(), right=0.9)))
    assert (result.code, result.status) == ("G04", "passed")
    assert "the compiled model serves (the same)" in result.found


def test_the_fitted_pipeline_may_serve_and_the_reason_is_told(tmp_path: Path) -> None:
    reason = {"reason": "no compilation of KNNImputer"}
    tested = guesses(truth(), right=0.9)
    result = GATE.run(examined(tmp_path, tested, predictor=Native(), certificate=reason))
    assert result.status == "passed"
    assert "the fitted pipeline serves (no compilation of KNNImputer)" in result.found


def test_one_row_with_another_score_fails(tmp_path: Path) -> None:
    tested = guesses(truth(), right=0.9)
    measured = tested.scores.copy()
    measured[7] += [0.001, -0.001]
    result = GATE.run(examined(tmp_path, tested, measured=measured))
    assert result.status == "failed"
    assert "1.0e-03" in result.found


def test_another_number_of_rows_fails(tmp_path: Path) -> None:
    tested = guesses(truth(), right=0.9)
    result = GATE.run(examined(tmp_path, tested, measured=tested.scores[:-1]))
    assert result.status == "failed"
    assert "400 test rows, and 399 were measured" in result.found


def test_values_are_compared_relative_to_their_spread(tmp_path: Path) -> None:
    whole = regression(tmp_path, np.zeros(100), half_width=1.0)
    scores = whole.tested.scores
    for far, status in ((1e-3, "passed"), (1e-2, "failed")):
        (tmp_path / "test_scores.json").write_text(str((scores + far).tolist()), encoding="utf-8")
        assert GATE.run(whole).status == status
