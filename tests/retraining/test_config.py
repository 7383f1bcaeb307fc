from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.tables import make_project

from zelo.errors import ConflictError, RequestError
from zelo.ledger.configs import Configs
from zelo.ledger.store import Ledger
from zelo.models.hyperparameters import HYPERPARAMETERS
from zelo.retraining.config import change, described, effective, laid_over, with_overrides
from zelo.retraining.requests import read_config, read_train
from zelo.spec.project import Project

CANDIDATES = ["prior", {"lightgbm": {"num_leaves": 16}}, {"deep": {"estimator": "lightgbm"}}, "voting"]


@pytest.fixture
def project() -> Project:
    return make_project(candidates=CANDIDATES)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}") as opened:
        yield opened


def changed(project: Project, ledger: Ledger, changes: Any, **options: Any) -> int:
    return change(project, ledger, changes, actor="Ana", reason="a test", **options).version


def refused(error: RequestError) -> list[str]:
    return [fault.field for fault in error.errors]


def test_without_changes_the_project_is_trained_as_it_is_written(project: Project, ledger: Ledger) -> None:
    assert effective(project, ledger) == project
    assert effective(project, ledger, {}) == project
    assert effective(project, ledger, {"config_version": 0, "candidates": {}}) == project


def test_a_request_lies_over_the_configuration_and_that_over_the_project(
    project: Project, ledger: Ledger
) -> None:
    changed(project, ledger, {"lightgbm": {"num_leaves": 32, "n_estimators": 50}, "deep": {"max_depth": 4}})

    found = effective(project, ledger, {"candidates": {"lightgbm": {"n_estimators": 20, "subsample": 0.5}}})

    assert found.candidate_entries == {
        "prior": {},
        "lightgbm": {"num_leaves": 32, "n_estimators": 20, "subsample": 0.5},
        "deep": {"estimator": "lightgbm", "max_depth": 4},
        "voting": {},
    }
    assert found.model_copy(update={"candidates": project.candidates}) == project
    assert project.candidate_params["lightgbm"] == {"num_leaves": 16}


def test_a_request_may_take_back_what_was_configured(project: Project, ledger: Ledger) -> None:
    changed(project, ledger, {"lightgbm": {"num_leaves": 32, "n_estimators": 50}})

    one = effective(project, ledger, {"candidates": {"lightgbm": {"num_leaves": None}}})
    all_of_it = effective(project, ledger, {"candidates": {"lightgbm": None}})

    assert one.candidate_params["lightgbm"] == {"num_leaves": 16, "n_estimators": 50}
    assert all_of_it == project


def test_a_job_is_trained_with_the_configuration_that_was_in_force_when_it_was_asked_for(
    project: Project, ledger: Ledger
) -> None:
    changed(project, ledger, {"lightgbm": {"n_estimators": 50}})
    changed(project, ledger, {"lightgbm": {"n_estimators": 80}})

    def trees(version: int) -> Any:
        found = effective(project, ledger, {"config_version": version})
        return found.candidate_params["lightgbm"].get("n_estimators")

    assert [trees(0), trees(1), trees(2)] == [None, 50, 80]


def test_a_configuration_that_the_project_has_outgrown_is_an_error_that_says_what_to_do(
    project: Project, ledger: Ledger
) -> None:
    changed(project, ledger, {"deep": {"max_depth": 4}})
    later = make_project(candidates=["prior", "lightgbm"])

    with pytest.raises(RequestError) as caught:
        effective(later, ledger)
    assert refused(caught.value) == ["candidates.deep"]
    assert "zelo config sample --set CANDIDATE=null" in caught.value.hint

    changed(later, ledger, {"deep": None})
    assert effective(later, ledger) == later


def test_what_the_project_has_outgrown_is_shown_and_taken_back_by_its_name(
    project: Project, ledger: Ledger
) -> None:
    changed(project, ledger, {"deep": {"max_depth": 4}, "lightgbm": {"num_leaves": 4}})
    later = make_project(candidates=["prior", "ridge", "svm"])

    stale = described(later, Configs(ledger).current("sample"))["stale"]
    with pytest.raises(ConflictError) as caught:
        changed(later, ledger, {"svm": {"C": 2.0}})

    assert {one["hyperparameter"]: one["value"] for one in stale} == {
        "deep.max_depth": 4,
        "lightgbm.num_leaves": 4,
    }
    assert "deep" in caught.value.found
    assert "--set CANDIDATE=null" in caught.value.hint
    changed(later, ledger, {"deep": {"max_depth": None}})
    changed(later, ledger, {"lightgbm": None})
    assert changed(later, ledger, {"svm": {"C": 2.0}}) == 4


def test_every_hyperparameter_passes_the_bodies_that_name_it() -> None:
    for key in HYPERPARAMETERS:
        candidates = {"any": {key: 1}}
        assert read_train(json.dumps({"candidates": candidates}).encode()).candidates == candidates
        body = json.dumps({"candidates": candidates, "reason": "x"}).encode()
        assert read_config(body).candidates == candidates


def test_changes_add_up(project: Project, ledger: Ledger) -> None:
    assert changed(project, ledger, {"lightgbm": {"n_estimators": 50}}) == 1
    assert changed(project, ledger, {"lightgbm": {"num_leaves": 4}, "deep": {"subsample": 1}}) == 2
    assert changed(project, ledger, {"lightgbm": {"n_estimators": None}, "deep": None}) == 3

    contents = [config.content["candidates"] for config in Configs(ledger).history("sample")]
    assert contents == [
        {"lightgbm": {"num_leaves": 4}},
        {"lightgbm": {"n_estimators": 50, "num_leaves": 4}, "deep": {"subsample": 1}},
        {"lightgbm": {"n_estimators": 50}},
    ]


@pytest.mark.parametrize(
    ("changes", "places"),
    [
        ({"lightgbm": {"n_estimators": 1_000_000}}, ["lightgbm.n_estimators"]),
        ({"lightgbm": {"n_jobs": 64}}, ["lightgbm.n_jobs"]),
        ({"lightgbm": {"estimator": "svm"}}, ["lightgbm.estimator"]),
        ({"prior": {"strategy": "uniform"}}, ["prior.strategy"]),
        ({"catboost": {"depth": 3}, "lightgbm": {"subsample": 2}}, ["catboost", "lightgbm.subsample"]),
        ({"lightbgm": None}, ["lightbgm"]),
        ({"lightbgm": {"subsample": None}}, ["lightbgm"]),
        ({"lightgbm": {"subsampel": None}}, ["lightgbm.subsampel"]),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_written(
    project: Project, ledger: Ledger, changes: Any, places: list[str]
) -> None:
    with pytest.raises(RequestError) as caught:
        changed(project, ledger, changes)

    assert refused(caught.value) == [f"candidates.{place}" for place in places]
    assert Configs(ledger).current("sample") is None


def test_a_change_may_name_the_version_that_it_was_made_from(project: Project, ledger: Ledger) -> None:
    changes = {"lightgbm": {"n_estimators": 50}}
    assert changed(project, ledger, changes, version=0) == 1
    with pytest.raises(ConflictError):
        changed(project, ledger, changes, version=0)
    assert changed(project, ledger, changes, version=1) == 2


def test_each_value_tells_where_it_comes_from(project: Project, ledger: Ledger) -> None:
    changed(project, ledger, {"lightgbm": {"n_estimators": 50}, "deep": {"num_leaves": 4}})

    found = described(project, Configs(ledger).current("sample"))

    assert found["version"] == 1
    assert (found["changed"]["actor"], found["changed"]["reason"]) == ("Ana", "a test")
    assert found["candidates"]["prior"] == {"estimator": "prior", "hyperparameters": {}}
    assert found["candidates"]["deep"]["estimator"] == "lightgbm"
    told = found["candidates"]["lightgbm"]["hyperparameters"]
    assert told["n_estimators"] == {
        "value": 50,
        "default": 200,
        "source": "configuration 1",
        "type": "integer",
        "minimum": 1,
        "maximum": 2000,
        "meaning": "trees",
    }
    assert (told["num_leaves"]["value"], told["num_leaves"]["source"]) == (16, "project.yaml")
    assert (told["subsample"]["value"], told["subsample"]["source"]) == (0.8, "default")
    assert described(project, None)["changed"] is None


values = st.dictionaries(st.sampled_from("pqr"), st.none() | st.integers(0, 3), max_size=3)
patches = st.dictionaries(st.sampled_from("abc"), st.none() | values, max_size=3)
settled = st.dictionaries(
    st.sampled_from("abc"), st.dictionaries(st.sampled_from("pqr"), st.integers(0, 3), min_size=1), max_size=3
)


@given(settled, patches)
def test_a_change_made_twice_is_made_once(overrides: Any, changes: Any) -> None:
    once = laid_over(overrides, changes)
    assert laid_over(once, changes) == once
    assert all(value is not None for values in once.values() for value in values.values())
    assert laid_over(overrides, {}) == overrides


def test_only_candidates_that_were_changed_are_written_anew() -> None:
    project = make_project(candidates=CANDIDATES)
    found = with_overrides(project, {"prior": {}, "lightgbm": {"subsample": 1.0}})
    assert found.candidates[2:] == project.candidates[2:]
