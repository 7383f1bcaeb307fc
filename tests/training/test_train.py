from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from tests.tables import KINDS, METRICS, SMALL, make_project, make_table

from zelo.decisions.decide import decide
from zelo.errors import SpecError, TrainingError
from zelo.features.columns import columns_from_frame, frame_from_columns
from zelo.models.blend import Stacking, Voting
from zelo.models.calibration import Calibrated
from zelo.spec.project import Tuning
from zelo.training.fit import scores_of
from zelo.training.train import Trained, train

LINEAR = {"binary": "logistic_regression", "multiclass": "logistic_regression", "regression": "ridge"}


def entries(kind: str, *names: str) -> list[Any]:
    return [{name: SMALL[name]} if name in SMALL else name for name in ("prior", LINEAR[kind], *names)]


@cache
def trained(kind: str) -> Trained:
    project = make_project(kind, candidates=entries(kind, "random_forest", "voting", "stacking"))
    return train(make_table(kind, 360), project, threads=1)


@pytest.mark.parametrize("kind", KINDS)
def test_from_a_table_to_a_measured_winner(kind: str) -> None:
    found = trained(kind)
    project = found.project
    assert {item.name for item in found.comparison.ranked} == set(project.candidate_params)
    assert found.failed == ()
    assert found.comparison.ranked[-1].name == "prior"
    assert set(found.metrics) == set(project.metrics)
    for interval in found.metrics.values():
        assert interval.low <= interval.high
    assert 0 < found.fit_seconds <= found.seconds


@pytest.mark.parametrize("kind", KINDS)
def test_the_sides_are_apart_and_whole(kind: str) -> None:
    found = trained(kind)
    together = np.concatenate([found.train.positions, found.test.positions])
    np.testing.assert_array_equal(np.sort(together), np.arange(360))
    assert len(found.tested) == len(found.test.truth) == len(found.test.positions)
    assert len(found.test.truth) == pytest.approx(90, abs=2)


@pytest.mark.parametrize("kind", KINDS)
def test_the_winner_beats_the_baseline_on_the_test_set(kind: str) -> None:
    found = trained(kind)
    if kind == "regression":
        naive = np.abs(found.baseline.scores[:, 0] - found.baseline.truth).mean()
        assert found.metrics["mae"].high < naive
    else:
        rows = np.arange(len(found.baseline))
        naive = -np.log(found.baseline.scores[rows, found.baseline.truth.astype(int)]).mean()
        assert found.metrics["log_loss"].high < naive


@pytest.mark.parametrize("kind", KINDS)
def test_the_test_set_is_scored_by_the_very_model_and_policy(kind: str) -> None:
    found = trained(kind)
    frame = frame_from_columns(found.test.columns)
    scores = scores_of(found.model, frame, len(found.project.classes))
    np.testing.assert_array_equal(scores.reshape(found.tested.scores.shape), found.tested.scores)
    decisions = decide(scores, found.policy)
    if kind == "regression":
        assert found.policy.half_width is not None
        inside = [d.lower <= y <= d.upper for d, y in zip(decisions, found.test.truth, strict=True)]  # type: ignore[operator]
        assert 0.75 < np.mean(inside) <= 1.0
    else:
        predicted = [found.project.classes.index(d.prediction) for d in decisions]  # type: ignore[arg-type]
        np.testing.assert_array_equal(predicted, found.tested.predicted)
        assert isinstance(found.model, Calibrated)


@pytest.mark.parametrize("kind", KINDS)
def test_the_labels_of_the_test_set_change_no_choice(kind: str) -> None:
    # Split at random: by class, the labels themselves would draw another test set.
    names = entries(kind, *([] if kind == "regression" else ["naive_bayes"]), "voting", "stacking")
    project = make_project(kind, candidates=names, split={"by": "random", "test": 0.25, "seed": 7})
    table = make_table(kind, 200)
    first = train(table, project, threads=1)
    outcome = table["outcome"].to_numpy().copy()
    outcome[first.test.positions] = outcome[first.test.positions][::-1]
    second = train(table.assign(outcome=outcome), project, threads=1)
    assert choices(second) == choices(first)
    np.testing.assert_array_equal(second.tested.scores, first.tested.scores)
    np.testing.assert_array_equal(second.tested.truth, first.tested.truth[::-1])
    assert second.metrics != first.metrics


def choices(found: Trained) -> tuple[Any, ...]:
    ranked = [(item.name, item.params, item.metrics) for item in found.comparison.ranked]
    return found.comparison.winner.name, found.comparison.why, found.policy, ranked


def test_the_same_seed_gives_the_same_training() -> None:
    project = make_project(candidates=entries("binary", "random_forest", "stacking"))
    again = [train(make_table(rows=200), project, threads=2) for _ in range(2)]
    assert choices(again[0]) == choices(again[1])
    np.testing.assert_array_equal(again[0].tested.scores, again[1].tested.scores)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("name", "blend"), [("voting", Voting), ("stacking", Stacking)])
def test_a_blend_that_wins_is_fitted_of_its_members(kind: str, name: str, blend: type) -> None:
    # Only a loss that blends improve is looked at, and the members are few: the blend wins or is near.
    project = make_project(kind, candidates=[*entries(kind, "random_forest"), name])
    found = train(make_table(kind, 240), project, threads=1)
    item = next(item for item in found.comparison.ranked if item.name == name)
    assert set(item.params["members"]) == {LINEAR[kind], "random_forest"}
    if found.comparison.winner is item:
        inner = found.model.estimator if kind != "regression" else found.model
        assert isinstance(inner, blend)


def test_by_time_the_test_is_the_latest_and_training_is_in_order() -> None:
    split = {"by": "time", "column": "day", "test": 0.2}
    project = make_project("regression", split=split, candidates=entries("regression", "stacking", "voting"))
    table = make_table("regression", 200).sample(frac=1, random_state=3).reset_index(drop=True)
    found = train(table, project, threads=1)
    days = table["day"].to_numpy()
    assert days[found.train.positions].max() < days[found.test.positions].min()
    assert (np.diff(days[found.train.positions]) > np.timedelta64(0)).all()
    assert found.comparison.winner.scored is not None
    assert len(found.comparison.winner.scored) < len(found.train.truth)
    assert np.isfinite(found.tested.scores).all()


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("random_forest", {"max_depth": -3}),
        ("lightgbm", {"num_leaves": 1}),
        ("xgboost", {"max_depth": -1}),
        ("catboost", {"depth": 99}),
        ("logistic_regression", {"no_such_parameter": 1}),
        ("svm", {"C": "many"}),
    ],
)
def test_a_candidate_that_breaks_is_told_and_the_others_go_on(name: str, params: dict[str, Any]) -> None:
    project = make_project(candidates=["prior", "naive_bayes", {name: params}])
    found = train(make_table(rows=120), project, threads=1)
    assert [item.name for item in found.failed] == [name]
    assert found.failed[0].error
    assert found.comparison.winner.name in ("naive_bayes", "prior")


def test_blends_of_nothing_are_told() -> None:
    project = make_project(candidates=["prior", "voting", "stacking"])
    found = train(make_table(rows=120), project, threads=1)
    assert {item.name for item in found.failed} == {"voting", "stacking"}
    assert found.comparison.winner.name == "prior"


def test_tuning_searches_and_reports_its_steps() -> None:
    steps: list[tuple[str, int, int]] = []
    project = make_project(tuning={"trials": 9})
    found = train(
        make_table(rows=150),
        project,
        threads=1,
        budget=Tuning(trials=2),
        progress=lambda name, done, total: steps.append((name, done, total)),
    )
    mine = [(done, total) for name, done, total in steps if name == "logistic_regression"]
    assert mine[0] == (0, 9)
    assert mine[-1] == (9, 9)
    assert [done for done, _ in mine] == sorted(done for done, _ in mine)
    assert {total for name, _, total in steps if name == "prior"} == {3}
    assert found.comparison.ranked


@pytest.mark.parametrize("imbalance", ["class_weight", "smote"])
def test_scores_are_true_shares_whatever_was_done_to_the_classes(imbalance: str) -> None:
    found = train(make_table(rows=500), make_project(imbalance=imbalance), threads=1)
    assert found.tested.scores[:, 1].mean() == pytest.approx(found.train.truth.mean(), abs=0.06)


def test_a_class_without_a_row_stops_the_training() -> None:
    table = make_table("multiclass", 120)
    rare = table.index[table["outcome"] == "high"]
    with pytest.raises(TrainingError, match="too rare"):
        train(table.drop(rare).reset_index(drop=True), make_project("multiclass"), threads=1)


def test_a_class_of_a_row_is_trained_and_measured() -> None:
    table = make_table("multiclass", 120)
    rare = table.index[table["outcome"] == "high"]
    found = train(table.drop(rare[1:]).reset_index(drop=True), make_project("multiclass"), threads=1)
    assert (found.train.truth == 2).sum() == 1
    assert not (found.test.truth == 2).any()
    assert np.isfinite([found.metrics[name].value for name in ("f1_macro", "roc_auc", "pr_auc")]).all()


def test_repeated_folds_score_each_row_anew_and_teach_it_once() -> None:
    project = make_project("multiclass", select={"primary": "f1_macro", "folds": 3, "repeats": 2})
    found = train(make_table("multiclass", 150), project, threads=1)
    winner, rows = found.comparison.winner, len(found.train.truth)
    assert winner.scored is not None
    assert winner.scored.repeats == 2
    first, second = winner.raw[:rows], winner.raw[rows:]
    assert first.shape == second.shape
    assert not np.allclose(first, second)
    once = train(make_table("multiclass", 150), make_project("multiclass"), threads=1)
    np.testing.assert_array_equal(once.comparison.winner.raw, first)
    assert found.policy == once.policy
    np.testing.assert_array_equal(found.tested.scores, once.tested.scores)


def test_the_latency_of_each_candidate_is_measured() -> None:
    found = trained("binary")
    taken = {item.name: item.latency_ms for item in found.comparison.ranked}
    assert all(0 < value < 10_000 for value in taken.values())
    members = next(item for item in found.comparison.ranked if item.name == "voting").params["members"]
    assert taken["voting"] == pytest.approx(sum(taken[name] for name in members))


def test_rows_are_known_by_key_and_grouped_by_year() -> None:
    gates = {"slices": ["region"]}
    found = train(make_table(rows=500), make_project(gates=gates), threads=1)
    assert found.keys[found.test.positions[0]] == f"r{found.test.positions[0]:05d}"
    assert set(found.groups) == {"region", "day"}
    assert set(found.groups["day"]) == {"2025", "2026"}
    assert {item.field for item in found.slices} == {"region"}


def test_an_unknown_candidate_stops_the_training() -> None:
    with pytest.raises(SpecError, match="no candidate magic"):
        train(make_table(), make_project(candidates=["magic"]), threads=1)


def test_a_class_that_a_fold_never_saw_has_a_column() -> None:
    table = make_table("multiclass", 150)
    split = {"by": "random", "test": 0.25, "seed": 7}
    rare = table.index[table["outcome"] == "high"]
    table = table.drop(rare[3:]).reset_index(drop=True)
    found = train(table, make_project("multiclass", split=split), threads=1)
    assert found.tested.scores.shape[1] == 3
    assert np.isfinite(found.comparison.winner.metrics["log_loss"].value)


def test_new_rows_are_scored_alike_one_by_one() -> None:
    found = trained("binary")
    columns = columns_from_frame(found.project, make_table(rows=12, seed=9))
    frame = frame_from_columns(columns)
    together = scores_of(found.model, frame, 2)
    apart = np.vstack([scores_of(found.model, frame.iloc[[row]], 2) for row in range(12)])
    np.testing.assert_allclose(together, apart, rtol=0, atol=1e-12)


def test_the_primary_metric_ranks() -> None:
    for kind in KINDS:
        found = trained(kind)
        values = [item.metrics[METRICS[kind]].value for item in found.comparison.ranked]
        assert values == sorted(values, reverse=kind != "regression")
