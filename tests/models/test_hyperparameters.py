from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.series import make_forecast_project
from tests.tables import make_project

from zelo.models import catalogue
from zelo.models.baseline import baselines
from zelo.models.candidate import Candidate, Setting
from zelo.models.catalogue import CATALOGUE
from zelo.models.hyperparameters import (
    ADJUSTABLE,
    BLENDS,
    HYPERPARAMETERS,
    Fault,
    can_blend,
    estimators,
    faults,
)
from zelo.spec.project import Project

OWNERS = ("model", "estimator", "tuned")


def suited(candidate: Candidate) -> Project:
    """A project whose task the candidate can do."""
    if candidate.of_series:
        return make_forecast_project()
    if candidate.of_texts:
        fields = {"note": {"type": "text"}}
        data = {"key": "id", "sources": {"train": "sample.csv"}, "fields": fields}
        return make_project("multiclass", data=data, derived={})
    return make_project("binary" if "binary" in candidate.kinds else "regression")


def held(candidate: Candidate, **params: Any) -> dict[str, Any]:
    """What the estimator holds of the hyperparameters that the table knows, once it is built."""
    built = candidate.build(Setting(suited(candidate), seed=1, threads=1), params).get_params()
    places = {place: ("", "", *place.split("__"))[-2:] for place in built}
    return {
        name: built[place]
        for place, (owner, name) in places.items()
        # Of stochastic gradient descent the rate is a word: a schedule.
        if owner in OWNERS and name in HYPERPARAMETERS and (candidate.name, name) != ("sgd", "learning_rate")
    }


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_the_table_is_what_the_estimators_have(name: str) -> None:
    found = held(CATALOGUE[name])
    written = ADJUSTABLE.get(name, {})

    assert set(found) == set(written)
    assert {key: found[key] for key, value in written.items() if value is not None} == {
        key: value for key, value in written.items() if value is not None
    }


@pytest.mark.parametrize("name", sorted(ADJUSTABLE))
def test_what_is_set_reaches_the_estimator(name: str) -> None:
    for key in ADJUSTABLE[name]:
        highest = HYPERPARAMETERS[key].maximum
        value = int(highest) if HYPERPARAMETERS[key].type == "integer" else highest
        assert held(CATALOGUE[name], **{key: value})[key] == value


def test_defaults_are_within_their_range() -> None:
    for name, written in ADJUSTABLE.items():
        for key, value in written.items():
            assert value is None or HYPERPARAMETERS[key].takes(value), f"{name}.{key}"


@given(st.sampled_from(sorted(HYPERPARAMETERS)), st.floats() | st.integers())
def test_a_number_is_taken_within_its_range_alone(name: str, value: float) -> None:
    hyperparameter = HYPERPARAMETERS[name]
    within = hyperparameter.minimum <= value <= hyperparameter.maximum
    whole = isinstance(value, int) or hyperparameter.type == "number"
    assert hyperparameter.takes(value) == (within and whole)


@pytest.mark.parametrize("value", [True, "50", None, [50], {"a": 1}, float("nan"), float("inf")])
def test_what_is_no_number_is_not_taken(value: object) -> None:
    assert not HYPERPARAMETERS["epochs"].takes(value)
    assert not HYPERPARAMETERS["dropout"].takes(value)


def test_entries_of_another_name_have_their_estimators_hyperparameters() -> None:
    project = make_project(
        candidates=["prior", {"deep": {"estimator": "lightgbm", "num_leaves": 64}}, "voting"]
    )
    assert estimators(project) == {"prior": "prior", "deep": "lightgbm", "voting": "voting"}
    assert faults(project, {"deep": {"num_leaves": 100}}) == []


def test_each_fault_names_its_place_what_was_found_and_what_is_allowed() -> None:
    project = make_project(candidates=["prior", "lightgbm", "voting"])

    found = faults(
        project,
        {
            "lightbgm": {"num_leaves": 3},
            "lightgbm": {"num_leafs": 3, "n_estimators": 1_000_000, "subsample": "half", "max_depth": None},
            "prior": {"C": 1.0},
            "voting": {},
        },
    )

    assert [(fault.key, fault.found) for fault in found] == [
        ("lightbgm", "lightbgm"),
        ("lightgbm.num_leafs", "num_leafs"),
        ("lightgbm.n_estimators", "1000000"),
        ("lightgbm.subsample", "'half'"),
        ("prior.C", "C"),
    ]
    assert "did you mean lightgbm?" in found[0].expected
    assert "did you mean num_leaves?" in found[1].expected
    assert found[2] == Fault("lightgbm.n_estimators", "1000000", "a whole number from 1 to 2000")
    assert found[3].expected == "a number from 0.05 to 1"
    assert found[4].expected == "a hyperparameter of prior: none may be changed"


@pytest.mark.parametrize("digits", [400, 5_000])
def test_a_number_that_no_machine_holds_is_out_of_range(digits: int) -> None:
    changes = {"lightgbm": {"num_leaves": 10**digits, "subsample": -(10**digits)}}
    found = faults(make_project(candidates=["lightgbm"]), changes)
    assert [fault.key for fault in found] == ["lightgbm.num_leaves", "lightgbm.subsample"]


@pytest.mark.parametrize("season", [1, 52, None])
def test_a_blend_needs_others_than_blends_and_baselines(season: int | None) -> None:
    project = make_project()
    if season is not None:
        project = make_forecast_project(forecast={"history": 104, "season": season, "lags": [1], "means": []})
    nothing = {*catalogue.BLENDS, *(candidate.name for candidate in baselines(project))}

    assert set(catalogue.BLENDS) == BLENDS
    assert not can_blend(project, nothing)
    assert all(can_blend(project, {*nothing, name}) for name in set(CATALOGUE) - nothing)


def test_a_long_value_is_cut_short() -> None:
    (fault,) = faults(make_project(candidates=["lightgbm"]), {"lightgbm": {"num_leaves": "x" * 10_000}})
    assert len(fault.found) == 80
