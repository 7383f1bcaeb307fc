"""Who forecasts, in a whole training: the fallback, the hand, and what is told of each candidate."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from tests.prices import HISTORY, make_price_project, make_price_table
from tests.weeks import HISTORY as WEEKS_BEFORE
from tests.weeks import SEASON, make_weekly_project, make_weekly_table

from zelo.errors import SpecError, TrainingError
from zelo.spec.project import Project
from zelo.training.train import Trained, train

CANDIDATES: list[Any] = ["persistence", "drift", "ridge", {"lightgbm": {"num_leaves": 1}}]


def prices(**changes: Any) -> Project:
    forecast = {"history": HISTORY, "season": 1, "learns": "returns", "fallback": "persistence"}
    return make_price_project(forecast=forecast, candidates=CANDIDATES, **changes)


@cache
def trained(pick: str | None = None) -> Trained:
    return train(make_price_table(), prices(), threads=1, pick=pick)


@cache
def weekly() -> Trained:
    forecast = {"history": WEEKS_BEFORE, "season": SEASON, "horizon": 2, "fallback": "persistence"}
    project = make_weekly_project(forecast=forecast, candidates=["persistence", "ridge"])
    return train(make_weekly_table(240), project, threads=1)


def test_of_a_random_walk_the_last_price_serves() -> None:
    found = trained()
    assert found.comparison.winner.name == "persistence"
    assert found.comparison.why.startswith("no candidate beats persistence out of fold")
    np.testing.assert_array_equal(found.tested.scores[:, 0], found.test.columns["close_lag_1"])
    author = found.policy.author
    assert author is not None
    assert (author.name, author.baseline, author.skill) == ("persistence", "persistence", 0)


def test_of_a_series_with_memory_a_model_takes_its_place() -> None:
    found = weekly()
    assert found.comparison.winner.name == "ridge"
    assert found.comparison.challenge is not None
    assert "ridge" in found.comparison.challenge.beaten_by
    assert found.comparison.why.startswith("persistence is beaten out of fold by more than chance: ")


def test_each_candidate_stands_beside_the_first_baseline() -> None:
    found = trained()
    assert set(found.against) == {"persistence", "drift", "ridge"}
    mae = {item.name: item.metrics["mae"].value for item in found.comparison.ranked}
    for name, beside in found.against.items():
        assert beside.mae_difference == pytest.approx(mae[name] - mae["persistence"])
    assert found.against["persistence"].direction is None
    assert found.against["ridge"].direction is not None
    assert found.tested_against is not None
    assert found.tested_against.skill == 0


def test_the_author_is_as_skilled_as_the_comparison_says() -> None:
    for found in (weekly(), trained("ridge")):
        author, beside = found.policy.author, found.against[found.comparison.winner.name]
        assert author is not None
        assert (author.name, author.baseline) == (found.comparison.winner.name, beside.baseline)
        assert author.skill == pytest.approx(beside.skill)
        assert author.p_value == pytest.approx(beside.p_value)


def test_a_candidate_picked_by_hand_is_fitted_served_and_named() -> None:
    found = trained("ridge")
    assert (found.comparison.winner.name, found.comparison.instead_of) == ("ridge", "persistence")
    assert [item.name for item in found.comparison.ranked] == [
        item.name for item in trained().comparison.ranked
    ]
    assert not np.array_equal(found.tested.scores[:, 0], found.test.columns["close_lag_1"])
    assert found.tested_against is not None
    assert found.tested_against.mae_difference == pytest.approx(
        found.metrics["mae"].value - trained().metrics["mae"].value
    )


def test_who_is_not_compared_cannot_be_picked_and_nothing_is_fitted() -> None:
    steps: list[str] = []
    with pytest.raises(SpecError, match="not among the candidates") as caught:
        train(
            make_price_table(),
            prices(),
            threads=1,
            pick="rigde",
            progress=lambda name, *_: steps.append(name),
        )
    assert (caught.value.where, caught.value.found) == ("prices: pick", "rigde")
    assert caught.value.hint == "did you mean ridge?"
    assert steps == []


def test_who_failed_cannot_be_picked() -> None:
    with pytest.raises(TrainingError, match="picked could not be fitted") as caught:
        trained("lightgbm")
    assert "num_leaves" in caught.value.found


def test_a_fallback_that_is_left_out_of_the_comparison_is_missed_before_it() -> None:
    forecast = {"history": HISTORY, "season": 1, "fallback": "drift"}
    project = make_price_project(forecast=forecast, candidates=["drift", "ridge"])
    with pytest.raises(SpecError) as caught:
        train(make_price_table(), project.model_copy(update={"candidates": ("ridge",)}), threads=1)
    assert (caught.value.where, caught.value.found) == ("prices: forecast.fallback", "drift")
