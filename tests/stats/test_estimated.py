from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit

from zelo.stats.estimated import (
    Recalibration,
    estimated_mean,
    estimated_metrics,
    fit_recalibration,
)
from zelo.stats.metrics import Scored, point

NAMES = ("f1", "f2", "precision", "recall", "accuracy", "roc_auc", "brier")
SURE = Recalibration(np.array([1.0, 0.0, 0.0]), np.zeros((3, 3)), corrected=False)


def drawn(rng: np.random.Generator, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """True chances of the positive class, and outcomes."""
    chance = rng.beta(1.0, 4.0, rows)
    return chance, (rng.random(rows) < chance).astype(np.int64)


def both(positive: np.ndarray) -> np.ndarray:
    return np.column_stack([1 - positive, positive])


def answered(positive: np.ndarray) -> np.ndarray:
    return (positive >= 0.3).astype(np.int64)


def test_intervals_hold_what_outcomes_show_as_often_as_they_say() -> None:
    rng = np.random.default_rng(1)
    held = []
    for seed in range(120):
        chance, truth = drawn(rng, 900)
        calibration = fit_recalibration(truth[300:], both(chance[300:]))
        scores, said = both(chance[:300]), answered(chance[:300])
        found = estimated_metrics(scores, said, 1, NAMES, calibration, seed=seed, draws=200)
        shown = point(Scored(truth[:300], scores, said, 1), NAMES)
        held.append([found[name].low <= shown[name] <= found[name].high for name in NAMES])

    shares = np.mean(held, axis=0)

    # 95 % of 120 is 114, give or take 5 at two standard deviations.
    assert (shares >= 0.88).all(), shares


def test_many_rows_are_estimated_where_the_truth_is() -> None:
    chance, truth = drawn(np.random.default_rng(2), 20_000)
    scores, said = both(chance), answered(chance)

    found = estimated_metrics(scores, said, 1, NAMES, SURE, seed=0, draws=200)

    shown = point(Scored(truth, scores, said, 1), NAMES)
    for name in NAMES:
        assert found[name].value == pytest.approx(shown[name], abs=0.02)
        assert found[name].high - found[name].low < 0.06


def test_the_doubt_about_the_calibration_widens_intervals() -> None:
    rng = np.random.default_rng(3)
    chance, truth = drawn(rng, 2000)
    scores, said = both(chance), answered(chance)
    doubtful = fit_recalibration(truth[:60], scores[:60])

    sure, unsure = (
        estimated_metrics(scores, said, 1, ("recall",), calibration, seed=0)["recall"]
        for calibration in (SURE, doubtful)
    )

    assert unsure.high - unsure.low > 1.5 * (sure.high - sure.low)


def test_probabilities_that_judged_rows_contradict_are_corrected() -> None:
    rng = np.random.default_rng(4)
    chance, truth = drawn(rng, 6000)
    stated = both(expit(2.5 * logit(chance) + 1.0))
    calibration = fit_recalibration(truth[:3000], stated[:3000])
    said = answered(chance[3000:])

    found = estimated_metrics(stated[3000:], said, 1, ("precision", "recall"), calibration, seed=0)
    naive = estimated_metrics(stated[3000:], said, 1, ("precision", "recall"), SURE, seed=0)

    shown = point(Scored(truth[3000:], stated[3000:], said, 1), ("precision", "recall"))
    assert calibration.corrected
    assert found["precision"].value == pytest.approx(shown["precision"], abs=0.03)
    assert abs(naive["precision"].value - shown["precision"]) > 0.08


def test_probabilities_that_judged_rows_bear_out_stay() -> None:
    refused = 0
    for seed in range(100):
        chance, truth = drawn(np.random.default_rng(seed), 500)
        refused += fit_recalibration(truth, both(chance)).corrected

    assert refused <= 4


def test_several_classes() -> None:
    rng = np.random.default_rng(5)
    scores = rng.dirichlet((1.0, 0.6, 0.3, 0.1), 8000)
    truth = (rng.random((8000, 1)) > scores.cumsum(axis=1)[:, :-1]).sum(axis=1)
    said = scores.argmax(axis=1)
    calibration = fit_recalibration(truth[4000:], scores[4000:])
    names = ("accuracy", "f1_macro", "f1_weighted", "mcc", "roc_auc", "log_loss")

    found = estimated_metrics(scores[:4000], said[:4000], None, names, calibration, seed=1)

    shown = point(Scored(truth[:4000], scores[:4000], said[:4000]), names)
    for name in names:
        assert found[name].low <= shown[name] <= found[name].high
        assert found[name].value == pytest.approx(shown[name], abs=0.05)


def test_outcomes_that_will_hardly_hold_both_classes_have_no_area() -> None:
    scores = both(np.full(30, 0.001))

    found = estimated_metrics(scores, np.zeros(30, dtype=np.int64), 1, ("roc_auc", "accuracy"), SURE, seed=0)

    assert np.isnan(found["roc_auc"].value)
    assert found["accuracy"].value == 1.0


def test_the_same_seed_gives_the_same_estimate() -> None:
    chance, _ = drawn(np.random.default_rng(6), 300)
    scores, said = both(chance), answered(chance)

    first, again = (estimated_metrics(scores, said, 1, ("f1",), SURE, seed=9) for _ in range(2))

    assert first == again


def test_a_mean_loss_is_within_its_interval_as_often_as_that_says() -> None:
    rng = np.random.default_rng(7)
    held = 0
    for seed in range(200):
        losses, coming = rng.gamma(1.0, 1.0, 250), rng.gamma(1.0, 1.0, 80)
        found = estimated_mean(np.ones(80), np.ones(250), losses, seed=seed, draws=300)
        held += found.low <= coming.mean() <= found.high

    # 190 of 200, give or take 6 at two standard deviations.
    assert 180 <= held <= 199


def test_harder_rows_have_a_wider_interval_and_the_bias_of_rows_like_them() -> None:
    rng = np.random.default_rng(9)
    judged = np.repeat([1.0, 10.0], 1000)
    # The model of losses expects half of what hard rows have.
    losses = judged * rng.gamma(1.0, 1.0, 2000) * np.repeat([1.0, 2.0], 1000)

    easy, hard = (estimated_mean(np.full(100, level), judged, losses, seed=0) for level in (1.0, 10.0))

    assert easy.value == pytest.approx(1.0, rel=0.1)
    assert hard.value == pytest.approx(20.0, rel=0.1)
    assert hard.high - hard.low > 15 * (easy.high - easy.low)


def test_neighbours_that_are_alike_are_drawn_together() -> None:
    rng = np.random.default_rng(8)
    alike = np.repeat(rng.gamma(1.0, 1.0, 60), 10)

    apart, together = (
        estimated_mean(np.ones(40), np.ones(600), alike, seed=0, block=block) for block in (1, 10)
    )

    assert apart.value == together.value == pytest.approx(alike.mean())
    assert together.high - together.low > 1.8 * (apart.high - apart.low)
