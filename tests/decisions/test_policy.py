from __future__ import annotations

import pytest
from pydantic import ValidationError
from tests.tables import LEVELS, make_project

from zelo.decisions.policy import Policy, make_policy


def test_a_binary_policy_has_the_projects_words() -> None:
    bands = [{"above": 0.5, "label": "high", "recommendation": "call"}, {"label": "low"}]
    project = make_project(decision={"threshold": 0.4, "bands": bands})
    policy = make_policy(project, threshold=0.3)
    assert (policy.kind, policy.classes, policy.positive, policy.threshold) == ("binary", (0, 1), 1, 0.3)
    assert [band.label for band in policy.bands] == ["high", "low"]


def test_other_tasks_have_no_positive_class() -> None:
    assert make_policy(make_project("multiclass")).positive is None
    assert make_policy(make_project("multiclass")).classes == tuple(LEVELS)
    regression = make_policy(make_project("regression"), half_width=2.5)
    assert (regression.classes, regression.positive, regression.half_width) == ((), None, 2.5)


@pytest.mark.parametrize("kind", ["binary", "multiclass", "regression"])
def test_a_policy_survives_json(kind: str) -> None:
    policy = make_policy(make_project(kind), threshold=0.1 + 0.2, half_width=1 / 3)
    assert Policy.model_validate_json(policy.model_dump_json()) == policy


def test_a_policy_is_frozen_and_refuses_unknown_keys() -> None:
    policy = make_policy(make_project())
    with pytest.raises(ValidationError):
        policy.threshold = 0.9  # type: ignore[misc]
    with pytest.raises(ValidationError):
        Policy.model_validate({"kind": "binary", "cutoff": 0.5})


def test_a_policy_of_several_classes_has_the_projects_wishes() -> None:
    project = make_project("multiclass", decision={"top": 2, "confidence": 0.7, "coverage": 0.8})
    policy = make_policy(project, class_thresholds=(1.0, 0.5, 2.0), set_limits=(0.5, 0.6, 1.0))
    assert (policy.top, policy.confidence, policy.coverage) == (2, 0.7, 0.8)
    assert Policy.model_validate_json(policy.model_dump_json()) == policy
    assert make_policy(project).coverage is None


def test_a_policy_of_an_older_bundle_still_loads() -> None:
    policy = Policy.model_validate({"kind": "multiclass", "classes": ["a", "b"], "threshold": 0.5})
    assert (policy.top, policy.confidence, policy.class_thresholds, policy.set_limits) == (3, None, (), ())
