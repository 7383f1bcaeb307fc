from __future__ import annotations

import logging
import sys
from typing import Any

import numpy as np
import optuna
import pytest
import torch
from sklearn.base import clone
from tests.series import RETURNS, make_forecast_project

from zelo.errors import SpecError
from zelo.models.candidate import Setting
from zelo.models.neural import candidates
from zelo.models.neural.candidates import LSTM
from zelo.models.neural.lstm import LstmRegressor
from zelo.models.neural.recurrent import RecurrentNetwork

Array = np.ndarray[Any, Any]


def rows(size: int = 200, history: int = 6, seed: int = 0) -> tuple[Array, Array]:
    """What comes next is half the product of the signs of the last two values: no line follows it."""
    rng = np.random.default_rng(seed)
    X = rng.normal(0.01, 0.02, size=(size, history))
    return X, 0.01 * np.sign(X[:, 0] * X[:, 1]) + rng.normal(0.0, 0.002, size)


def small(**changes: Any) -> LstmRegressor:
    return LstmRegressor(**{"hidden": 12, "layers": 1, "epochs": 3, **changes})


def test_it_learns_what_no_straight_line_follows() -> None:
    X, y = rows(600)
    fresh, truth = rows(300, seed=1)
    model = LstmRegressor(hidden=16, learning_rate=1e-2, epochs=60, patience=60).fit(X, y)
    line = np.linalg.lstsq(np.column_stack([X, np.ones(len(X))]), y)[0]
    straight = np.column_stack([fresh, np.ones(300)]) @ line
    error = np.abs(model.predict(fresh) - truth).mean()
    assert error < 0.6 * np.abs(straight - truth).mean()


def test_the_newest_value_comes_first_and_the_network_reads_it_last() -> None:
    X, y = rows(60)
    model = small(epochs=20).fit(X, y)
    moved = [
        np.abs(model.predict(X + 0.02 * (np.arange(6) == place)) - model.predict(X)).mean()
        for place in range(6)
    ]
    assert moved[0] > moved[5]


def test_the_same_rows_and_seed_give_the_same_numbers_bit_for_bit() -> None:
    X, y = rows()

    def fitted(seed: int, threads: int) -> list[Array]:
        torch.manual_seed(threads)
        torch.set_num_threads(threads)
        try:
            model = small(layers=2, random_state=seed).fit(X, y)
        finally:
            torch.set_num_threads(2)
        return [*(part for layer in model.layers_ for part in layer), *model.head_]

    first, again, other = fitted(1, 1), fitted(1, 2), fitted(2, 1)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_it_answers_as_the_network_it_was(layers: int) -> None:
    X, y = rows(60)
    model = small(layers=layers).fit(X, y)
    network = RecurrentNetwork(12, layers, dropout=0.5).double().eval()
    state = {"head.weight": model.head_[0], "head.bias": model.head_[1]}
    for place, (of_signal, of_state, bias) in enumerate(model.layers_):
        state |= {
            f"lstm.weight_ih_l{place}": of_signal,
            f"lstm.weight_hh_l{place}": of_state,
            f"lstm.bias_ih_l{place}": bias,
            f"lstm.bias_hh_l{place}": np.zeros_like(bias),
        }
    network.load_state_dict({name: torch.tensor(value) for name, value in state.items()})
    with torch.no_grad():
        expected = network(torch.tensor(((X - X.mean()) / X.std())[:, ::-1].copy())).numpy()[:, 0]
    np.testing.assert_allclose(model.predict(X), expected, rtol=1e-9)
    assert np.ptp(expected) > 0


def test_the_latest_rows_are_watched_and_not_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    from zelo.models.neural.regression import ValueLearner

    steps = {name: getattr(ValueLearner, name) for name in ("training_step", "validation_step")}
    seen: dict[str, list[Array]] = {name: [] for name in steps}
    for name, step in steps.items():

        def noting(self: Any, batch: Any, index: int, name: str = name, step: Any = step) -> Any:
            seen[name].append(batch[0].numpy()[:, -1])
            return step(self, batch, index)

        monkeypatch.setattr(ValueLearner, name, noting)
    X, y = rows(100)
    small(epochs=1, validation=0.2).fit(X, y)
    learned, watched = (np.concatenate(parts) for parts in seen.values())
    newest = ((X[:, 0] - X.mean()) / X.std()).astype(np.float32)
    np.testing.assert_array_equal(np.sort(learned), np.sort(newest[:80]))
    np.testing.assert_array_equal(watched, newest[80:])


@pytest.mark.parametrize("size", [2, 5])
def test_few_rows_are_learned_to_the_last_epoch(size: int) -> None:
    X, y = rows(size)
    assert np.isfinite(small().fit(X, y).predict(X)).all()


def test_a_constant_series_is_learned() -> None:
    found = small(epochs=30).fit(np.full((40, 6), 9.0), np.full(40, 9.0)).predict(np.full((2, 6), 9.0))
    np.testing.assert_allclose(found, 9.0, atol=0.5)


def test_no_rows_have_no_values() -> None:
    assert small(epochs=1).fit(*rows(20)).predict(np.zeros((0, 6))).shape == (0,)


def test_a_missing_value_is_an_error() -> None:
    X, y = rows(20)
    X[3, 0] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        small().fit(X, y)


def test_it_can_be_cloned_and_leaves_no_trace(capfd: pytest.CaptureFixture[str]) -> None:
    X, y = rows(40)
    level, threads, numbers = (
        logging.getLogger("lightning.pytorch").level,
        torch.get_num_threads(),
        torch.random.get_rng_state(),
    )
    assert clone(small(hidden=7)).fit(X, y).hidden == 7
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("lightning.pytorch").level == level
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.random.get_rng_state(), numbers)


def test_a_fitted_one_answers_without_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = rows(20)
    model = small(epochs=1).fit(X, y)
    expected = model.predict(X)
    for name in [name for name in sys.modules if name.partition(".")[0] in ("torch", "lightning")]:
        monkeypatch.setitem(sys.modules, name, None)
    np.testing.assert_array_equal(model.predict(X), expected)


def test_what_is_tried_is_taken_with_the_settings_seed() -> None:
    assert LSTM.space is not None
    drawn = LSTM.space(optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0)).ask())
    model = LSTM.build(Setting(make_forecast_project(forecast=RETURNS), 11, 2), drawn)[-1]
    assert drawn.items() <= vars(model).items()
    assert model.random_state == 11


def test_without_the_libraries_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "PLAIN_LIBRARIES", ("lightning", "no_such_library"))
    with pytest.raises(SpecError, match="lstm needs") as caught:
        LSTM.build(Setting(make_forecast_project(), 7, 1), {})
    assert "pip install 'zelo[deep]'" in caught.value.hint
