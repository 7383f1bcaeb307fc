from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.prices import HISTORY, make_price_project, make_prices, price_windows

from zelo.models import volatility
from zelo.models.volatility import CONSTANT
from zelo.stats.diebold_mariano import Comparison
from zelo.training import spreads
from zelo.training.horizon import Ahead, half_widths_of, judged_earlier
from zelo.training.spreads import ONE_WIDTH, Chosen, Prices, choose_spread

DAYS, TRAINED = 900, 700
FOLDS = [np.arange(start, start + 140) for start in range(140, TRAINED, 140)]
PROJECT = make_price_project()


def make_rows(prices: np.ndarray) -> Prices:
    windows, truth = price_windows(prices)
    dates = np.datetime64("2020-01-01") + np.arange(len(truth))
    return Prices(windows, truth, dates)


ROWS = make_rows(make_prices(DAYS + HISTORY))


def persisted(rows: Prices) -> Ahead:
    return Ahead(rows.windows[:, :1], rows.truth[:, None])


def choose(rows: Prices = ROWS, folds: list[np.ndarray] = FOLDS, trained: int = TRAINED) -> Chosen:
    rolled = persisted(rows.at(np.concatenate(folds)))
    (last,) = half_widths_of(rolled)
    one_width = judged_earlier(folds, rolled)[:, 0], last if np.isfinite(last) else None
    return choose_spread(rolled, persisted(rows.at(slice(trained, None))), folds, rows, one_width, PROJECT)


@pytest.fixture(scope="module")
def chosen() -> Chosen:
    return choose()


def test_a_steady_width_is_taken_only_where_it_is_better_by_more_than_chance() -> None:
    # Without clusters of volatility nothing is gained by following it, nor lost by more than chance.
    rng = np.random.default_rng(3)
    calm = make_rows(10 * np.cumprod(1 + 0.01 * rng.normal(size=DAYS + HISTORY)))
    found = choose(calm)
    ranked = list(found.figures.out_of_fold)
    assert ranked[0] in (ONE_WIDTH, CONSTANT)
    assert found.figures.chosen in ("ewma", "quantile")
    reached = found.figures.out_of_fold[str(found.figures.chosen)]
    better = [name for name, (_, test) in reached.against.items() if test.p_value > 0.95]
    assert better == []
    # Losses that leave no doubt: the steady width's are a tenth of the model's.
    losses = {name: replace(one, against={}) for name, one in found.figures.out_of_fold.items()}
    doubtless = replace(reached, against={ranked[0]: (0.1, Comparison(9.0, 0.999, 1.0))})
    assert spreads._best({**losses, str(found.figures.chosen): doubtless}) == ranked[0]


def test_the_lowest_pinball_loss_wins(chosen: Chosen) -> None:
    found = chosen.figures.out_of_fold
    assert set(found) == {ONE_WIDTH, CONSTANT, "ewma", "quantile"}
    losses = [reached.pinball for reached in found.values()]
    assert losses == sorted(losses)
    assert chosen.figures.chosen == next(iter(found))
    assert chosen.spread is not None
    assert chosen.spread.model == chosen.figures.chosen


def test_widths_that_move_beat_those_that_do_not(chosen: Chosen) -> None:
    test = chosen.figures.test
    assert chosen.figures.chosen in ("ewma", "quantile")
    assert test is not None
    assert test.rows == DAYS - TRAINED
    assert set(test.against) == {ONE_WIDTH, CONSTANT}
    for loss, tested in chosen.figures.out_of_fold[chosen.figures.chosen].against.values():
        assert tested.mean_difference < 0
        assert loss > 0
    assert test.coverage.low < 0.9 < test.coverage.high


def test_the_loss_is_that_of_the_widths(chosen: Chosen) -> None:
    later = ROWS.at(slice(TRAINED, None))
    assert chosen.figures.test is not None
    assert chosen.spread is not None
    np.testing.assert_array_equal(chosen.test, chosen.spread.half_widths(later.windows))
    gap = np.abs(later.truth - later.windows[:, 0])
    # The two tails' losses: a twentieth of the width, and all of what is beyond it.
    loss = (0.1 * chosen.test + np.maximum(gap - chosen.test, 0)) / 2
    assert chosen.figures.test.pinball == pytest.approx(loss.mean())


def test_the_first_fold_has_nothing_before_it_to_learn_from(chosen: Chosen) -> None:
    assert np.isnan(chosen.out_of_fold[: len(FOLDS[0])]).all()
    assert np.isfinite(chosen.out_of_fold[len(FOLDS[0]) :]).all()


def test_what_comes_later_changes_no_width(chosen: Chosen) -> None:
    prices = make_prices(DAYS + HISTORY)
    last = FOLDS[-1][0]
    prices[HISTORY + last :] *= 1.0 + 0.1 * np.sin(np.arange(DAYS - last))
    again = choose(make_rows(prices))
    before = sum(len(rows) for rows in FOLDS[:-1])
    names = chosen.figures.out_of_fold
    assert set(again.figures.out_of_fold) == set(names)
    rolled = persisted(make_rows(prices).at(np.concatenate(FOLDS)))
    for name in ("ewma", "quantile"):
        ours = spreads._contender(
            name, persisted(ROWS.at(np.concatenate(FOLDS))), FOLDS, ROWS.at(slice(TRAINED))
        )
        theirs = spreads._contender(name, rolled, FOLDS, make_rows(prices).at(slice(TRAINED)))
        np.testing.assert_array_equal(ours.widths[:before], theirs.widths[:before])


def test_the_test_rows_choose_and_teach_nothing(chosen: Chosen) -> None:
    prices = make_prices(DAYS + HISTORY)
    prices[HISTORY + TRAINED :] *= 1.0 + 0.2 * np.sin(np.arange(DAYS - TRAINED))
    again = choose(make_rows(prices))
    assert again.spread == chosen.spread
    assert again.figures.out_of_fold == chosen.figures.out_of_fold
    assert again.figures.test != chosen.figures.test


def test_every_half_year_has_its_coverage(chosen: Chosen) -> None:
    assert chosen.figures.chosen is not None
    reached = chosen.figures.out_of_fold[chosen.figures.chosen]
    # From the second fold's first row, 280 days after the first of January 2020.
    assert [half.name for half in reached.half_years] == ["2020H2", "2021H1", "2021H2"]
    assert sum(half.rows for half in reached.half_years) == reached.rows == TRAINED - 280
    held = sum(half.rows * half.coverage.value for half in reached.half_years)
    assert held == pytest.approx(reached.rows * reached.coverage.value)
    assert all(half.coverage.low < half.coverage.value < half.coverage.high for half in reached.half_years)


def test_a_model_that_cannot_be_fitted_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> None:
        raise ValueError("no optimum\nand more of it")

    monkeypatch.setattr(volatility, "MODELS", {**volatility.MODELS, "ewma": fail})
    found = choose().figures
    assert found.errors == {"ewma": "no optimum"}
    assert set(found.out_of_fold) == {ONE_WIDTH, CONSTANT, "quantile"}


def test_prices_that_never_moved_keep_the_one_width() -> None:
    still = replace(ROWS, windows=np.full_like(ROWS.windows, 10.0), truth=np.full_like(ROWS.truth, 10.0))
    found = choose(still)
    assert set(found.figures.errors) == {CONSTANT, "ewma", "quantile"}
    assert found.spread is None
    assert found.figures.chosen == ONE_WIDTH


def test_where_no_fold_can_judge_the_one_width_serves() -> None:
    # All folds together are enough for a limit, and none has enough rows before it.
    found = choose(folds=[np.arange(4) + start for start in (60, 64, 68)], trained=72)
    assert (found.spread, found.figures.chosen) == (None, ONE_WIDTH)
    assert np.isnan(found.out_of_fold).all()
    assert len(np.unique(found.test)) == 1


def test_too_few_rows_promise_nothing() -> None:
    folds = [np.array([place, place + 1]) for place in (60, 62, 64)]
    found = choose(folds=folds, trained=66)
    assert (found.spread, found.figures.chosen, found.figures.test) == (None, None, None)
    assert np.isnan(found.out_of_fold).all()
    assert np.isnan(found.test).all()
