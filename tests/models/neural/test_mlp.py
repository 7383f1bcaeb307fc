from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.base import clone

from zelo.models.neural.mlp import MlpRegressor
from zelo.models.neural.regression import perceptron

Array = np.ndarray[Any, Any]


def rows(size: int = 120, seed: int = 0) -> tuple[Array, Array]:
    """A bend and a slope, which no straight line follows, around 500."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(size, 4))
    return X, 500.0 + 40.0 * np.abs(X[:, 0]) + 10.0 * X[:, 1] + rng.normal(0.0, 2.0, size)


def test_it_learns_what_no_straight_line_follows() -> None:
    X, y = rows()
    fresh, truth = rows(300, seed=1)
    model = MlpRegressor().fit(X, y)
    line = np.linalg.lstsq(np.column_stack([X, np.ones(len(X))]), y, rcond=None)[0]
    straight = np.column_stack([fresh, np.ones(300)]) @ line
    error = np.abs(model.predict(fresh) - truth).mean()
    assert error < 0.5 * np.abs(straight - truth).mean()
    # The target's unit is the rows' own: it is around 500.
    assert abs(model.predict(fresh).mean() - truth.mean()) < 5.0


def test_the_same_rows_and_seed_give_the_same_numbers_bit_for_bit() -> None:
    X, y = rows()

    def fitted(seed: int, threads: int) -> list[Array]:
        torch.manual_seed(threads)
        torch.set_num_threads(threads)
        try:
            model = MlpRegressor(epochs=10, random_state=seed).fit(X, y)
        finally:
            torch.set_num_threads(2)
        return [part for layer in model.layers_ for part in layer]

    first, again, other = fitted(1, 1), fitted(1, 2), fitted(2, 1)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])


def test_it_answers_as_the_network_it_was() -> None:
    X, y = rows(60)
    model = MlpRegressor(hidden=8, layers=3, epochs=5).fit(X, y)
    network = perceptron(4, hidden=8, layers=3, dropout=0.5).double().eval()
    parts = [torch.tensor(part) for layer in model.layers_ for part in layer]
    network.load_state_dict(dict(zip(network.state_dict(), parts, strict=True)))
    with torch.no_grad():
        expected = network(torch.tensor(X)).numpy()[:, 0]
    np.testing.assert_allclose(model.predict(X), expected, rtol=1e-12)
    assert [weights.shape for weights, _ in model.layers_] == [(8, 4), (8, 8), (8, 8), (1, 8)]


def test_the_latest_rows_are_watched_and_not_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    from zelo.models.neural.regression import ValueLearner

    steps = {name: getattr(ValueLearner, name) for name in ("training_step", "validation_step")}
    seen: dict[str, list[Array]] = {name: [] for name in steps}
    for name, step in steps.items():

        def noting(self: Any, batch: Any, index: int, name: str = name, step: Any = step) -> Any:
            seen[name].append(batch[0].numpy()[:, 0])
            return step(self, batch, index)

        monkeypatch.setattr(ValueLearner, name, noting)
    X, y = rows(100)
    MlpRegressor(epochs=1, validation=0.2).fit(X, y)
    learned, watched = (np.concatenate(parts) for parts in seen.values())
    np.testing.assert_array_equal(np.sort(learned), np.sort(X[:80, 0].astype(np.float32)))
    np.testing.assert_array_equal(watched, X[80:, 0].astype(np.float32))


def test_it_stops_early_where_there_is_nothing_to_learn() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(100, 4)), rng.normal(size=100)
    eager = MlpRegressor(epochs=200, patience=200, dropout=0.0, weight_decay=0.0).fit(X, y)
    model = MlpRegressor(epochs=200, patience=3, dropout=0.0, weight_decay=0.0).fit(X, y)
    assert model.predict(X).std() < 0.7 * y.std()
    assert eager.layers_[0][0].shape == model.layers_[0][0].shape


@pytest.mark.parametrize("size", [2, 5])
def test_few_rows_are_learned_to_the_last_epoch(size: int) -> None:
    X, y = rows(size)
    assert np.isfinite(MlpRegressor(epochs=3).fit(X, y).predict(X)).all()


def test_a_constant_target_is_learned() -> None:
    X, _ = rows(40)
    np.testing.assert_allclose(MlpRegressor(epochs=40).fit(X, np.full(40, 9.0)).predict(X), 9.0, atol=0.5)


def test_a_missing_value_is_an_error() -> None:
    X, y = rows(20)
    X[3, 0] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        MlpRegressor(epochs=1).fit(X, y)


def test_it_can_be_cloned_and_leaves_no_trace(capfd: pytest.CaptureFixture[str]) -> None:
    X, y = rows(40)
    level, threads, numbers = (
        logging.getLogger("lightning.pytorch").level,
        torch.get_num_threads(),
        torch.random.get_rng_state(),
    )
    model = clone(MlpRegressor(hidden=7, epochs=2)).fit(X, y)
    assert model.hidden == 7
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("lightning.pytorch").level == level
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.random.get_rng_state(), numbers)
