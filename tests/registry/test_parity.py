"""The certificate fails for every way in which a compiled model may differ, and for no other reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.tables import make_project, make_table

from zelo.decisions.policy import make_policy
from zelo.features.columns import Columns, columns_from_frame, count
from zelo.registry.parity import TOLERANCE, UNSEEN, Certificate, certify, probes_of, uncompiled

Array = np.ndarray[Any, Any]
SPLIT = 45.1
EVERY_CASE = ["real rows", "missing values", "unseen categories", "range ends", "beside split points"]


class Scores:
    """Probabilities of the positive class by a function of the columns."""

    runtime = "onnx"

    def __init__(self, positive: Callable[[Columns], Array]) -> None:
        self._positive = positive

    def scores(self, columns: Columns) -> Array:
        positive = self._positive(columns)
        return np.column_stack([1 - positive, positive])


class Values:
    runtime = "onnx"

    def __init__(self, factor: float) -> None:
        self._factor = factor

    def scores(self, columns: Columns) -> Array:
        return (columns["age"] * self._factor).reshape(-1, 1)


def tree(columns: Columns) -> Array:
    """A tree of one split, at a number that float32 does not hold."""
    return np.where(columns["age"] <= SPLIT, 0.2, 0.8)


def tree32(columns: Columns) -> Array:
    return np.where(columns["age"].astype(np.float32) <= np.float32(SPLIT), 0.2, 0.8)


def certified(native: Any, compiled: Any, kind: str = "binary") -> Certificate:
    project = make_project(kind)
    rows = columns_from_frame(project, make_table(kind))
    return certify(probes_of(native, rows, project, seed=1), compiled, make_policy(project, threshold=0.5))


def failing(certificate: Certificate) -> list[str]:
    return [
        case.name
        for case in certificate.cases
        if case.largest_difference > TOLERANCE or case.decisions_changed
    ]


def test_the_same_model_passes_in_every_case() -> None:
    certificate = certified(Scores(tree), Scores(tree))
    assert certificate.passed
    assert [case.name for case in certificate.cases] == EVERY_CASE
    assert all(case.rows for case in certificate.cases)
    assert certificate.reason == "the same within tolerance in every case"


def test_rounding_at_a_split_point_is_found_though_no_real_row_is_there() -> None:
    certificate = certified(Scores(tree), Scores(tree32))
    assert not certificate.passed
    assert failing(certificate) == ["beside split points"]
    assert certificate.reason == "beyond tolerance on beside split points"
    (beside,) = (case for case in certificate.cases if case.name == "beside split points")
    assert beside.largest_difference == pytest.approx(0.6)
    assert beside.decisions_changed


def test_a_difference_within_tolerance_passes_and_one_beyond_does_not() -> None:
    for difference, passed in ((TOLERANCE / 2, True), (TOLERANCE * 2, False)):

        def shifted(rows: Columns, by: float = difference) -> Array:
            return tree(rows) + by

        certificate = certified(Scores(tree), Scores(shifted))
        assert certificate.passed is passed


def test_another_decision_fails_whatever_the_tolerance() -> None:
    certificate = certified(
        Scores(lambda rows: np.full(count(rows), 0.5 + 1e-6)),
        Scores(lambda rows: np.full(count(rows), 0.5 - 1e-6)),
    )
    assert not certificate.passed
    assert all(case.largest_difference < TOLERANCE for case in certificate.cases)
    assert all(case.decisions_changed == case.rows for case in certificate.cases)


@pytest.mark.parametrize(
    ("wrong", "case"),
    [
        (lambda rows: np.isnan(rows["income"]), "missing values"),
        (lambda rows: rows["region"] == UNSEEN, "unseen categories"),
    ],
)
def test_a_difference_in_rare_inputs_alone_is_found(wrong: Callable[[Columns], Array], case: str) -> None:
    project = make_project()
    rows = columns_from_frame(project, make_table(missing=False))
    native, compiled = Scores(tree), Scores(lambda some: np.where(wrong(some), 0.5, tree(some)))
    certificate = certify(probes_of(native, rows, project, seed=1), compiled, make_policy(project))
    assert failing(certificate) == [case]


@pytest.mark.parametrize("strange", [np.nan, np.inf])
def test_a_score_that_is_no_number_fails_and_goes_into_json(strange: float) -> None:
    certificate = certified(Scores(tree), Scores(lambda rows: np.full(count(rows), strange)))
    assert not certificate.passed
    written = json.loads(json.dumps(certificate.as_dict(), allow_nan=False))
    assert {case["largest_difference"] for case in written["cases"]} == {None}


def test_a_compiled_model_that_raises_fails_and_says_on_what() -> None:
    def raising(rows: Columns) -> Array:
        if (rows["region"] == UNSEEN).any():
            raise RuntimeError("Non-zero status code\nmore")
        return tree(rows)

    certificate = certified(Scores(tree), Scores(raising))
    assert not certificate.passed
    assert certificate.reason == "the compiled model fails on unseen categories: Non-zero status code"
    assert [case.name for case in certificate.cases] == ["real rows", "missing values"]


def test_scores_of_another_shape_fail() -> None:
    class Narrow:
        runtime = "onnx"

        def scores(self, columns: Columns) -> Array:
            return tree(columns).reshape(-1, 1)

    assert not certified(Scores(tree), Narrow()).passed


def test_values_of_a_regression_are_compared_relative_to_their_spread() -> None:
    assert certified(Values(1000.0), Values(1000.0 + 1e-3), "regression").passed
    assert not certified(Values(1e-6), Values(1.01e-6), "regression").passed


def test_without_a_compilation_there_is_no_case() -> None:
    certificate = uncompiled("no compilation of KNNImputer")
    assert (certificate.passed, certificate.cases) == (False, ())
    assert certificate.as_dict()["reason"] == "no compilation of KNNImputer"
