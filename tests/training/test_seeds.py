from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from tests.tables import make_project, make_table

from zelo.models import catalogue
from zelo.models.candidate import Params, Setting, assemble
from zelo.training.seeds import SeedSpread, spread_over_seeds
from zelo.training.train import Trained, train


def moody(setting: Setting, params: Params) -> Any:
    """A ridge whose seed is its penalty; it cannot do with seed 13."""
    if setting.seed == 13:
        raise ValueError("an unlucky seed")
    return assemble(setting, Ridge(alpha=10.0 ** (setting.seed - 5)), scaled=True)


@pytest.fixture(autouse=True)
def seeded(monkeypatch: pytest.MonkeyPatch) -> None:
    ridge = replace(catalogue.CATALOGUE["ridge"], build=moody, seeded=True, space=None)
    monkeypatch.setitem(catalogue.CATALOGUE, "ridge", ridge)


def trained(seeds: int, first: int = 7, **options: Any) -> Trained:
    select = {"primary": "mae", "report": ["rmse"], "folds": 3, "seeds": seeds}
    split = {"by": "random", "test": 0.25, "seed": first}
    project = make_project("regression", select=select, split=split)
    return train(make_table("regression", 160), project, threads=1, **options)


def test_ends_and_deviation() -> None:
    found = spread_over_seeds([{"mae": 2.0, "r2": 0.5}, {"mae": 4.0, "r2": 0.5}, {"mae": 3.0, "r2": 0.5}])
    assert found["mae"] == SeedSpread(3, 2.0, 4.0, 1.0)
    assert found["r2"].sd == 0
    assert math.isnan(spread_over_seeds([{"mae": math.nan}, {"mae": 1.0}])["mae"].sd)


def test_one_seed_has_no_spread() -> None:
    assert trained(1).seeds == {}


def test_the_first_seed_competes_and_serves_and_all_are_told() -> None:
    one, three = trained(1), trained(3)
    assert set(three.seeds) == {"ridge"}
    assert set(three.seeds["ridge"]) == {"mae", "rmse"}
    assert three.comparison.winner.metrics == one.comparison.winner.metrics
    np.testing.assert_array_equal(three.tested.scores, one.tested.scores)
    found = three.seeds["ridge"]["mae"]
    assert (found.count, found.low) == (3, one.comparison.winner.metrics["mae"].value)
    assert found.low < found.high
    assert found.sd > 0


def test_each_seed_is_counted_as_it_is_fitted() -> None:
    steps: list[tuple[str, int, int]] = []
    trained(3, progress=lambda *step: steps.append(step))
    mine = [(done, total) for name, done, total in steps if name == "ridge"]
    assert {total for _, total in mine} == {9}
    assert [done for done, _ in mine] == [*range(10), 9]
    assert {total for name, _, total in steps if name == "prior"} == {3}


def test_a_candidate_that_fails_with_another_seed_has_failed() -> None:
    found = trained(3, first=11)
    assert [(item.name, item.error) for item in found.failed] == [("ridge", "ValueError: an unlucky seed")]
    assert found.seeds == {}
