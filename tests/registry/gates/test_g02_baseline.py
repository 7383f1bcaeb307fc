from __future__ import annotations

from pathlib import Path

import numpy as np
from tests.registry.fakes import examined, guesses, prior, truth
from tests.tables import make_project

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
