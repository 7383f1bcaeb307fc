"""A convolutional network over words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zelo.models.neural.words import WordClassifier

if TYPE_CHECKING:
    from torch.nn import Module


class TextCnnClassifier(WordClassifier):
    """Word embeddings, filters of several widths, maximum over time (see ``networks.TextCnnNetwork``)."""

    def __init__(
        self,
        dimension: int = 100,
        filters: int = 100,
        widths: tuple[int, ...] = (2, 3, 4),
        dropout: float = 0.4,
        min_count: int = 1,
        learning_rate: float = 2e-3,
        weight_decay: float = 0.01,
        batch_size: int = 32,
        epochs: int = 40,
        patience: int = 6,
        validation: float = 0.1,
        class_weight: str | None = "balanced",
        random_state: int = 0,
        threads: int = 1,
    ) -> None:
        self.dimension = dimension
        self.filters = filters
        self.widths = widths
        self.dropout = dropout
        self.min_count = min_count
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.epochs = epochs
        self.patience = patience
        self.validation = validation
        self.class_weight = class_weight
        self.random_state = random_state
        self.threads = threads

    def _build(self) -> Module:
        from zelo.models.neural.networks import TextCnnNetwork

        return TextCnnNetwork(
            self._words, self.dimension, self.filters, self.widths, self.dropout, len(self.classes_)
        )
