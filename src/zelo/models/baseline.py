"""The naive baselines that every other candidate must beat."""

from __future__ import annotations

from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.pipeline import Pipeline

from zelo.features.preprocess import plain_features
from zelo.models.candidate import CLASSES, VALUES, Candidate, Params, Setting
from zelo.models.forecasting import MOVING_AVERAGE, PERSISTENCE, SEASONAL_NAIVE
from zelo.spec.project import Project


def build(setting: Setting, params: Params) -> Pipeline:
    """Class shares, or the median, of the training rows."""
    model = DummyRegressor(strategy="median") if setting.regression else DummyClassifier(strategy="prior")
    return Pipeline([*plain_features(setting.project, scaled=False), ("model", model)])


PRIOR = Candidate("prior", CLASSES | VALUES, build)


def baselines(project: Project) -> tuple[Candidate, ...]:
    """Those that the project always has, whether it names them or not."""
    if project.forecast is None:
        return (PRIOR,)
    if project.forecast.season == 1:
        return (PERSISTENCE,)
    return (SEASONAL_NAIVE, PERSISTENCE, MOVING_AVERAGE)
