"""Fine-tuning a pretrained sentence encoder: what the classifier and the embedding share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from zelo.features.text.encoder import load_encoder
from zelo.features.text.tokens import padding_id, tokenize
from zelo.models.neural.estimator import Neural

if TYPE_CHECKING:
    from zelo.features.text.pooling import PooledEncoder
    from zelo.models.neural.learning import Plan
    from zelo.models.neural.networks import EncoderNetwork

Array = np.ndarray[Any, Any]


class Tuned(Neural):
    """Fine-tunes the last ``layers`` of ``encoder`` (all of it, and its word embeddings, where None).

    Fitted, it holds all of the encoder: tokenizer, architecture and weights.
    """

    encoder: str
    layers: int | None
    class_weight: str | None
    tokenizer_: str
    architecture_: str

    @abstractmethod
    def _plan(self) -> Plan:
        """How it learns."""

    def _tokens(self, texts: Sequence[str]) -> Array:
        return tokenize(self.tokenizer_, texts)

    def _rebuilt(self) -> PooledEncoder:
        from zelo.features.text.pooling import PooledEncoder

        return PooledEncoder.rebuilt(self.architecture_)

    def _tuned(self, texts: Sequence[str], targets: Array) -> dict[str, Array]:
        """The state of an ``EncoderNetwork`` that has learned the texts' classes 0 .. k - 1."""
        import torch

        from zelo.models.neural.learning import Examples, fit_network
        from zelo.models.neural.networks import EncoderNetwork

        pretrained = load_encoder(self.encoder)
        self.tokenizer_ = pretrained.tokenizer_json
        self.architecture_ = pretrained.module.architecture
        vectors = pretrained.embed(texts)
        means = np.stack([vectors[targets == label].mean(axis=0) for label in range(targets.max() + 1)])

        def build() -> EncoderNetwork:
            network = EncoderNetwork(self._rebuilt(), len(means))
            network.encoder.load_state_dict(pretrained.module.state_dict())
            network.encoder.freeze_all_but(self.layers)
            with torch.no_grad():
                network.head.weight.copy_(torch.nn.functional.normalize(torch.from_numpy(means), dim=1))
                network.head.bias.zero_()
            return network

        examples = Examples(self._tokens(texts), targets, padding_id(self.tokenizer_))
        return fit_network(build, examples, self._plan(), self.class_weight)
