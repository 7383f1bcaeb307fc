"""The verb: a fitted model goes on learning from new rows, batch by batch, instead of beginning anew."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline
from sklearn.utils.class_weight import compute_class_weight

from zelo.data.contract import ROW
from zelo.data.split import split, trained_until
from zelo.decisions.decide import interval_bounds, predicted_classes
from zelo.decisions.policy import Policy
from zelo.errors import TrainingError
from zelo.features.columns import frame_from_columns, take
from zelo.features.history import windows_of
from zelo.models.baseline import baselines
from zelo.models.calibration import Calibrated
from zelo.models.candidate import Setting
from zelo.spec.project import Project, Tuning
from zelo.stats.bootstrap import metric_intervals
from zelo.stats.metrics import Scored
from zelo.training.compare import Comparison, compare
from zelo.training.contest import Contest
from zelo.training.evaluate import Assessed
from zelo.training.fit import FIT_ERRORS, scores_of
from zelo.training.latency import row_milliseconds
from zelo.training.rows import Rows, both_parts
from zelo.training.train import Choice, Trained, measured, on_test
from zelo.training.truth import scored_rows

Array = np.ndarray[Any, Any]

SMALLEST_BATCH = 32


@dataclass(frozen=True)
class Before:
    """The version that goes on learning, as its bundle holds it; its model stays what it is."""

    version: str
    candidate: str
    model: Any
    policy: Policy


def learn_incrementally(
    table: pd.DataFrame,
    known: pd.DataFrame,
    project: Project,
    before: Before,
    *,
    batch: int = SMALLEST_BATCH,
    clock: Callable[[], float] = time.perf_counter,
) -> Trained:
    """The version that ``before`` becomes by the training rows of ``table`` that are not in ``known``.

    Each batch is scored before it is learned from, so that every figure of the comparison is about rows that
    the model had not seen yet. The features stay as they were fitted, calibration and policy as they were
    learned. The test set is opened once, at the end, and chooses nothing.
    Source: Gama, Sebastião and Rodrigues, "On evaluating stream learning algorithms", Machine Learning 2013.

    Args:
        table: a snapshot's frame: the rows of ``known``, and new ones that came later.
        known: the frame of the snapshot that the version was made of.
        project: as the version's bundle holds it.
        batch: rows that are learned at a time; those that are left over go with the last batch.

    Raises:
        TrainingError: the version's candidate cannot go on learning, the new rows are fewer than a
            batch, or ``table`` does not continue ``known``.
    """
    start = clock()
    _refuse_unable(before, project, batch)
    training, test = both_parts(table, split(table, project), project)
    places = _new_places(table, known, training, project)
    new = Rows(take(training.columns, places), training.truth[places], training.positions[places])
    _refuse_rows(new, before, project, batch)
    setting = Setting(project, project.split.seed, threads=1)
    contest = Contest(project, setting, training, Tuning(), None, lambda *_: None, clock)
    prior = contest.candidate(baselines(project)[0])
    naive = contest.finished(prior, [prior])

    learning = clock()
    weights = _class_weights(before, np.delete(training.truth, places), project)
    model, scores = _learned(before.model, new, batch, weights, project)
    seconds = clock() - learning
    contest.fit_seconds = seconds
    assessed = [
        _assessed(prior.name, measured(*naive, new, project), project),
        _assessed(_stayed(before), measured(before.model, before.policy, new, project), project),
        replace(
            _assessed(before.candidate, _decided(scores, new, before.policy, project), project),
            raw=_among_all(scores, places, len(training.truth) * project.select.repeats),
            seconds=seconds,
            latency_ms=row_milliseconds(
                model, frame_from_columns(new.columns), len(project.classes), clock=clock
            ),
        ),
    ]
    comparison = _comparison(assessed, before, new, batch, project)
    return on_test(
        contest, Choice(assessed, comparison, model, before.policy, naive, None), table, test, start
    )


def _refuse_unable(before: Before, project: Project, batch: int) -> None:
    if batch < SMALLEST_BATCH:
        raise TrainingError(
            "a batch is too small to learn from",
            where=project.name,
            found=str(batch),
            expected=f"{SMALLEST_BATCH} rows or more",
        )
    if project.forecast is not None:
        raise TrainingError(
            "a forecast does not go on learning",
            where=project.name,
            found=f"{before.candidate} of version {before.version}",
            expected="a project whose rows are no series",
            hint="its intervals are learned from rolling origins; train it anew, which takes no longer",
        )
    pipeline = _pipeline(before.model)
    if not isinstance(pipeline, Pipeline) or not hasattr(pipeline[-1], "partial_fit"):
        raise TrainingError(
            "this candidate cannot go on learning",
            where=project.name,
            found=f"{before.candidate} of version {before.version}",
            expected="one that learns in batches: sgd, naive_bayes or complement_bayes",
            hint=f"train anew; or compare such a one, and: zelo train {project.name} --pick sgd",
        )


def _new_places(table: pd.DataFrame, known: pd.DataFrame, training: Rows, project: Project) -> Array:
    """Places among the training rows of those that the version has not learned."""
    if project.split.by == "time":
        until = trained_until(known, project)
        return np.flatnonzero(table[project.date].to_numpy()[training.positions] > np.datetime64(until))
    name = project.data.key or ROW
    if len(table) < len(known) or not table[name].iloc[: len(known)].equals(known[name]):
        raise TrainingError(
            "the rows do not continue those that the version was made of",
            where=project.name,
            found=f"{len(table)} rows, which do not begin with the {len(known)} that it knows",
            expected="the snapshot that it was made of, with new rows below",
            hint="train anew, or append the new rows",
        )
    return np.flatnonzero(training.positions >= len(known))


def _refuse_rows(new: Rows, before: Before, project: Project, batch: int) -> None:
    if len(new.truth) < batch:
        raise TrainingError(
            "too few new rows to learn from",
            where=project.name,
            found=f"{len(new.truth)} on the training side",
            expected=f"{batch} or more, that version {before.version} has not learned",
            hint="wait for more outcomes",
        )


def _class_weights(before: Before, truth: Array, project: Project) -> dict[int, float]:
    """What a row of each class weighs, as it did when the version was fitted; of values nothing."""
    if not project.classes:
        return {}
    estimator = _pipeline(before.model)[-1]
    balanced = project.imbalance == "smote" or getattr(estimator, "class_weight", None) == "balanced"
    seen = np.unique(truth)
    weights = compute_class_weight("balanced" if balanced else None, classes=seen, y=truth)
    return dict(zip(seen.tolist(), weights.tolist(), strict=True))


def _learned(
    fitted: Any, new: Rows, batch: int, weights: dict[int, float], project: Project
) -> tuple[Any, Array]:
    """A copy of the model that has learned the new rows, and their scores [n, K] just before that."""
    model = copy.deepcopy(fitted)
    pipeline = _pipeline(model)
    estimator = pipeline[-1]
    if getattr(estimator, "class_weight", None) is not None:
        # scikit-learn takes no "balanced" here, where it cannot know how many there will be of each.
        estimator.set_params(class_weight=None)
    # The features stay as they are, so that all rows may go through them at once.
    features = pipeline[:-1].transform(frame_from_columns(new.columns))
    n_classes = len(project.classes)
    head = Calibrated(estimator, model.calibration, n_classes) if isinstance(model, Calibrated) else estimator
    scores = []
    for rows in np.array_split(np.arange(len(new.truth)), len(new.truth) // batch):
        scores.append(scores_of(head, features[rows], n_classes))
        weighed = {"sample_weight": np.array([weights[k] for k in new.truth[rows]])} if weights else {}
        try:
            estimator.partial_fit(features[rows], new.truth[rows], **weighed)
        except FIT_ERRORS as error:
            raise TrainingError(
                "a batch could not be learned",
                where=project.name,
                found=f"{type(error).__name__}: {error}",
                expected="rows as those that the version was fitted on",
                hint="train anew",
            ) from error
    return model, np.concatenate(scores)


def _pipeline(model: Any) -> Any:
    return model.estimator if isinstance(model, Calibrated) else model


def _decided(scores: Array, rows: Rows, policy: Policy, project: Project) -> Scored:
    """Scores that are at hand, as the policy decides them."""
    predicted = predicted_classes(scores, policy) if project.classes else None
    bounds = interval_bounds(scores, policy, windows_of(rows.columns, project))
    return scored_rows(rows.truth, scores, predicted, project, bounds=bounds)


def _assessed(name: str, scored: Scored, project: Project) -> Assessed:
    metrics = metric_intervals(scored, project.metrics, seed=project.split.seed)
    return Assessed(name, {}, np.empty((0, 0)), 0.0, scored, metrics)


def _among_all(scores: Array, places: Array, rows: int) -> Array:
    """The scores [n, K] at their places among all training rows, NaN in the others."""
    every = np.full((rows, scores.shape[1]), np.nan)
    every[places] = scores
    return every


def _stayed(before: Before) -> str:
    return f"{before.candidate} of version {before.version}"


def _comparison(
    assessed: list[Assessed], before: Before, new: Rows, batch: int, project: Project
) -> Comparison:
    """Who learned is who is registered; whether it may serve is for the gates to say."""
    found, learned = compare(assessed, project), assessed[-1]
    primary = project.select.primary
    after, as_it_was = learned.metrics[primary], assessed[1].metrics[primary]
    why = (
        f"{_stayed(before)} went on learning from {len(new.truth)} rows, at least {batch} at a time; on each "
        f"batch before it learned it {primary} {after.value:.4f} [{after.low:.4f}, {after.high:.4f}], where "
        f"the version as it was reached {as_it_was.value:.4f} [{as_it_was.low:.4f}, {as_it_was.high:.4f}]"
    )
    return replace(found, winner=learned, why=why)
