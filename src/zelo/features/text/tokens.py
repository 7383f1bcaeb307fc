"""Texts as an encoder's token ids. Serving needs no more of an encoder: ``tokenizers`` alone."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Array = np.ndarray[Any, Any]

MAX_TOKENS = 64
"""A longer text is cut."""


def tokenize(tokenizer_json: str, texts: Iterable[str]) -> Array:
    """Token ids [n, T] in int64, padded on the right to the longest text, T in 1 .. MAX_TOKENS.

    Needs the library ``tokenizers`` alone.
    """
    encodings = _tokenizer(tokenizer_json).encode_batch(list(texts))
    tokens = np.array([encoding.ids for encoding in encodings], dtype=np.int64)
    if tokens.size == 0:
        return np.full((len(encodings), 1), padding_id(tokenizer_json), dtype=np.int64)
    return tokens


def padding_id(tokenizer_json: str) -> int:
    """The id that ``tokenize`` fills short texts with."""
    padding = _tokenizer(tokenizer_json).padding
    assert padding is not None
    return int(padding["pad_id"])


@lru_cache(maxsize=4)
def _tokenizer(tokenizer_json: str) -> Tokenizer:
    from tokenizers import Tokenizer

    return Tokenizer.from_str(tokenizer_json)
