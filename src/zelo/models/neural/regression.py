"""Training a small network on plain numbers, in order of time."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.nn import Dropout, Linear, Module, ReLU, Sequential
from torch.nn.functional import mse_loss
from torch.utils.data import DataLoader, Subset, TensorDataset

from zelo.models.neural.learning import Learner, Plan, best_state

Array = np.ndarray[Any, Any]


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
    """Weights [out, in] and bias [out] of each layer in float64, by the best epoch on the latest rows.

    Args:
        features: [n, d], in order of time.
        targets: [n], in standard deviations.
    """
    earlier = range(len(targets) - int(len(targets) * plan.validation))
    latest = range(len(earlier), len(targets))
    rows = TensorDataset(
        torch.tensor(features, dtype=torch.float32), torch.tensor(targets, dtype=torch.float32)[:, None]
    )
    order = torch.Generator().manual_seed(plan.seed)
    training = DataLoader(Subset(rows, earlier), plan.batch_size, shuffle=True, generator=order)
    validation = DataLoader(Subset(rows, latest), plan.batch_size) if latest else None

    def learner() -> ValueLearner:
        return ValueLearner(perceptron(features.shape[1], hidden, layers, dropout), None, plan)

    state = best_state(learner, training, validation, plan)
    arrays = [value.astype(np.float64) for value in state.values()]
    return list(zip(arrays[::2], arrays[1::2], strict=True))
