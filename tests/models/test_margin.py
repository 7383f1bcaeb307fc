from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.svm import SVC

from zelo.models.margin import MarginClassifier


@pytest.mark.parametrize("classes", [2, 3])
def test_probabilities_rank_as_the_margin_does(classes: int) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 2))
    y = np.arange(90) % classes
    X[:, 0] += 2 * y
    model = MarginClassifier(SVC()).fit(X, y)
    scores, margin = model.predict_proba(X), model.estimator_.decision_function(X)
    assert scores.shape == (90, classes)
    np.testing.assert_allclose(scores.sum(axis=1), 1.0)
    best = (margin > 0).astype(int) if classes == 2 else margin.argmax(axis=1)
    np.testing.assert_array_equal(scores.argmax(axis=1), best)
    np.testing.assert_array_equal(model.predict(X) if hasattr(model, "predict") else best, best)
    if classes == 2:
        np.testing.assert_array_equal(np.argsort(scores[:, 1]), np.argsort(margin))


def test_the_estimator_given_is_left_unfitted() -> None:
    machine = SVC()
    MarginClassifier(machine).fit([[0.0], [1.0]], [0, 1])
    assert not hasattr(machine, "classes_")
    assert clone(MarginClassifier(machine)).estimator.get_params() == machine.get_params()
