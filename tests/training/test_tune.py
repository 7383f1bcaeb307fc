from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.tables import make_project

from zelo.models.candidate import CLASSES, Candidate
from zelo.models.catalogue import CATALOGUE
from zelo.spec.project import Tuning
from zelo.stats.metrics import Scored
from zelo.training.tune import Tuned, tune

Array = np.ndarray[Any, Any]
TRUTH = np.array([0, 1] * 10)


def raw_of(height: float) -> Array:
    """Scores of which the first ``height`` share is right."""
    right = np.arange(len(TRUTH)) < height * len(TRUTH)
    positive = np.where(right, TRUTH, 1 - TRUTH) * 0.8 + 0.1
    return np.column_stack([1 - positive, positive])


def measured(raw: Array) -> Scored:
    return Scored(TRUTH, raw, (raw[:, 1] >= 0.5).astype(np.int64), 1)


def space(trial: Any) -> dict[str, Any]:
    return {"x": trial.suggest_float("x", 0.0, 1.0), "y": trial.suggest_int("y", 1, 9)}


TOY = Candidate("toy", CLASSES, lambda setting, params: None, space)


def run(
    pinned: Mapping[str, Any], trials: int, primary: str = "f1", candidate: Candidate = TOY
) -> tuple[Tuned, list[dict[str, Any]]]:
    asked: list[dict[str, Any]] = []

    def score(params: Mapping[str, Any]) -> Array:
        asked.append(dict(params))
        return raw_of(params.get("x", 0.5))

    project = make_project(select={"primary": primary, "folds": 3})
    tuned = tune(candidate, pinned, project, Tuning(trials=trials), score=score, measure=measured)
    return tuned, asked


@pytest.mark.parametrize("primary", ["f1", "brier"])
def test_the_best_trial_is_kept_with_its_scores(primary: str) -> None:
    tuned, asked = run({}, 12, primary)
    heights = [params.get("x", 0.5) for params in asked]
    best = max(round(len(TRUTH) * height + 0.499999) for height in heights)
    assert tuned.trials == len(asked) == 13
    np.testing.assert_array_equal(tuned.raw, raw_of(tuned.params.get("x", 0.5)))
    assert measured(tuned.raw).predicted is not None
    assert (measured(tuned.raw).predicted == TRUTH).sum() == best


def test_the_first_trial_is_the_defaults() -> None:
    _, asked = run({"z": 3}, 2)
    assert asked[0] == {"z": 3}
    assert all(params["z"] == 3 for params in asked)


def test_without_trials_the_defaults_are_scored_once() -> None:
    tuned, asked = run({}, 0)
    assert asked == [{}]
    assert tuned.params == {}
    assert tuned.trials == 1


def test_a_pinned_parameter_is_not_searched() -> None:
    tuned, asked = run({"x": 0.25}, 8)
    assert {params["x"] for params in asked} == {0.25}
    assert len({params.get("y") for params in asked}) > 2
    assert tuned.params["x"] == 0.25


def test_the_seed_repeats_the_search() -> None:
    assert run({}, 6)[1] == run({}, 6)[1]


def test_a_candidate_without_a_space_has_nothing_to_search() -> None:
    _, asked = run({}, 3, candidate=CATALOGUE["prior"])
    assert all(params == {} for params in asked)


def test_a_time_budget_ends_the_search() -> None:
    calls = []

    def score(params: Mapping[str, Any]) -> Array:
        calls.append(params)
        return raw_of(0.5)

    budget = Tuning(trials=10_000, seconds=0.2)
    tuned = tune(TOY, {}, make_project(), budget, score=score, measure=measured)
    assert 1 <= tuned.trials == len(calls) < 10_000


def test_a_trial_without_a_value_is_passed_over() -> None:
    def measure(raw: Array) -> Scored:
        # One class alone has no area under the curve.
        truth = TRUTH if raw[0, 1] > 0.5 else np.zeros_like(TRUTH)
        return Scored(truth, raw, truth, 1)

    heights = iter([0.0, 0.0, 1.0, 0.0])
    raws = {0.0: np.full((20, 2), 0.5), 1.0: np.tile([0.2, 0.8], (20, 1))}
    project = make_project(select={"primary": "roc_auc", "folds": 3})
    tuned = tune(
        TOY, {}, project, Tuning(trials=3), score=lambda params: raws[next(heights)], measure=measure
    )
    np.testing.assert_array_equal(tuned.raw, raws[1.0])


def test_a_metric_that_no_trial_defines_is_an_error() -> None:
    project = make_project(select={"primary": "roc_auc", "folds": 3})
    with pytest.raises(ValueError, match="roc_auc is defined in no trial"):
        tune(
            TOY,
            {},
            project,
            Tuning(trials=1),
            score=lambda params: raw_of(0.5),
            measure=lambda raw: Scored(np.zeros_like(TRUTH), raw, np.zeros_like(TRUTH), 1),
        )


def test_of_equal_trials_in_a_database_the_kept_one_is_returned(tmp_path: Path) -> None:
    heights = iter([0.9, 0.9, 0.4, 0.9])
    storage = f"sqlite:///{tmp_path / 'optuna.db'}"
    tuned = tune(
        TOY,
        {},
        make_project(),
        Tuning(trials=3),
        score=lambda params: raw_of(next(heights)),
        measure=measured,
        storage=storage,
    )
    np.testing.assert_array_equal(tuned.raw, raw_of(0.9))
    assert tuned.trials == 4
