"""Training a small network on plain numbers, in order of time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn import Dropout, Linear, Module, ReLU, Sequential
from torch.nn.functional import mse_loss
from torch.utils.data import DataLoader

from zelo.models.neural.learning import Batch, Learner, Plan, best_state

Array = np.ndarray[Any, Any]

WATCHED = 1024
"""Rows at once where nothing is learned from them."""


class ValueLearner(Learner):
    """A module that gives values [n, 1], and its squared error."""

    def loss(self, features: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
        return mse_loss(self.network(features), truth)


def perceptron(features: int, hidden: int, layers: int, dropout: float) -> Module:
    """So many hidden layers of the same width, then one value."""
    parts: list[Module] = []
    for width in [features, *[hidden] * (layers - 1)]:
        parts += [Linear(width, hidden), ReLU(), Dropout(dropout)]
    return Sequential(*parts, Linear(hidden, 1))


def fit_perceptron(
    features: Array, targets: Array, plan: Plan, *, hidden: int, layers: int, dropout: float
) -> list[tuple[Array, Array]]:
    """Weights [out, in] and bias [out] of each layer; see :func:`fit_in_order`."""
    state = fit_in_order(
        lambda: perceptron(features.shape[1], hidden, layers, dropout), features, targets, plan
    )
    arrays = list(state.values())
    return list(zip(arrays[::2], arrays[1::2], strict=True))


def fit_in_order(
    build: Callable[[], Module], features: Array, targets: Array, plan: Plan
) -> dict[str, Array]:
    """The state in float64 of a network of values, by the best epoch on the latest rows.

    Args:
        features: [n, d], in order of time.
        targets: [n], in standard deviations.
    """
    training, validation = batches(features, targets, plan)
    state = best_state(lambda: ValueLearner(build(), None, plan), training, validation, plan)
    return {name: value.astype(np.float64) for name, value in state.items()}


def batches(features: Array, targets: Array, plan: Plan) -> tuple[DataLoader[Any], DataLoader[Any] | None]:
    """The earlier rows, shuffled, and the latest to watch; no such where the plan's share of them is none."""
    rows = torch.tensor(features, dtype=torch.float32)
    truth = torch.tensor(targets, dtype=torch.float32)[:, None]

    def batch(positions: list[int]) -> Batch:
        return rows[positions], truth[positions]

    earlier = len(targets) - int(len(targets) * plan.validation)
    latest = range(earlier, len(targets))
    training: DataLoader[Any] = DataLoader(
        range(earlier),
        plan.batch_size,
        shuffle=True,
        generator=torch.Generator().manual_seed(plan.seed),
        collate_fn=batch,
    )
    validation: DataLoader[Any] = DataLoader(latest, WATCHED, collate_fn=batch)
    return training, validation if latest else None
