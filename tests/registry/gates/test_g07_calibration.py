from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from tests.registry.fakes import examined, guesses, regression, truth

from zelo.registry.gates.g07_calibration import GATE


def test_probabilities_that_mean_what_they_say_pass(tmp_path: Path) -> None:
    result = GATE.run(examined(tmp_path, guesses(truth(2000, share=0.5), right=0.9, sure=0.9)))
    assert (result.code, result.status) == ("G07", "passed")


def test_overconfidence_fails(tmp_path: Path) -> None:
    result = GATE.run(examined(tmp_path, guesses(truth(2000), right=0.7, sure=0.99)))
    assert result.status == "failed"
    assert "calibration error 0.2" in result.found


def test_what_few_rows_cannot_tell_is_not_held_against_the_model(tmp_path: Path) -> None:
    assert GATE.run(examined(tmp_path, guesses(truth(20), right=0.8, sure=0.9))).status == "passed"


def test_intervals_that_hold_what_they_promise_pass(tmp_path: Path) -> None:
    residuals = np.linspace(-1, 1, 400)
    assert GATE.run(regression(tmp_path, residuals, half_width=0.9)).status == "passed"


def test_intervals_that_are_too_narrow_fail(tmp_path: Path) -> None:
    result = GATE.run(regression(tmp_path, np.linspace(-1, 1, 400), half_width=0.7))
    assert result.status == "failed"
    assert result.found.startswith("70.0%")


def test_intervals_of_their_own_width_each_are_counted_one_by_one(tmp_path: Path) -> None:
    residuals = np.where(np.arange(400) % 2, 0.1, 2.0)
    found = regression(tmp_path, residuals, half_width=0.9)
    assert GATE.run(found).status == "failed"
    said = found.tested.scores
    moving = replace(found.tested, bounds=said + np.abs(residuals)[:, None] * [-1.1, 1.1])
    result = GATE.run(replace(found, tested=moving))
    assert (result.status, result.found.partition(" ")[0]) == ("passed", "100.0%")


def test_a_regression_without_intervals_fails(tmp_path: Path) -> None:
    result = GATE.run(regression(tmp_path, np.zeros(50), half_width=None))
    assert (result.status, result.found) == ("failed", "the model gives no intervals")
