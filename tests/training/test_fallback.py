from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.weeks import HISTORY, SEASON, make_weekly_project

from zelo.errors import TrainingError
from zelo.spec.project import Project
from zelo.stats.bootstrap import metric_intervals
from zelo.stats.diebold_mariano import diebold_mariano
from zelo.stats.metrics import Scored
from zelo.training.compare import compare, picked_by_hand
from zelo.training.evaluate import Assessed
from zelo.training.fallback import challenge

RNG = np.random.default_rng(1)
TRUTH = 100 + np.cumsum(RNG.normal(0, 1, 400))
NOISE = RNG.normal(0, 1, (30, 400))


def project(fallback: str | None = "persistence") -> Project:
    forecast: dict[str, Any] = {"history": HISTORY, "season": SEASON, "fallback": fallback}
    select = {"primary": "mae", "folds": 4}
    return make_weekly_project(forecast=forecast, select=select, candidates=["persistence", "ridge"])


def forecaster(name: str, error: float, turn: int) -> Assessed:
    said = (TRUTH + error * NOISE[turn])[:, None]
    scored = Scored(TRUTH, said)
    return Assessed(name, {}, said, 1.0, scored, metric_intervals(scored, ("mae",), seed=1), latency_ms=1.0)


def failed(name: str) -> Assessed:
    return Assessed(name, {}, np.empty((0, 0)), 0.1, error="ValueError: no")


NAIVE = forecaster("persistence", 1.0, 0)


def test_without_a_gain_the_fallback_serves_though_another_is_ahead() -> None:
    lucky = forecaster("lucky", 0.97, 1)
    found = compare([NAIVE, lucky, forecaster("worse", 1.3, 2)], project())
    assert [item.name for item in found.ranked] == ["lucky", "persistence", "worse"]
    assert found.winner.name == "persistence"
    assert found.tied == ("persistence",)
    assert found.challenge is not None
    p_value = found.challenge.p_values["lucky"]
    assert 0.05 < p_value < 0.5
    assert found.challenge.adjusted["lucky"] == pytest.approx(2 * p_value)
    assert found.why == (
        "no candidate beats persistence out of fold by more than chance, so persistence serves: the nearest "
        f"is lucky with p = {p_value:.3f}, adjusted {2 * p_value:.3f} (by Holm over 2 candidates; "
        "Diebold-Mariano, against 0.05)"
    )


def test_without_a_fallback_the_lowest_error_wins() -> None:
    found = compare([NAIVE, forecaster("lucky", 0.97, 1)], project(None))
    assert found.winner.name == "lucky"
    assert found.challenge is None


def test_a_gain_beyond_chance_takes_its_place() -> None:
    found = compare([NAIVE, forecaster("better", 0.5, 1), forecaster("good", 0.7, 2)], project())
    assert found.winner.name == "better"
    assert found.challenge is not None
    assert found.challenge.beaten_by == ("better", "good")
    assert found.why.startswith(
        "persistence is beaten out of fold by more than chance: better with p = 0.000"
    )
    assert "better has the best mae out of fold" in found.why


def test_the_best_of_many_needs_more_than_one_alone() -> None:
    good = forecaster("good", 0.93, 1)
    p_value = diebold_mariano(np.abs(0.93 * NOISE[1]), np.abs(NOISE[0])).p_value
    assert 0.05 / 29 < p_value < 0.05
    others = [forecaster(f"other_{turn}", 1.1, turn) for turn in range(2, 30)]
    alone, among = compare([NAIVE, good], project()), compare([NAIVE, good, *others], project())
    assert alone.winner.name == "good"
    assert among.winner.name == "persistence"


def test_what_never_gains_by_more_than_chance_wins_seldom() -> None:
    """Ten candidates as good as the fallback: one of them takes its place in about 5 % of trainings."""
    rng = np.random.default_rng(7)
    taken = 0
    for _ in range(300):
        said = TRUTH[:120, None] + rng.normal(0, 1, (120, 11))
        names = ["persistence", *(f"c{place}" for place in range(10))]
        items = [
            Assessed(name, {}, said[:, [place]], 1.0, Scored(TRUTH[:120], said[:, [place]]))
            for place, name in enumerate(names)
        ]
        found = challenge(items, project())
        assert found is not None
        taken += bool(found.beaten_by)
    assert taken / 300 < 0.09


def test_the_same_forecasts_are_no_gain() -> None:
    found = challenge([NAIVE, forecaster("same", 1.0, 0)], project())
    assert found is not None
    assert (found.p_values, found.beaten_by) == ({"same": 1.0}, ())


def test_a_fallback_that_stood_alone_says_so() -> None:
    found = compare([NAIVE, failed("ridge")], project())
    assert found.winner.name == "persistence"
    assert found.why == "persistence serves: no other candidate was compared"


def test_a_fallback_that_could_not_be_fitted_stops_the_training() -> None:
    with pytest.raises(TrainingError, match="fallback could not be fitted") as caught:
        compare([failed("persistence"), forecaster("ridge", 0.9, 1)], project())
    assert "ridge" in caught.value.expected


def test_a_candidate_picked_by_hand_takes_the_place_and_the_ranking_stays() -> None:
    items = [NAIVE, forecaster("ridge", 1.3, 1)]
    found = compare(items, project())
    picked = picked_by_hand(found, items, "ridge")
    assert (picked.winner.name, picked.instead_of) == ("ridge", "persistence")
    assert picked.ranked == found.ranked
    assert picked.why == (
        f"ridge was picked by hand; the comparison would have taken persistence: {found.why}"
    )


def test_who_would_have_won_may_be_picked() -> None:
    items = [NAIVE, forecaster("ridge", 1.3, 1)]
    picked = picked_by_hand(compare(items, project()), items, "persistence")
    assert (picked.winner.name, picked.instead_of) == ("persistence", None)
    assert picked.why.startswith("persistence was picked by hand, and the comparison takes it too: ")


def test_what_could_not_be_fitted_cannot_be_picked() -> None:
    items = [NAIVE, failed("ridge")]
    with pytest.raises(TrainingError, match="picked could not be fitted") as caught:
        picked_by_hand(compare(items, project()), items, "ridge")
    assert caught.value.found == "ValueError: no"
    assert "persistence" in caught.value.expected
