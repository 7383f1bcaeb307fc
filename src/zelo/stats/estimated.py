"""What metrics will probably be, from a model's probabilities and rows judged before.

Confidence-based performance estimation: a calibrated probability says how often an answer is right, and so
what a confusion matrix, an area or a loss will be (Guillory et al. 2021, "Predicting with Confidence on
Unseen Distributions"; Białek et al. 2024, "Estimating Model Performance Under Covariate Shift Without
Labels"). Here the outcomes are drawn from the probabilities many times over, the doubt about the calibration
with them, and every metric is computed on each draw: the median is what is nearest to the truth on average,
and the percentiles hold it. The usual estimate, a metric of expected counts, errs more where positives are
few.

Of values it is the loss that is estimated directly; see :func:`estimated_mean`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from scipy.stats import chi2

from zelo.stats.arrays import FloatArray, IntArray
from zelo.stats.blocks import circular_blocks
from zelo.stats.bootstrap import CHUNK_VALUES, Interval, affordable_resamples, percentiles
from zelo.stats.metrics import Evaluator, Scored

ROW_BY_ROW = frozenset({"accuracy", "f1_micro", "brier", "log_loss", "ece"})
"""Metrics that outcomes of a single class leave with a meaning; the others set the classes apart."""

DRAWS = 1000
TINY = 1e-6
FEWEST_ALIKE = 50
DOUBT = 0.01
"""The chance that a calibration which is right is corrected all the same."""


@dataclass(frozen=True)
class Recalibration:
    """What judged rows say of a model's calibration: ``q = softmax(slope ln p + bias)``.

    ``centre`` [1 + K] holds the slope and a bias a class, ``root`` is a square root of their covariance.
    ``corrected`` tells that the rows contradict the probabilities as they are stated; where they do not, the
    centre is the identity.
    """

    centre: FloatArray
    root: FloatArray
    corrected: bool

    def drawn(self, scores: FloatArray, draws: int, rng: np.random.Generator) -> FloatArray:
        """Probabilities as they may be, [draws, n, K], of stated ones [n, K]."""
        params = self.centre + rng.standard_normal((draws, len(self.centre))) @ self.root.T
        logs = _logs(scores)
        return np.asarray(softmax(params[:, :1, None] * logs + params[:, None, 1:], axis=2))


def fit_recalibration(truth: IntArray, scores: FloatArray) -> Recalibration:
    """Slope and biases with their doubt, from rows that the model was not fitted on.

    Vector scaling with one slope (Alexandari, Kundaje & Shrikumar 2020, "Maximum Likelihood with
    Bias-Corrected Calibration is Hard-To-Beat at Label Shift Adaptation"), with a standard normal prior
    around the identity and Laplace's approximation. The identity stays unless a likelihood-ratio test refuses
    it at 1 %.

    Args:
        truth: class indices, [n].
        scores: probabilities, [n, K].
    """
    logs, rows, classes = _logs(scores), np.arange(len(truth)), scores.shape[1]
    identity = np.concatenate([[1.0], np.zeros(classes)])
    hits = np.bincount(truth, minlength=classes)

    def loss(params: FloatArray) -> tuple[float, FloatArray]:
        said = log_softmax(params[0] * logs + params[1:], axis=1)
        probable, away = np.exp(said), params - identity
        slope = (probable * logs).sum() - logs[rows, truth].sum()
        gradient = np.concatenate([[slope], probable.sum(axis=0) - hits])
        return float(-said[rows, truth].sum() + away @ away / 2), gradient + away

    found = minimize(loss, identity, jac=True, method="L-BFGS-B").x
    gain = 2 * (loss(identity)[0] - loss(found)[0])
    corrected = bool(gain > chi2.ppf(1 - DOUBT, classes))
    covariance = np.linalg.inv(_information(found, logs))
    return Recalibration(found if corrected else identity, np.linalg.cholesky(covariance), corrected)


def _information(params: FloatArray, logs: FloatArray) -> FloatArray:
    """The Hessian of the loss, [1 + K, 1 + K]."""
    said = softmax(params[0] * logs + params[1:], axis=1)
    centred = logs - (said * logs).sum(axis=1, keepdims=True)
    found = np.eye(1 + logs.shape[1])
    found[0, 0] += (said * centred**2).sum()
    found[0, 1:] = found[1:, 0] = (said * centred).sum(axis=0)
    found[1:, 1:] += np.diag(said.sum(axis=0)) - said.T @ said
    return found


def estimated_metrics(
    scores: FloatArray,
    predicted: IntArray,
    positive: int | None,
    names: Iterable[str],
    calibration: Recalibration,
    *,
    seed: int,
    draws: int = DRAWS,
    level: float = 0.95,
) -> dict[str, Interval]:
    """Each metric as it is expected on rows whose outcomes nobody knows.

    Args:
        scores: stated probabilities, [n, K].
        predicted: class indices as they were answered, [n].
        positive: the class that a binary task is about.
        names: metrics of classes, as in :mod:`zelo.stats.metrics`.
        calibration: from judged rows of the same model.
        seed: of the draws.
        draws: how many; fewer for very many rows.
        level: the chance that the interval holds what outcomes will show, where the assumptions hold.

    Returns:
        By name, in the metric's unit. NaN where more than ``1 - level`` of the draws have no value: outcomes
        of one class alone have none but for :data:`ROW_BY_ROW`.
    """
    rows, classes = scores.shape
    truths = np.repeat(np.arange(classes), rows)
    every = Scored(truths, np.tile(scores, (classes, 1)), np.tile(predicted, classes), positive)
    evaluator = Evaluator(every, names)
    values: list[dict[str, FloatArray]] = []
    for weights in _outcomes(scores, calibration, affordable_resamples(rows * classes, draws), seed):
        alone = (weights.reshape(len(weights), classes, rows).sum(axis=2) > 0).sum(axis=1) < 2
        values.append(
            {
                name: np.where(alone & (name not in ROW_BY_ROW), np.nan, found)
                for name, found in evaluator(weights).items()
            }
        )
    drawn = {name: np.concatenate([some[name] for some in values]) for name in evaluator.names}
    return {name: _interval(found, level) for name, found in drawn.items()}


def _outcomes(scores: FloatArray, calibration: Recalibration, draws: int, seed: int) -> Iterator[FloatArray]:
    """Outcomes as weights of the rows repeated for each class, [b, K n] at a time: 1 for the class drawn."""
    rows, classes = scores.shape
    rng = np.random.default_rng(seed)
    size = max(1, CHUNK_VALUES // max(rows * classes, 1))
    for start in range(0, draws, size):
        some = min(size, draws - start)
        upto = np.cumsum(calibration.drawn(scores, some, rng), axis=2)[:, :, :-1]
        drawn = (rng.random((some, rows, 1)) > upto).sum(axis=2)
        weights = drawn[:, None, :] == np.arange(classes)[:, None]
        yield weights.reshape(some, classes * rows).astype(np.float64)


def estimated_mean(
    expected: FloatArray,
    judged: FloatArray,
    losses: FloatArray,
    *,
    seed: int,
    block: int = 1,
    draws: int = 2000,
    level: float = 0.95,
) -> Interval:
    """The mean loss of rows whose outcomes nobody knows: direct loss estimation.

    A loss varies the more the larger it is expected to be, and so it is the ratio of the two that judged rows
    tell: those of which as much was expected as of the rows asked, or all where these are few.

    Args:
        expected: the loss that a model of losses expects of each row, above 0, [n].
        judged: the same of judged rows, out of fold, [m].
        losses: what they turned out to be, [m].
        seed: of the resampling.
        block: how many neighbours of the judged rows are drawn together, where they are in order of time.
        draws: resamples.
        level: the chance that the interval holds the mean loss that outcomes will show.

    Returns:
        The mean expected loss, corrected by the judged rows' ratio; its bounds hold the chance of ``n``
        losses and the doubt about that ratio.
    """
    alike = (judged >= expected.min()) & (judged <= expected.max())
    if alike.sum() >= FEWEST_ALIKE:
        judged, losses = judged[alike], losses[alike]
    rng, rows, known = np.random.default_rng(seed), len(expected), len(losses)
    value = float(expected.mean() * losses.sum() / judged.sum())
    # Of each judged row: what it adds to the ratio of the sums, and its own surprise.
    surprise = losses / judged - losses.sum() / judged.sum()
    size, found = max(1, CHUNK_VALUES // max(rows, known)), []
    for start in range(0, draws, size):
        some = min(size, draws - start)
        drawn = circular_blocks(known, min(block, known), some, rng)
        ratio = losses[drawn].sum(axis=1) / judged[drawn].sum(axis=1)
        coming = surprise[_drawn(known, rows, block, some, rng)]
        found.append(expected.mean() * ratio + (coming * expected).mean(axis=1))
    return Interval(value, *percentiles(np.concatenate(found), level))


def _drawn(known: int, rows: int, block: int, resamples: int, rng: np.random.Generator) -> IntArray:
    """``rows`` places among ``known`` that are drawn in blocks, [resamples, rows]."""
    parts = [circular_blocks(known, min(block, known), resamples, rng) for _ in range(-(-rows // known))]
    return np.concatenate(parts, axis=1)[:, :rows]


def _interval(drawn: FloatArray, level: float) -> Interval:
    low, high = percentiles(drawn, level)
    return Interval(float(np.nanmedian(drawn)) if np.isfinite(low) else np.nan, low, high)


def _logs(scores: FloatArray) -> FloatArray:
    return np.asarray(np.log(np.clip(scores, TINY, 1.0)))
