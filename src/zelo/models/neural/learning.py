"""Training a torch module by Lightning: seeded, silent, without files, stopped early where it can be."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from sklearn.utils.class_weight import compute_class_weight
from torch.nn import Module
from torch.nn.functional import cross_entropy
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader

from zelo.models.neural.networks import EncoderNetwork

Array = np.ndarray[Any, Any]
Batch = tuple[torch.Tensor, torch.Tensor]


@dataclass(frozen=True)
class Plan:
    """How a network learns."""

    epochs: int
    batch_size: int
    learning_rate: float
    head_rate: float | None = None
    """The rate of parameters called ``head``, where it is another."""
    weight_decay: float = 0.01
    warm_up: float | None = None
    """The share of the steps in which the rate grows to its height; then it falls to 0. None: constant."""
    cross_entropy: float = 1.0
    contrastive: float = 0.0
    """What each loss counts, where an encoder learns."""
    temperature: float = 0.1
    patience: int = 5
    """Epochs without a lower validation loss before the end."""
    validation: float = 0.1
    """The share of rows to watch. Where it is 0, or no class has rows enough, all epochs are run."""
    seed: int = 0
    threads: int = 1
    accelerator: str = "auto"


@dataclass(frozen=True)
class Examples:
    """Token ids [n, T], padded on the right, and their classes 0 .. k - 1 [n]."""

    tokens: Array
    targets: Array
    padding: int

    def loader(self, rows: Array, plan: Plan, *, shuffle: bool) -> DataLoader[Any]:
        """Batches of those rows, each cut to its longest text."""

        def batch(positions: Sequence[int]) -> Batch:
            ids = self.tokens[list(positions)]
            longest = max(int((ids != self.padding).any(axis=0).sum()), 1)
            return torch.from_numpy(ids[:, :longest]), torch.from_numpy(self.targets[list(positions)])

        order = torch.Generator().manual_seed(plan.seed)
        return DataLoader(rows.tolist(), plan.batch_size, shuffle=shuffle, collate_fn=batch, generator=order)


def validation_rows(targets: Array, share: float, seed: int) -> Array:
    """Positions of a stratified share; of a class with too few rows for it, none."""
    rng = np.random.default_rng(seed)
    chosen = [
        rng.permutation(rows)[: int(len(rows) * share)]
        for rows in (np.flatnonzero(targets == label) for label in np.unique(targets))
    ]
    return np.sort(np.concatenate(chosen)).astype(np.int64)


def class_weights(targets: Array, class_weight: str | None) -> torch.Tensor | None:
    """A weight for each class 0 .. k - 1, or None where all count the same."""
    if class_weight is None:
        return None
    weights = compute_class_weight(class_weight, classes=np.arange(targets.max() + 1), y=targets)
    return torch.tensor(weights, dtype=torch.float32)


def fit_network(
    build: Callable[[], Module], examples: Examples, plan: Plan, class_weight: str | None
) -> dict[str, Array]:
    """The state of the built module after learning the examples, by its best epoch.

    ``plan.contrastive`` wants an ``EncoderNetwork``; other modules give logits [n, k] alone.
    """
    held_out = validation_rows(examples.targets, plan.validation, plan.seed)
    fitted_on = np.setdiff1d(np.arange(len(examples.targets)), held_out)
    weights = class_weights(examples.targets[fitted_on], class_weight)
    training = examples.loader(fitted_on, plan, shuffle=True)
    validation = examples.loader(held_out, plan, shuffle=False) if len(held_out) else None
    return best_state(lambda: Learner(build(), weights, plan), training, validation, plan)


def best_state(
    make: Callable[[], Learner], training: DataLoader[Any], validation: DataLoader[Any] | None, plan: Plan
) -> dict[str, Array]:
    """The state of the learner's network by its best epoch; by the last where no rows are watched."""
    with _learning(plan):
        learner, stopper = make(), BestEpoch(plan.patience)
        if validation is None:
            _trainer(plan, []).fit(learner, training)
        else:
            _trainer(plan, [stopper]).fit(learner, training, validation)
        return stopper.best or state_of(learner.network)


def contrastive_loss(vectors: torch.Tensor, truth: torch.Tensor, temperature: float) -> torch.Tensor:
    """The supervised contrastive loss of unit vectors [n, d]; a row alone of its class pulls nothing.

    Source: Khosla et al., "Supervised contrastive learning", NeurIPS 2020.
    """
    itself = torch.eye(len(vectors), dtype=torch.bool, device=vectors.device)
    similarity = (vectors @ vectors.T / temperature).masked_fill(itself, -1e9)
    positive = (truth[:, None] == truth[None, :]) & ~itself
    count = positive.sum(dim=1)
    likelihood = similarity.log_softmax(dim=1).masked_fill(~positive, 0.0).sum(dim=1)
    return -(likelihood / count.clamp(min=1)).sum() / (count > 0).sum().clamp(min=1)


def state_of(network: Module) -> dict[str, Array]:
    """The module's state as arrays of its own."""
    return {name: value.detach().cpu().numpy().copy() for name, value in network.state_dict().items()}


class Learner(LightningModule):  # type: ignore[misc]
    """A module, its loss and its optimiser."""

    def __init__(self, network: Module, weights: torch.Tensor | None, plan: Plan) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("weights", weights)
        self._plan = plan

    def loss(self, tokens: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
        """Cross-entropy weighted by class, and the contrastive loss, as the plan mixes them."""
        plan = self._plan
        if not isinstance(self.network, EncoderNetwork):
            return cross_entropy(self.network(tokens), truth, weight=self.weights)
        vectors = self.network.encoder(tokens)
        total = vectors.new_zeros(())
        if plan.cross_entropy:
            logits = self.network.classify(vectors)
            total = total + plan.cross_entropy * cross_entropy(logits, truth, weight=self.weights)
        if plan.contrastive:
            total = total + plan.contrastive * contrastive_loss(vectors, truth, plan.temperature)
        return total

    def training_step(self, batch: Batch, _: int) -> torch.Tensor:
        tokens, truth = batch
        return self.loss(tokens, truth)

    def validation_step(self, batch: Batch, _: int) -> None:
        tokens, truth = batch
        self.log("validation_loss", self.loss(tokens, truth), batch_size=len(truth))

    def configure_optimizers(self) -> Any:
        plan = self._plan
        named = [pair for pair in self.network.named_parameters() if pair[1].requires_grad]
        groups = [
            {"params": [value for name, value in named if not name.startswith("head")]},
            {
                "params": [value for name, value in named if name.startswith("head")],
                "lr": plan.head_rate or plan.learning_rate,
            },
        ]
        optimiser = AdamW(groups, lr=plan.learning_rate, weight_decay=plan.weight_decay)
        if plan.warm_up is None:
            return optimiser
        steps = int(self.trainer.estimated_stepping_batches)
        rising = max(round(plan.warm_up * steps), 1)

        def height(step: int) -> float:
            return min((step + 1) / rising, (steps - step) / max(steps - rising, 1), 1.0)

        schedule = {"scheduler": LambdaLR(optimiser, height), "interval": "step"}
        return {"optimizer": optimiser, "lr_scheduler": schedule}


class BestEpoch(Callback):  # type: ignore[misc]
    """Stops after ``patience`` epochs without a lower validation loss, and keeps the best epoch's state."""

    def __init__(self, patience: int) -> None:
        self.best: dict[str, Array] | None = None
        self._patience = patience
        self._lowest = float("inf")
        self._waited = 0

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        loss = float(trainer.callback_metrics["validation_loss"])
        self._waited += 1
        if loss < self._lowest:
            assert isinstance(pl_module, Learner)
            self._lowest, self._waited, self.best = loss, 0, state_of(pl_module.network)
        trainer.should_stop = self._waited >= self._patience


def _trainer(plan: Plan, callbacks: list[Callback]) -> Trainer:
    return Trainer(
        max_epochs=plan.epochs,
        accelerator=plan.accelerator,
        devices=1,
        callbacks=callbacks,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        gradient_clip_val=1.0,
    )


@contextmanager
def _learning(plan: Plan) -> Iterator[None]:
    """Seeded and silent; random numbers, threads, log levels and warnings are as before afterwards."""
    threads = torch.get_num_threads()
    log = logging.getLogger("lightning.pytorch")
    level = log.level
    log.setLevel(logging.ERROR)
    torch.set_num_threads(plan.threads)
    try:
        with warnings.catch_warnings(), torch.random.fork_rng():
            warnings.simplefilter("ignore")
            torch.manual_seed(plan.seed)
            yield
    finally:
        torch.set_num_threads(threads)
        log.setLevel(level)
