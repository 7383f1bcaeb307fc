"""Fitting a candidate: fold by fold for its scores on rows that it has not seen, and on the whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from catboost import CatBoostError
from lightgbm.basic import LightGBMError
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from zelo.models.blend import final_model, stacking_inputs
from zelo.models.calibration import aligned
from zelo.models.candidate import Candidate, Params, Setting, without_sampler
from zelo.training.folds import Folds
from zelo.training.truth import scored_at_all

Array = np.ndarray[Any, Any]


FIT_ERRORS = (ValueError, TypeError, ArithmeticError, RuntimeError, LookupError, CatBoostError, LightGBMError)
"""What the libraries raise for parameters or data that they cannot take."""


def scores_of(model: Any, frame: pd.DataFrame, n_classes: int) -> Array:
    """Probabilities [n, n_classes], or values [n, 1] where there are no classes."""
    if n_classes == 0:
        return np.asarray(model.predict(frame), dtype=np.float64).reshape(-1, 1)
    return aligned(np.asarray(model.predict_proba(frame), dtype=np.float64), model.classes_, n_classes)


def fit_whole(
    candidate: Candidate, setting: Setting, params: Params, frame: pd.DataFrame, truth: Array
) -> Any:
    """The candidate fitted on every row, as it predicts (without its sampler)."""
    model = without_sampler(candidate.build(setting, params).fit(frame, truth))
    if isinstance(model[-1], RandomForestClassifier | RandomForestRegressor):
        # A forest adds its trees' votes as the threads end; one thread gives the same sum each time.
        model[-1].set_params(n_jobs=1)
    return model


def out_of_fold(
    candidate: Candidate,
    setting: Setting,
    params: Params,
    frame: pd.DataFrame,
    truth: Array,
    folds: Folds,
    *,
    done: Callable[[], None] = lambda: None,
    fitted: Callable[[Any, pd.DataFrame], None] = lambda model, rows: None,
) -> Array:
    """Scores [n, K] of each row by a model fitted without it; NaN for rows that no fold scores.

    ``fitted`` is called with each fold's model and the rows that it scored, ``done`` after each fold.
    """
    n_classes = len(setting.project.classes)
    scores = np.full((len(truth), max(n_classes, 1)), np.nan)
    for fitted_on, scored in folds:
        model = fit_whole(candidate, setting, params, frame.iloc[fitted_on], truth[fitted_on])
        scores[scored] = scores_of(model, frame.iloc[scored], n_classes)
        fitted(model, frame.iloc[scored])
        done()
    return scores


def stack_out_of_fold(members: Sequence[Array], truth: Array, folds: Folds, n_classes: int) -> Array:
    """Scores of a final model over the members' own out-of-fold scores, itself fitted fold by fold.

    It is fitted on the scored rows that the fold was fitted on: of repeated folds those of the same
    repetition, where the fold's own rows are absent. Where they teach nothing (before the first fold by time
    there are none), the members' mean stands in.
    """
    inputs = stacking_inputs(members)
    covered = scored_at_all(inputs)
    scores = np.full((len(truth), max(n_classes, 1)), np.nan)
    for fitted_on, scored in folds:
        known = fitted_on[covered[fitted_on]]
        if len(np.unique(truth[known])) < 2:
            scores[scored] = np.mean([member[scored] for member in members], axis=0)
            continue
        final = final_model(n_classes == 0).fit(inputs[known], truth[known])
        if n_classes == 0:
            scores[scored] = final.predict(inputs[scored]).reshape(-1, 1)
        else:
            scores[scored] = aligned(final.predict_proba(inputs[scored]), final.classes_, n_classes)
    return scores
