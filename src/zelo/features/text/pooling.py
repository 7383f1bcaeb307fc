"""The torch module behind a sentence encoder: token ids in, one unit vector a text out."""

from __future__ import annotations

import json
from typing import Any

import torch
from torch.nn import Module, ModuleList
from torch.nn.functional import normalize
from transformers import AutoConfig, AutoModel


class PooledEncoder(Module):  # type: ignore[misc]
    """A transformer's last hidden states, averaged over the tokens that are no padding, of length 1.

    Source: Reimers and Gurevych, "Sentence-BERT", EMNLP 2019.
    """

    def __init__(self, transformer: Any, padding_id: int) -> None:
        super().__init__()
        self.transformer = transformer
        self.padding_id = padding_id

    @property
    def dimension(self) -> int:
        return int(self.transformer.config.hidden_size)

    @property
    def architecture(self) -> str:
        """JSON from which ``rebuilt`` makes the same module without its weights."""
        config = {
            key: value for key, value in self.transformer.config.to_dict().items() if key != "_name_or_path"
        }
        return json.dumps({"padding_id": self.padding_id, "config": config}, sort_keys=True)

    @classmethod
    def rebuilt(cls, architecture: str) -> PooledEncoder:
        """A module of that architecture; its weights are random until a state is loaded."""
        document = json.loads(architecture)
        config = AutoConfig.for_model(**document["config"])
        with torch.random.fork_rng(devices=[]):
            transformer = AutoModel.from_config(config, attn_implementation="eager")
        return cls(transformer, document["padding_id"])

    def freeze_all_but(self, layers: int | None) -> None:
        """Only the last so many layers learn; None: all of them, and the embeddings of the tokens."""
        depth = self.transformer.config.num_hidden_layers
        self.requires_grad_(layers is None)
        stack = next(part for part in self.modules() if isinstance(part, ModuleList) and len(part) == depth)
        for layer in stack[depth - min(layers or depth, depth) :]:
            layer.requires_grad_(True)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Embeddings [n, d] of token ids [n, T], padded on the right."""
        mask = tokens != self.padding_id
        hidden = self.transformer(input_ids=tokens, attention_mask=mask.long()).last_hidden_state
        weight = mask.unsqueeze(-1).to(hidden.dtype)
        return normalize((hidden * weight).sum(dim=1), dim=-1)
