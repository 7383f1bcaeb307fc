from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB

from zelo.models.blend import Stacking, Voting, final_model, member_scores, stacking_inputs

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 3))
LABELS = (X[:, 0] + RNG.normal(size=200) * 0.5 > 0).astype(int)
VALUES = X @ [1.0, 2.0, 0.0] + RNG.normal(size=200)


@pytest.fixture(scope="module")
def classifiers() -> list[Any]:
    return [LogisticRegression().fit(X, LABELS), GaussianNB().fit(X, LABELS)]


@pytest.fixture(scope="module")
def regressors() -> list[Any]:
    return [LinearRegression().fit(X, VALUES), Ridge(50.0).fit(X, VALUES)]


def test_voting_is_the_mean(classifiers: list[Any], regressors: list[Any]) -> None:
    mean = (classifiers[0].predict_proba(X) + classifiers[1].predict_proba(X)) / 2
    voting = Voting(classifiers, 2)
    np.testing.assert_allclose(voting.predict_proba(X), mean)
    np.testing.assert_array_equal(voting.predict(X), mean.argmax(axis=1))
    values = (regressors[0].predict(X) + regressors[1].predict(X)) / 2
    np.testing.assert_allclose(Voting(regressors, 0).predict(X), values)


def test_voting_knows_a_class_that_one_member_never_saw(classifiers: list[Any]) -> None:
    other = GaussianNB().fit(X, LABELS * 2)
    scores = Voting([classifiers[0], other], 3).predict_proba(X)
    np.testing.assert_allclose(scores.sum(axis=1), 1.0)
    assert scores[:, 1].max() > 0


def test_stacking_weighs_the_members(classifiers: list[Any]) -> None:
    inputs = stacking_inputs(member_scores(classifiers, X, 2))
    final = final_model(regression=False).fit(inputs, LABELS)
    model = Stacking(classifiers, final, 2)
    np.testing.assert_allclose(model.predict_proba(X), final.predict_proba(inputs))
    assert (model.predict(X) == LABELS).mean() > 0.8
    assert model.fit(X, LABELS) is model


def test_stacking_of_values(regressors: list[Any]) -> None:
    inputs = np.column_stack([member.predict(X) for member in regressors])
    final = final_model(regression=True).fit(inputs, VALUES)
    stacked = Stacking(regressors, final, 0).predict(X)
    assert stacked.shape == (200,)
    assert np.mean((stacked - VALUES) ** 2) <= np.mean((inputs[:, 1] - VALUES) ** 2)


def test_stacking_inputs_are_finite_logs_of_classes_and_values_as_they_are() -> None:
    logs = stacking_inputs([np.array([[0.0, 1.0]]), np.array([[0.5, 0.5]])])
    assert logs.shape == (1, 4)
    assert np.isfinite(logs).all()
    np.testing.assert_array_equal(stacking_inputs([np.array([[-3.0]]), np.array([[7.0]])]), [[-3.0, 7.0]])
