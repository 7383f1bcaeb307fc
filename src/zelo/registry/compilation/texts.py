"""Fitted text transformers as ONNX nodes over prepared texts [n, 1]."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from zelo.features.text.transforms import GRID, Reduce, TextShape, WordVectors
from zelo.registry.compilation.graph import DOUBLE, RUNTIME_DOMAIN, CannotCompile, Graph
from zelo.spec.project import Project

PAD = "\x00"
"""What fills a row that has fewer tokens; no prepared text holds it."""
_SMALLEST = 1e-12


def words_of(graph: Graph, text: str) -> str:
    """Words [n, t] of prepared texts [n, 1], each row filled up with ``PAD``."""
    return _tokens(graph, text, " ")


def letters_of(graph: Graph, text: str) -> str:
    """Characters [n, t] of prepared texts [n, 1], spaces included, each row filled up with ``PAD``."""
    return _tokens(graph, text, "")


def looked_up(graph: Graph, tokens: str, values: Mapping[str, float], default: float) -> str:
    """A number [n, t] for each token."""
    return graph.add(
        "LabelEncoder",
        tokens,
        domain="ai.onnx.ml",
        keys_strings=list(values),
        values_floats=[float(value) for value in values.values()],
        default_float=default,
    )


def places_of(graph: Graph, tokens: str, vocabulary: Sequence[str], unknown: int, padding: int) -> str:
    """Each token's place [n, t] (int64) in the vocabulary."""
    return graph.add(
        "LabelEncoder",
        tokens,
        domain="ai.onnx.ml",
        keys_strings=[*vocabulary, PAD],
        values_int64s=[*range(len(vocabulary)), padding],
        default_int64=unknown,
    )


def emit_tfidf(graph: Graph, fitted: TfidfVectorizer, text: str, project: Project) -> str:
    """Counts of the known n-grams, damped, weighted and brought to length 1, as scikit-learn does."""
    if fitted.analyzer not in ("word", "char_wb") or fitted.norm != "l2" or fitted.binary:
        raise CannotCompile(
            "no exact compilation of this TfidfVectorizer",
            where=project.name,
            found=f"analyzer {fitted.analyzer}, norm {fitted.norm}, binary {fitted.binary}",
            expected="words, or characters inside words, and the norm l2",
        )
    if fitted.analyzer == "word":
        grams = {tuple(gram.split(" ")): int(place) for gram, place in fitted.vocabulary_.items()}
        tokens = words_of(graph, text)
    else:
        # Inside words alone: no n-gram that crosses a space is in the vocabulary, so the edges are enough.
        grams = {tuple(gram): int(place) for gram, place in fitted.vocabulary_.items()}
        edge = graph.constant([[" "]], object)
        tokens = letters_of(graph, graph.add("StringConcat", graph.add("StringConcat", edge, text), edge))
    counts = graph.cast(_counted(graph, tokens, grams), DOUBLE)
    one = graph.constant([[1.0]])
    if fitted.sublinear_tf:
        damped = graph.add("Log", graph.add("Max", counts, one))
        counts = graph.add("Add", damped, graph.add("Min", counts, one))
    if fitted.use_idf:
        counts = graph.add("Mul", counts, graph.constant(fitted.idf_[None, :]))
    return _normed(graph, counts)


def emit_shape(graph: Graph, fitted: TextShape, text: str, project: Project) -> str:
    letters = letters_of(graph, text)
    characters = _sum(graph, looked_up(graph, letters, {PAD: 0.0, " ": 0.0}, 1.0))
    digits = _sum(graph, looked_up(graph, letters, dict.fromkeys("0123456789", 1.0), 0.0))
    words = _sum(graph, looked_up(graph, words_of(graph, text), {PAD: 0.0}, 1.0))
    one = graph.constant([[1.0]])
    logs = [graph.add("Log", graph.add("Add", count, one)) for count in (characters, words)]
    return graph.concat([*logs, graph.add("Div", characters, words), graph.add("Div", digits, characters)])


def emit_word_vectors(graph: Graph, fitted: WordVectors, text: str, project: Project) -> str:
    known = len(fitted.vocabulary_)
    places = places_of(graph, words_of(graph, text), fitted.vocabulary_, unknown=known, padding=known)
    vectors = graph.constant(np.vstack([fitted.vectors_, np.zeros((1, fitted.size))]))
    summed = graph.add(
        "ReduceSum", graph.add("Gather", vectors, places, axis=0), graph.constant([1], np.int64), keepdims=0
    )
    return _normed(graph, summed)


def emit_reduce(graph: Graph, fitted: Reduce, tensor: str, project: Project) -> str:
    product = graph.add("MatMul", tensor, graph.constant(fitted.svd_.components_.T))
    grid = graph.constant([[GRID]])
    return graph.add("Div", graph.add("Round", graph.add("Mul", product, grid)), grid)


def _tokens(graph: Graph, text: str, separator: str) -> str:
    flat = graph.add("Reshape", text, graph.constant([-1], np.int64))
    return graph.add(
        "Tokenizer",
        flat,
        domain=RUNTIME_DOMAIN,
        separators=[separator],
        mincharnum=1,
        mark=0,
        pad_value=PAD,
    )


def _counted(graph: Graph, tokens: str, grams: Mapping[tuple[str, ...], int]) -> str:
    """How often each n-gram stands in each row, [n, v] in the vocabulary's order."""
    longest = max(map(len, grams))
    by_length = [sorted(gram for gram in grams if len(gram) == size) for size in range(1, longest + 1)]
    sizes = [size * len(some) for size, some in enumerate(by_length, start=1)]
    return graph.add(
        "TfIdfVectorizer",
        tokens,
        mode="TF",
        min_gram_length=min(map(len, grams)),
        max_gram_length=longest,
        max_skip_count=0,
        ngram_counts=[0, *accumulate(sizes)][:-1],
        ngram_indexes=[grams[gram] for some in by_length for gram in some],
        pool_strings=[token for some in by_length for gram in some for token in gram],
    )


def _sum(graph: Graph, values: str) -> str:
    return graph.add("ReduceSum", graph.cast(values, DOUBLE), graph.constant([1], np.int64), keepdims=1)


def _normed(graph: Graph, tensor: str) -> str:
    squares = graph.add("ReduceSumSquare", tensor, graph.constant([1], np.int64), keepdims=1)
    length = graph.add("Max", graph.add("Sqrt", squares), graph.constant([[_SMALLEST]]))
    return graph.add("Div", tensor, length)
