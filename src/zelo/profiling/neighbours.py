"""Texts near each other: character n-grams, so that a typing error is a small distance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer

from zelo.profiling.rows import Rows

Array = np.ndarray[Any, Any]

MOST_TEXTS = 6000
"""Distinct texts that are compared, each with each; more are drawn at random."""
BLOCK = 500


@dataclass(frozen=True)
class Distinct:
    """The distinct texts, each once: ``texts`` [m], the ``first`` row of each [m], unit ``vectors`` [m, v].

    ``found`` is how many there are; at most MOST_TEXTS of them are kept.
    """

    texts: tuple[str, ...]
    first: Array
    vectors: csr_matrix
    found: int

    def similarities(self) -> Iterator[tuple[int, Array]]:
        """Blocks of cosines: the position of the block's first text, and [b, m] with 1 for itself."""
        for start in range(0, len(self.texts), BLOCK):
            yield start, (self.vectors[start : start + BLOCK] @ self.vectors.T).toarray()


def distinct_texts(rows: Rows) -> Distinct | None:
    """The rows' texts as the model reads them; None where the project reads none, or all are one."""
    if not rows.project.texts:
        return None
    documents = rows.documents()
    seen: dict[str, int] = {}
    for position, text in enumerate(documents):
        seen.setdefault(text, position)
    if len(seen) < 2:
        return None
    first = np.array(sorted(seen.values()))
    if len(first) > MOST_TEXTS:
        chance = np.random.default_rng(rows.project.split.seed)
        first = np.sort(chance.choice(first, MOST_TEXTS, replace=False))
    texts = tuple(documents[position] for position in first)
    # One letter is the shortest word there is: with pairs of signs, no text is without a vector.
    vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), dtype=np.float32).fit_transform(texts)
    return Distinct(texts, first, vectors, len(seen))
