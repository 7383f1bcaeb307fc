from __future__ import annotations

import numpy as np
import pytest

from zelo.spec.project import TASK_METRICS
from zelo.stats import bootstrap
from zelo.stats.arrays import FloatArray
from zelo.stats.blocks import block_length
from zelo.stats.bootstrap import affordable_resamples, bootstrap_weights, metric_intervals, paired_difference
from zelo.stats.metrics import Scored


def rows(seed: int, n: int, skill: float = 2.0) -> Scored:
    rng = np.random.default_rng(seed)
    truth = (rng.random(n) < 0.3).astype(np.int64)
    score = 1 / (1 + np.exp(-(rng.normal(size=n) + skill * (truth - 0.5))))
    return Scored(truth, np.column_stack((1 - score, score)), (score >= 0.5).astype(np.int64), positive=1)


def noisy(scored: Scored, seed: int, noise: float) -> Scored:
    shift = np.random.default_rng(seed).normal(scale=noise, size=len(scored))
    score = 1 / (1 + np.exp(-(np.log(scored.scores[:, 1] / scored.scores[:, 0]) + shift)))
    said = (score >= 0.5).astype(np.int64)
    return Scored(scored.truth, np.column_stack((1 - score, score)), said, positive=1)


def number(truth: FloatArray, said: FloatArray) -> Scored:
    return Scored(truth, said)


def test_weights_draw_as_many_rows_as_there_are() -> None:
    weights = bootstrap_weights(50, 20, np.random.default_rng(0))
    assert weights.shape == (20, 50)
    assert (weights.sum(axis=1) == 50).all()
    assert (weights == weights.round()).all()
    assert abs(bootstrap_weights(20, 5000, np.random.default_rng(1)).mean(axis=0) - 1).max() < 0.1


def test_strata_keep_their_sizes() -> None:
    strata = np.array([0] * 30 + [7] * 5)
    weights = bootstrap_weights(35, 40, np.random.default_rng(0), strata)
    assert (weights[:, :30].sum(axis=1) == 30).all()
    assert (weights[:, 30:].sum(axis=1) == 5).all()


def test_no_rows_have_no_weights() -> None:
    assert bootstrap_weights(0, 3, np.random.default_rng(0)).shape == (3, 0)


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    scored, names = rows(1, 200), TASK_METRICS["binary"]
    whole = metric_intervals(scored, names, seed=3, resamples=300)
    monkeypatch.setattr(bootstrap, "CHUNK_VALUES", 1500)
    apart = metric_intervals(scored, names, seed=3, resamples=300)
    for name in names:
        assert apart[name].low == pytest.approx(whole[name].low, rel=1e-12)
        assert apart[name].high == pytest.approx(whole[name].high, rel=1e-12)


def test_the_seed_decides() -> None:
    scored = rows(2, 150)
    first = metric_intervals(scored, ["f1", "ece"], seed=1, resamples=200)
    assert metric_intervals(scored, ["f1", "ece"], seed=1, resamples=200) == first
    assert metric_intervals(scored, ["f1", "ece"], seed=2, resamples=200) != first


def test_intervals_hold_their_value() -> None:
    for name, found in metric_intervals(rows(3, 400), TASK_METRICS["binary"], seed=0).items():
        assert found.low <= found.value <= found.high, name


def test_the_interval_of_a_mean_is_the_known_one() -> None:
    said = np.random.default_rng(4).exponential(size=2000)
    found = metric_intervals(number(np.zeros(2000), said), ["mae"], seed=0, resamples=2000)["mae"]
    half = 1.96 * said.std() / np.sqrt(2000)
    assert found.value == pytest.approx(said.mean())
    assert found.low == pytest.approx(said.mean() - half, abs=0.1 * half)
    assert found.high == pytest.approx(said.mean() + half, abs=0.1 * half)


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    # Accuracy of a decision that is right 80 % of the time.
    rng = np.random.default_rng(5)
    held = 0
    for seed in range(200):
        truth = rng.integers(2, size=300)
        said = np.where(rng.random(300) < 0.8, truth, 1 - truth)
        scored = Scored(truth, np.full((300, 2), 0.5), said, positive=1)
        found = metric_intervals(scored, ["accuracy"], seed=seed, resamples=400)["accuracy"]
        held += found.low <= 0.8 <= found.high
    assert 0.90 <= held / 200 <= 0.99


def test_the_calibration_error_of_a_calibrated_model_reaches_down_to_zero() -> None:
    rng = np.random.default_rng(6)
    score = rng.random(900)
    truth = (rng.random(900) < score).astype(np.int64)
    scored = Scored(truth, np.column_stack((1 - score, score)), truth, positive=1)
    found = metric_intervals(scored, ["ece"], seed=0)["ece"]
    assert found.low == 0.0
    assert found.low <= found.value <= found.high


def test_undefined_values_have_undefined_bounds() -> None:
    scores = np.full((5, 2), 0.5)
    one_class = Scored(np.zeros(5, dtype=np.int64), scores, np.zeros(5, dtype=np.int64), positive=1)
    found = metric_intervals(one_class, ["roc_auc", "accuracy"], seed=0, resamples=50)
    assert np.isnan([found["roc_auc"].value, found["roc_auc"].low, found["roc_auc"].high]).all()
    assert found["accuracy"].low == 1.0
    # One positive in five is absent from a third of the resamples.
    rare = Scored(np.array([0, 0, 0, 0, 1]), scores, np.zeros(5, dtype=np.int64), positive=1)
    found = metric_intervals(rare, ["roc_auc"], seed=0, resamples=200)
    assert found["roc_auc"].value == 0.5
    assert np.isnan(found["roc_auc"].low)
    kept = metric_intervals(rare, ["roc_auc"], seed=0, resamples=200, strata=np.array([0, 0, 0, 0, 1]))
    assert kept["roc_auc"].low == 0.5


def test_no_rows_have_no_interval() -> None:
    nothing = Scored(np.empty(0), np.empty(0))
    found = metric_intervals(nothing, ["mae"], seed=0, resamples=10)["mae"]
    assert np.isnan([found.value, found.low, found.high]).all()


def test_very_many_rows_get_fewer_resamples() -> None:
    assert affordable_resamples(900, 1000) == 1000
    assert affordable_resamples(60_000, 1000) == 1000
    assert affordable_resamples(200_000, 1000) == 300
    assert affordable_resamples(10**7, 1000) == 200
    assert affordable_resamples(10**7, 50) == 50
    assert affordable_resamples(0, 10) == 10


def test_a_better_model_is_found_better() -> None:
    good = rows(7, 800)
    bad = noisy(good, 8, 2.0)
    found = paired_difference(good, bad, "roc_auc", higher_is_better=True, seed=0)
    assert found.low > 0
    assert found.p_value < 0.01
    turned = paired_difference(bad, good, "roc_auc", higher_is_better=True, seed=0)
    assert turned.value == pytest.approx(-found.value)
    assert turned.high == pytest.approx(-found.low)
    assert turned.p_value > 0.99


def test_lower_may_be_better() -> None:
    good = rows(9, 800)
    found = paired_difference(good, noisy(good, 10, 2.0), "brier", higher_is_better=False, seed=0)
    assert found.value > 0
    assert found.p_value < 0.01


def test_a_model_is_not_better_than_itself_and_not_worse() -> None:
    scored = rows(11, 300)
    found = paired_difference(scored, scored, "f1", higher_is_better=True, seed=0, resamples=200)
    assert (found.value, found.low, found.high, found.p_value) == (0.0, 0.0, 0.0, 1.0)
    lenient = paired_difference(
        scored, scored, "f1", higher_is_better=True, seed=0, resamples=199, margin=-0.01
    )
    assert lenient.p_value == 1 / 200


def test_pairing_takes_out_what_is_common() -> None:
    a = rows(12, 500)
    b = noisy(a, 13, 0.1)
    paired = paired_difference(a, b, "brier", higher_is_better=False, seed=0)
    alone = metric_intervals(a, ["brier"], seed=0)["brier"]
    assert paired.high - paired.low < (alone.high - alone.low) / 2


def test_p_values_of_equal_models_are_about_uniform() -> None:
    base = rows(14, 250)
    p = [
        paired_difference(
            noisy(base, 2 * i, 0.5),
            noisy(base, 2 * i + 1, 0.5),
            "brier",
            higher_is_better=False,
            seed=i,
            resamples=200,
        ).p_value
        for i in range(120)
    ]
    assert np.mean(np.array(p) < 0.05) < 0.13
    assert 0.35 < np.mean(p) < 0.65


def test_undefined_differences_are_nan() -> None:
    scores = np.full((4, 2), 0.5)
    flat = Scored(np.zeros(4, dtype=np.int64), scores, np.zeros(4, dtype=np.int64), positive=1)
    found = paired_difference(flat, flat, "roc_auc", higher_is_better=True, seed=0, resamples=20)
    assert np.isnan([found.value, found.low, found.high, found.p_value]).all()


def test_other_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="same rows"):
        paired_difference(rows(1, 20), rows(2, 20), "f1", higher_is_better=True, seed=0)


def in_order(seed: int, n: int, phi: float, block: int) -> Scored:
    """Truths of 0 and forecasts of autocorrelated size, 1 on average."""
    rng = np.random.default_rng(seed)
    drift = np.zeros(n + 50)
    for step in range(1, n + 50):
        drift[step] = phi * drift[step - 1] + rng.normal()
    # Half a normal's spread keeps nearly every size above 0.
    return Scored(np.zeros(n), 1 + drift[50:] * 0.2 * np.sqrt(1 - phi**2), block=block)


def test_intervals_of_a_series_cover_only_in_blocks() -> None:
    held = {1: 0, 10: 0}
    for seed in range(120):
        for block in held:
            scored = in_order(seed, 400, 0.7, block)
            found = metric_intervals(scored, ["mae"], seed=seed, resamples=200)["mae"]
            held[block] += found.low <= 1.0 <= found.high
    assert held[1] / 120 < 0.75
    assert 0.84 <= held[10] / 120 <= 0.99


def test_blocks_cost_rows_in_no_order_little() -> None:
    alone = metric_intervals(in_order(1, 500, 0.0, 1), ["mae"], seed=0)["mae"]
    blocks = metric_intervals(in_order(1, 500, 0.0, block_length(500)), ["mae"], seed=0)["mae"]
    assert blocks.value == alone.value
    assert blocks.high - blocks.low == pytest.approx(alone.high - alone.low, rel=0.15)


def test_differences_of_a_series_are_less_sure_in_blocks() -> None:
    a, b = (in_order(seed, 300, 0.8, 7) for seed in (5, 6))
    alone = [Scored(one.truth, one.scores) for one in (a, b)]
    blocks = paired_difference(a, b, "mae", higher_is_better=False, seed=0)
    single = paired_difference(*alone, "mae", higher_is_better=False, seed=0)
    assert blocks.value == single.value
    assert blocks.high - blocks.low > 1.5 * (single.high - single.low)
    with pytest.raises(ValueError, match="same rows"):
        paired_difference(a, alone[1], "mae", higher_is_better=False, seed=0)


def test_blocks_and_strata_do_not_go_together() -> None:
    with pytest.raises(ValueError, match="strata do not go with blocks of 3 rows"):
        bootstrap_weights(9, 2, np.random.default_rng(0), np.zeros(9, dtype=np.int64), block=3)


def test_repeating_a_series_leaves_its_interval_as_it_was() -> None:
    once = in_order(2, 120, 0.5, 5)
    twice = Scored(np.tile(once.truth, 2), np.tile(once.scores, 2), repeats=2, block=5)
    assert metric_intervals(twice, ["mae"], seed=1, resamples=300)["mae"].low == pytest.approx(
        metric_intervals(once, ["mae"], seed=1, resamples=300)["mae"].low
    )


def test_a_slice_of_a_series_keeps_blocks_that_fit_it() -> None:
    scored = in_order(3, 100, 0.5, 5)
    assert scored.where(np.arange(100) >= 20).block == 5
    assert scored.where(np.arange(100) >= 88).block == 3
    assert scored.where(np.arange(0, 100, 4)).block == 3
    assert scored.where(np.arange(100) == 7).block == 1
    assert scored.where(np.arange(100) < 0).block == 1
    assert scored.where(np.arange(100)[::-1]).block == 1
    assert scored.where(np.repeat(np.arange(50), 2)).block == 1


def test_a_slice_of_a_repeated_series_keeps_blocks_where_it_stays_repeated() -> None:
    scored = Scored(np.tile(np.arange(40.0), 2), np.zeros(80), repeats=2, block=4)
    assert scored.where(np.tile(np.arange(40) < 30, 2)).block == 4
    assert scored.where(np.arange(80) < 60).block == 1


def several(seed: int, rows: int = 120, classes: int = 4) -> Scored:
    rng = np.random.default_rng(seed)
    truth = rng.integers(classes, size=rows)
    scores = rng.dirichlet(np.ones(classes), rows)
    scores[np.arange(rows), truth] += 0.3
    scores /= scores.sum(axis=1, keepdims=True)
    return Scored(truth, scores, scores.argmax(axis=1))


def again(scored: Scored, times: int) -> Scored:
    assert scored.predicted is not None
    return Scored(
        np.tile(scored.truth, times),
        np.tile(scored.scores, (times, 1)),
        np.tile(scored.predicted, times),
        scored.positive,
        repeats=times,
    )


@pytest.mark.parametrize("times", [2, 5])
def test_repeating_the_same_rows_leaves_every_interval_as_it_was(times: int) -> None:
    for scored, kind in ((rows(7, 150), "binary"), (several(7), "multiclass")):
        once = metric_intervals(scored, TASK_METRICS[kind], seed=2, resamples=300)
        more = metric_intervals(again(scored, times), TASK_METRICS[kind], seed=2, resamples=300)
        for name, found in once.items():
            for end in ("value", "low", "high"):
                assert getattr(more[name], end) == pytest.approx(getattr(found, end), abs=1e-12), name


def test_a_regression_can_be_repeated_as_well() -> None:
    rng = np.random.default_rng(0)
    truth, said = rng.normal(size=80), rng.normal(size=80)
    once = metric_intervals(Scored(truth, said), ["mae"], seed=1, resamples=300)["mae"]
    twice = Scored(np.tile(truth, 2), np.tile(said, 2), repeats=2)
    assert metric_intervals(twice, ["mae"], seed=1, resamples=300)["mae"].low == pytest.approx(once.low)


def test_repeating_the_same_rows_makes_no_difference_surer() -> None:
    a, b = rows(8, 200), noisy(rows(8, 200), 1, 1.0)
    once = paired_difference(a, b, "f1", higher_is_better=True, seed=3, resamples=300)
    more = paired_difference(again(a, 3), again(b, 3), "f1", higher_is_better=True, seed=3, resamples=300)
    assert (more.low, more.high, more.p_value) == pytest.approx((once.low, once.high, once.p_value))
    with pytest.raises(ValueError, match="not scored on the same rows"):
        paired_difference(
            again(a, 2), Scored(**{**vars(again(b, 2)), "repeats": 1}), "f1", higher_is_better=True, seed=3
        )


def test_strata_of_repeated_rows_keep_their_sizes() -> None:
    scored = rows(9, 100)
    strata = scored.truth.astype(np.int64)
    once = metric_intervals(scored, ["recall"], seed=1, resamples=200, strata=strata)["recall"]
    twice = again(scored, 2)
    more = metric_intervals(twice, ["recall"], seed=1, resamples=200, strata=np.tile(strata, 2))["recall"]
    assert (more.low, more.high) == pytest.approx((once.low, once.high))


def test_a_slice_of_repeated_rows_stays_repeated_where_its_blocks_are_alike() -> None:
    scored = again(several(1, 40), 2)
    mask = np.tile(np.arange(40) < 11, 2)
    assert scored.where(mask).repeats == 2
    assert scored.where(np.flatnonzero(mask)).repeats == 2
    assert len(scored.where(mask)) == 22
    assert scored.where(np.arange(40)).repeats == 1
    assert scored.where(np.arange(80) < 60).repeats == 1
    assert scored.where(scored.truth != 0).repeats == 2
    assert scored.where(np.zeros(80, dtype=bool)).repeats == 2
