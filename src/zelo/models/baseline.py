"""The naive baseline that every other candidate must beat."""

from __future__ import annotations

from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.pipeline import Pipeline

from zelo.features.preprocess import plain_features
from zelo.models.candidate import CLASSES, VALUES, Candidate, Params, Setting


def build(setting: Setting, params: Params) -> Pipeline:
    """Class shares, or the median, of the training rows."""
    model = DummyRegressor(strategy="median") if setting.regression else DummyClassifier(strategy="prior")
    return Pipeline([*plain_features(setting.project, scaled=False), ("model", model)])


PRIOR = Candidate("prior", CLASSES | VALUES, build)
