"""Words as ids: what the networks with a vocabulary of their own read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

PADDING, UNKNOWN, FIRST = 0, 1, 2
"""The ids of no word, of a word that is not known, and of the first that is."""
MAX_WORDS = 200
"""Later words of a text are not read."""


def words_of(text: str) -> list[str]:
    """The words of a prepared text, which single spaces separate."""
    return [word for word in text.split(" ") if word]


def build_vocabulary(texts: Sequence[str], min_count: int) -> dict[str, int]:
    """Word -> id for words in at least ``min_count`` places, the most frequent first."""
    counts = Counter(word for text in texts for word in words_of(text))
    kept = sorted(
        (word for word, count in counts.items() if count >= min_count), key=lambda w: (-counts[w], w)
    )
    return {word: position for position, word in enumerate(kept, start=FIRST)}


def word_ids(texts: Sequence[str], vocabulary: Mapping[str, int]) -> Array:
    """Ids [n, T] in int64, padded on the right to the longest text, T in 1 .. MAX_WORDS."""
    rows = [[vocabulary.get(word, UNKNOWN) for word in words_of(text)[:MAX_WORDS]] for text in texts]
    ids = np.full((len(rows), max((len(row) for row in rows), default=1) or 1), PADDING, dtype=np.int64)
    for position, row in enumerate(rows):
        ids[position, : len(row)] = row
    return ids
