"""A text as a few numbers whose drift can be watched: its length, its new words, and where it lies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from zelo.features.text.preparation import TextPreparation
from zelo.stats.arrays import FloatArray

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

Measure = Literal["length in words", "share of new words"]

COORDINATES = 5
HEAVIEST = 3
"""Words that name a coordinate."""


class TextSpace:
    """Word weights (TF-IDF) turned to the few directions in which texts differ most (a truncated SVD).

    Texts that it was fitted on have no new words and lie better in it than others do, drift or no drift: the
    reference must be other texts.

    Args:
        texts: to fit on; "" is a missing text.
        preparation: as the model prepares them.
        seed: of the SVD's start.
    """

    def __init__(self, texts: Sequence[str], preparation: TextPreparation, *, seed: int) -> None:
        self._preparation = preparation
        prepared = [preparation.apply(text) for text in texts if text]
        self._known = frozenset(word for text in prepared for word in text.split())
        self._fitted = _fit(prepared, seed) if len(self._known) > COORDINATES < len(prepared) else None

    def coordinates(self, texts: Sequence[str]) -> dict[str, FloatArray]:
        """By what was measured, each of shape [n]; NaN for a missing text."""
        prepared = {text: self._preparation.apply(text) for text in set(texts) if text}
        told = [prepared[text] if text else None for text in texts]
        words = [None if text is None else text.split() for text in told]
        found: dict[str, FloatArray] = {
            "length in words": _floats([math.nan if some is None else len(some) for some in words]),
            "share of new words": _floats([math.nan if some is None else self._new(some) for some in words]),
        }
        if self._fitted is None:
            return found
        placed = np.full((len(texts), COORDINATES), np.nan)
        present = [place for place, text in enumerate(told) if text is not None]
        if present:
            placed[present] = self._fitted.transform([told[place] for place in present])
        return found | dict(zip(_names(self._fitted), placed.T, strict=True))

    def _new(self, words: Sequence[str]) -> float:
        return sum(word not in self._known for word in words) / len(words)


def _fit(prepared: Sequence[str], seed: int) -> Pipeline:
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline

    weights = TfidfVectorizer(
        tokenizer=str.split, token_pattern=None, lowercase=False, sublinear_tf=True, max_features=20_000
    )
    turned = TruncatedSVD(COORDINATES, random_state=seed)
    return make_pipeline(weights, turned).fit(prepared)


def _names(fitted: Pipeline) -> list[str]:
    """The words that weigh most in each coordinate; its number comes first, so that no two are alike."""
    words = fitted[0].get_feature_names_out()
    return [
        f"{place}: {', '.join(words[np.argsort(-np.abs(weights), kind='stable')[:HEAVIEST]])}"
        for place, weights in enumerate(fitted[1].components_, 1)
    ]


def _floats(values: Sequence[float]) -> FloatArray:
    return np.array(values, dtype=np.float64)
