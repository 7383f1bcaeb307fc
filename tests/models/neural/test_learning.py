from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.encoders import make_texts

from zelo.models.neural import learning
from zelo.models.neural.learning import (
    Examples,
    Learner,
    Plan,
    class_weights,
    contrastive_loss,
    fit_network,
    validation_rows,
)
from zelo.models.neural.vocabulary import PADDING, build_vocabulary, word_ids

Array = np.ndarray[Any, Any]

ROWS = 120


class Bag(torch.nn.Module):
    """The smallest network over words: logits are the mean of the words' rows, and it counts its epochs."""

    def __init__(self, words: int, classes: int) -> None:
        super().__init__()
        self.embedding = torch.nn.EmbeddingBag(words, classes, padding_idx=PADDING)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.embedding(tokens)


def examples(targets: Array | None = None) -> Examples:
    texts, topics = make_texts(ROWS, seed=3)
    vocabulary = build_vocabulary(list(texts), 1)
    return Examples(word_ids(list(texts), vocabulary), topics if targets is None else targets, PADDING)


def fitted(plan: Plan, data: Examples, class_weight: str | None = None) -> dict[str, Array]:
    classes = int(data.targets.max()) + 1
    return fit_network(lambda: Bag(int(data.tokens.max()) + 1, classes), data, plan, class_weight)


def plan(**changes: Any) -> Plan:
    return Plan(**{"epochs": 5, "batch_size": 16, "learning_rate": 0.1, **changes})


def test_validation_rows_are_a_share_of_each_class_and_none_of_a_rare_one() -> None:
    targets = np.repeat([0, 1, 2, 3], [50, 20, 9, 1])
    rows = validation_rows(targets, 0.1, seed=0)
    assert np.bincount(targets[rows], minlength=4).tolist() == [5, 2, 0, 0]
    assert len(np.unique(rows)) == len(rows)
    assert not np.array_equal(rows, validation_rows(targets, 0.1, seed=1))


def test_the_rows_watched_are_not_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: dict[bool, Array] = {}
    whole = Examples.loader

    def remembered(self: Examples, rows: Array, plan: Plan, *, shuffle: bool) -> Any:
        drawn[shuffle] = rows
        return whole(self, rows, plan, shuffle=shuffle)

    monkeypatch.setattr(Examples, "loader", remembered)
    fitted(plan(), examples())
    assert len(drawn[False]) >= 8
    assert sorted([*drawn[True], *drawn[False]]) == list(range(ROWS))


def epochs_run(monkeypatch: pytest.MonkeyPatch, plan: Plan, data: Examples) -> tuple[int, dict[str, Array]]:
    steps: list[int] = []
    whole = Learner.training_step

    def counting(self: Learner, batch: Any, index: int) -> torch.Tensor:
        steps.append(index)
        return whole(self, batch, index)

    monkeypatch.setattr(Learner, "training_step", counting)
    state = fitted(plan, data)
    monkeypatch.setattr(Learner, "training_step", whole)
    return steps.count(0), state


def test_it_stops_when_the_validation_loss_no_longer_falls(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = np.random.default_rng(0).integers(0, 3, ROWS)
    count, state = epochs_run(monkeypatch, plan(epochs=60, patience=2), examples(chance))
    assert count < 20
    # The state is of the best epoch, two before the last one.
    _, best = epochs_run(monkeypatch, plan(epochs=count - 2, patience=100), examples(chance))
    _, last = epochs_run(monkeypatch, plan(epochs=count, patience=100, validation=0.0), examples(chance))
    np.testing.assert_array_equal(state["embedding.weight"], best["embedding.weight"])
    assert not np.array_equal(state["embedding.weight"], last["embedding.weight"])


def test_it_goes_on_while_the_validation_loss_falls(monkeypatch: pytest.MonkeyPatch) -> None:
    count, _ = epochs_run(monkeypatch, plan(epochs=12, learning_rate=0.01, patience=2), examples())
    assert count == 12


@pytest.mark.parametrize("share", [0.0, 0.01])
def test_without_rows_to_watch_all_epochs_are_run(monkeypatch: pytest.MonkeyPatch, share: float) -> None:
    chance = np.random.default_rng(0).integers(0, 3, ROWS)
    count, _ = epochs_run(monkeypatch, plan(epochs=15, patience=1, validation=share), examples(chance))
    assert count == 15


def test_balanced_weights_make_each_class_count_the_same() -> None:
    targets = np.repeat([0, 1, 2], [60, 30, 10])
    weights = class_weights(targets, "balanced")
    assert weights is not None
    np.testing.assert_allclose(weights.numpy() * np.bincount(targets), 100 / 3, rtol=1e-6)
    assert class_weights(targets, None) is None


def test_the_weights_are_in_the_loss() -> None:
    logits = torch.tensor([[2.0, 0.0], [2.0, 0.0]])
    tokens, truth = torch.zeros((2, 1), dtype=torch.int64), torch.tensor([0, 1])

    class Fixed(torch.nn.Module):
        def forward(self, tokens: torch.Tensor) -> torch.Tensor:
            return logits

    plain = Learner(Fixed(), None, plan()).loss(tokens, truth)
    weighted = Learner(Fixed(), torch.tensor([1.0, 3.0]), plan()).loss(tokens, truth)
    right, wrong = np.log1p(np.exp(-2.0)), np.log1p(np.exp(2.0))
    assert float(plain) == pytest.approx((right + wrong) / 2)
    assert float(weighted) == pytest.approx((right + 3 * wrong) / 4)


def test_the_contrastive_loss_is_low_where_classes_lie_apart() -> None:
    truth = torch.tensor([0, 0, 1, 1])
    apart = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    mixed = apart[[0, 2, 1, 3]]
    low, high = (float(contrastive_loss(vectors, truth, 0.1)) for vectors in (apart, mixed))
    # By hand: the one positive at similarity 10 or 0 against all three others.
    assert low == pytest.approx(np.log(np.exp(10.0) + 2.0) - 10.0, abs=1e-5)
    assert high == pytest.approx(np.log(np.exp(10.0) + 2.0) - 0.0, abs=1e-5)


def test_a_row_alone_of_its_class_pulls_nothing() -> None:
    vectors = torch.nn.functional.normalize(torch.randn(3, 4, generator=torch.Generator().manual_seed(0)))
    assert float(contrastive_loss(vectors, torch.tensor([0, 1, 2]), 0.1)) == 0.0
    pair = torch.tensor([0, 0, 1])
    assert float(contrastive_loss(vectors, pair, 0.1)) > 0.0


def test_the_rate_rises_then_falls_to_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rates: list[float] = []
    whole = Learner.training_step

    def noting(self: Learner, batch: Any, index: int) -> torch.Tensor:
        rates.append(self.trainer.optimizers[0].param_groups[0]["lr"])
        return whole(self, batch, index)

    monkeypatch.setattr(Learner, "training_step", noting)
    fitted(plan(epochs=4, warm_up=0.25, validation=0.0, batch_size=24), examples())
    assert len(rates) == 20
    np.testing.assert_allclose(rates[:5], np.arange(1, 6) / 5 * 0.1)
    np.testing.assert_allclose(rates[5:], np.arange(15, 0, -1) / 15 * 0.1)


def test_the_same_seed_gives_the_same_state_and_another_another() -> None:
    first, again, other = (fitted(plan(seed=seed), examples()) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first["embedding.weight"], again["embedding.weight"])
    assert not np.array_equal(first["embedding.weight"], other["embedding.weight"])


def test_learning_leaves_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    level, threads = logging.getLogger("lightning.pytorch").level, torch.get_num_threads()
    numbers = torch.random.get_rng_state()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted(plan(threads=1), examples())
    assert capfd.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []
    assert torch.equal(torch.random.get_rng_state(), numbers)
    assert logging.getLogger("lightning.pytorch").level == level
    assert torch.get_num_threads() == threads


def test_a_failure_leaves_the_threads_as_they_were() -> None:
    threads = torch.get_num_threads()
    with pytest.raises(ZeroDivisionError), learning._learning(plan(threads=threads + 1)):
        raise ZeroDivisionError
    assert torch.get_num_threads() == threads


def test_a_batch_is_cut_to_its_longest_text() -> None:
    tokens = np.array([[5, 0, 0, 0], [5, 6, 0, 0], [5, 6, 7, 8]])
    data = Examples(tokens, np.array([0, 1, 1]), PADDING)
    (short, _), *_ = data.loader(np.array([0, 1]), plan(), shuffle=False)
    assert short.tolist() == [[5, 0], [5, 6]]
