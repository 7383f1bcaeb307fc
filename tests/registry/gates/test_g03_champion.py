from __future__ import annotations

from pathlib import Path

import numpy as np
from tests.registry.fakes import examined, guesses, truth
from tests.tables import make_project

from zelo.registry.gates.g03_champion import GATE
from zelo.stats.metrics import Scored

PROJECT = make_project(select={"primary": "accuracy"}, gates={"margin": 0.02})


def test_without_a_champion_it_is_skipped(tmp_path: Path) -> None:
    result = GATE.run(examined(tmp_path, guesses(truth(), right=0.9)))
    assert (result.code, result.status) == ("G03", "skipped")


def test_the_same_again_passes(tmp_path: Path) -> None:
    tested = guesses(truth(), right=0.9)
    assert GATE.run(examined(tmp_path, tested, project=PROJECT, champion=tested)).status == "passed"


def test_a_loss_within_the_margin_and_within_chance_passes(tmp_path: Path) -> None:
    true = truth()
    tested, champion = guesses(true, right=0.895, seed=1), guesses(true, right=0.90, seed=2)
    assert GATE.run(examined(tmp_path, tested, project=PROJECT, champion=champion)).status == "passed"


def test_a_loss_beyond_the_margin_fails_though_it_may_be_chance(tmp_path: Path) -> None:
    true = truth(100)
    tested, champion = guesses(true, right=0.87, seed=1), guesses(true, right=0.90, seed=2)
    result = GATE.run(examined(tmp_path, tested, project=PROJECT, champion=champion))
    assert result.status == "failed"
    assert "-0.0300" in result.found


def test_a_significant_loss_fails_within_the_margin_too(tmp_path: Path) -> None:
    true = truth(4000)
    champion = guesses(true, right=1.0)
    tested = guesses(true, right=0.985)
    result = GATE.run(examined(tmp_path, tested, project=PROJECT, champion=champion))
    assert result.status == "failed"
    assert "-0.0150" in result.found


def test_a_champion_that_cannot_read_the_rows_fails_it_and_says_why(tmp_path: Path) -> None:
    reason = "the champion reads colour, which the new data do not have"
    result = GATE.run(examined(tmp_path, guesses(truth(), right=0.9), incomparable=reason))
    assert (result.status, result.found) == ("failed", reason)


def test_the_margin_is_in_the_targets_unit_and_small_figures_keep_their_digits(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    true = 10 + np.cumsum(rng.normal(0, 0.1, 250))
    champion, tested = (Scored(true, true + rng.normal(0, size, 250)) for size in (0.1, 0.105))
    statuses = {}
    for margin in (0.01, 0.001):
        project = make_project("regression", gates={"margin": margin})
        result = GATE.run(examined(tmp_path, tested, project=project, champion=champion))
        statuses[margin] = result.status
    assert statuses == {0.01: "passed", 0.001: "failed"}
    assert "mae -0.00" in result.found
