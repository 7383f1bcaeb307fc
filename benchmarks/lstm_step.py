"""Windows a second of the LSTM's training: Zelo's Lightning learner beside a plain loop in PyTorch."""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
import torch
from torch.nn.functional import mse_loss
from torch.nn.utils import clip_grad_norm_
from torch.optim import AdamW

from benchmarks.figures import OUT, Figure, machine, show
from zelo.models.neural.learning import Plan, best_state
from zelo.models.neural.lstm import LstmRegressor
from zelo.models.neural.recurrent import RecurrentNetwork
from zelo.models.neural.regression import ValueLearner, batches

ASKED = 0.9
ROWS, STEPS = 1530, 59
"""As many windows of returns as six years of daily prices give."""
ROUNDS = {"cpu": 6, "cuda": 10}
EPOCHS = {"cpu": 6, "cuda": 20}

Array = np.ndarray[Any, Any]


def run(accelerator: str = "cpu") -> None:
    plan = plan_of(LstmRegressor(), accelerator)
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((ROWS, STEPS)), rng.standard_normal(ROWS)
    learned = ours(*rows, plan), plain(*rows, plan)
    for name, state in learned[0].items():
        # The same batches in the same order: otherwise the two would not be one training.
        np.testing.assert_allclose(state, learned[1][name], rtol=1e-3, atol=1e-4)
    rates = np.array([interleaved(turn, rows, plan) for turn in range(ROUNDS[accelerator])])
    fast, bare = np.median(rates, axis=0)
    ratios = rates[:, 0] / rates[:, 1]
    ratio = float(np.median(ratios))
    title = (
        f"LSTM of 2 layers of 64, {STEPS} steps, batches of {plan.batch_size}, on {_processor(accelerator)}"
    )
    show(
        f"{title}: {len(rates)} interleaved rounds of {plan.epochs} epochs, medians",
        [
            Figure(
                "windows a second over a plain PyTorch loop's",
                f"{ratio:.2f}x ({ratios.min():.2f} to {ratios.max():.2f}); {fast:,.0f} a second",
                f">= {ASKED:g}x",
                ratio >= ASKED,
                f"{bare:,.0f} a second",
            )
        ],
    )


def plan_of(model: LstmRegressor, accelerator: str) -> Plan:
    """The candidate's own plan, for a fixed number of epochs."""
    return Plan(
        epochs=EPOCHS[accelerator],
        batch_size=model.batch_size,
        learning_rate=model.learning_rate,
        weight_decay=model.weight_decay,
        patience=EPOCHS[accelerator],
        validation=model.validation,
        threads=1,
        accelerator=accelerator,
    )


def interleaved(turn: int, rows: tuple[Array, Array], plan: Plan) -> list[float]:
    """Both rates of a round, ours first; who begins changes from round to round."""
    ways = (ours, plain) if turn % 2 == 0 else (plain, ours)
    found = {way: rate(way, rows, plan) for way in ways}
    return [found[ours], found[plain]]


def rate(way: Any, rows: tuple[Array, Array], plan: Plan) -> float:
    """Windows learned a second, from arrays to the state of the best epoch."""
    start = time.perf_counter()
    way(*rows, plan)
    learned = (ROWS - int(ROWS * plan.validation)) * plan.epochs
    return learned / (time.perf_counter() - start)


def network() -> RecurrentNetwork:
    model = LstmRegressor()
    return RecurrentNetwork(model.hidden, model.layers, model.dropout)


def ours(features: Array, targets: Array, plan: Plan) -> dict[str, Array]:
    training, validation = batches(features, targets, plan)
    return best_state(lambda: ValueLearner(network(), None, plan), training, validation, plan)


def plain(features: Array, targets: Array, plan: Plan) -> dict[str, Array]:
    """The loop that one would write: the same network, batches, optimiser, clipping and watched rows."""
    torch.manual_seed(plan.seed)
    torch.set_num_threads(plan.threads)
    training, validation = batches(features, targets, plan)
    assert validation is not None
    learner = network().to(plan.accelerator)
    optimiser = AdamW(learner.parameters(), lr=plan.learning_rate, weight_decay=plan.weight_decay)
    best, lowest = {}, float("inf")
    for _ in range(plan.epochs):
        learner.train()
        for rows, truth in training:
            optimiser.zero_grad()
            mse_loss(learner(rows.to(plan.accelerator)), truth.to(plan.accelerator)).backward()
            clip_grad_norm_(learner.parameters(), 1.0)
            optimiser.step()
        learner.eval()
        with torch.no_grad():
            losses = [
                mse_loss(learner(rows.to(plan.accelerator)), truth.to(plan.accelerator)).item()
                for rows, truth in validation
            ]
        if np.mean(losses) < lowest:
            lowest = float(np.mean(losses))
            best = {name: value.cpu().numpy().copy() for name, value in learner.state_dict().items()}
    return best


def _processor(accelerator: str) -> str:
    return torch.cuda.get_device_name() if accelerator == "cuda" else "one core"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accelerator", choices=sorted(EPOCHS), default="cpu")
    chosen = parser.parse_args().accelerator
    OUT.print(f"Machine: {machine()}\n")
    run(chosen)
