"""scikit-learn transformers that read texts; each has its ONNX emission in ``zelo.registry.compilation``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import TruncatedSVD

from zelo.features.text.preparation import TextPreparation

Array = np.ndarray[Any, Any]

GRID = 1e6
SHAPE = ("characters", "words", "mean_word_length", "digit_share")


class PrepareTexts(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """A table's text field as prepared texts: [n, m] frame -> [n] objects."""

    def __init__(self, field: str, abbreviations: Mapping[str, str], fold_accents: bool) -> None:
        self.field = field
        self.abbreviations = abbreviations
        self.fold_accents = fold_accents

    @property
    def preparation(self) -> TextPreparation:
        return TextPreparation(dict(self.abbreviations), self.fold_accents)

    def fit(self, X: Any, y: Any = None) -> Self:
        self.n_features_in_ = 1
        return self

    def transform(self, X: Any) -> Array:
        apply = self.preparation.apply
        return np.array([apply(text) for text in X[self.field]], dtype=object)


class TextShape(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Length and complexity of prepared texts: [n] -> [n, 4], in the order of ``SHAPE``.

    Characters and words are counted on a logarithmic scale, ln(1 + count); the share of digits is of the
    characters without spaces.
    """

    def fit(self, X: Sequence[str], y: Any = None) -> Self:
        self.n_features_out_ = len(SHAPE)
        return self

    def transform(self, X: Sequence[str]) -> Array:
        words = np.array([len(text.split()) for text in X], dtype=np.float64)
        letters = np.array([len(text.replace(" ", "")) for text in X], dtype=np.float64)
        digits = np.array([sum(map(_is_digit, text)) for text in X], dtype=np.float64)
        return np.column_stack([np.log1p(letters), np.log1p(words), letters / words, digits / letters])


class WordVectors(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Word vectors trained on the corpus by gensim; a text is the mean of its known words', of length 1.

    A text without a known word is the zero vector. fastText shares what the parts of words mean while it is
    trained; asked for an unknown word, both kinds leave it out.
    Sources: Mikolov et al., "Efficient estimation of word representations in vector space", 2013;
    Bojanowski et al., "Enriching word vectors with subword information", TACL 2017.
    """

    def __init__(self, kind: Literal["word2vec", "fasttext"], size: int, epochs: int, seed: int) -> None:
        self.kind = kind
        self.size = size
        self.epochs = epochs
        self.seed = seed

    def fit(self, X: Sequence[str], y: Any = None) -> Self:
        from gensim.models import FastText, Word2Vec

        options = {
            "vector_size": self.size,
            "window": 5,
            "min_count": 1,
            "sg": 1,
            "epochs": self.epochs,
            "workers": 1,  # more of them give another model each time
            "seed": self.seed,
        }
        sentences = [text.split() for text in X]
        trained = (
            FastText(sentences, bucket=20_000, **options)
            if self.kind == "fasttext"
            else Word2Vec(sentences, **options)
        )
        self.vocabulary_ = list(trained.wv.index_to_key)
        self.vectors_ = np.asarray(trained.wv.get_normed_vectors(), dtype=np.float64)
        return self

    def transform(self, X: Sequence[str]) -> Array:
        places = {word: place for place, word in enumerate(self.vocabulary_)}
        found = np.zeros((len(X), self.size))
        for row, text in enumerate(X):
            known = [places[word] for word in text.split() if word in places]
            if known:
                found[row] = self.vectors_[known].sum(axis=0)
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        return np.asarray(found / np.maximum(lengths, 1e-12))


class Reduce(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Latent semantic analysis: a wide sparse matrix as at most ``components`` dense columns, for trees.

    Rounded to six decimals: two libraries' sums differ in the last digits, and trees split on values that
    training rows have.
    Source: Deerwester et al., "Indexing by latent semantic analysis", JASIS 1990.
    """

    def __init__(self, components: int, seed: int) -> None:
        self.components = components
        self.seed = seed

    def fit(self, X: Any, y: Any = None) -> Self:
        rows, columns = X.shape
        self.svd_ = TruncatedSVD(max(1, min(self.components, rows - 1, columns - 1)), random_state=self.seed)
        self.svd_.fit(X)
        return self

    def transform(self, X: Any) -> Array:
        return np.asarray(np.rint(self.svd_.transform(X) * GRID) / GRID)


def _is_digit(letter: str) -> bool:
    return letter in "0123456789"
