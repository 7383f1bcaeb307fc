"""Which rows a person should label next: unsure, of rare classes, typical of the rest, unlike one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

FEATURES = 1024
_LONGEST = 2_000
_MULTIPLIERS = np.array([961_003, 31_013, 1], dtype=np.uint64)
_PRIME = np.uint64(1_000_003)


@dataclass(frozen=True)
class Ranked:
    """Candidates in the order in which labels are worth most.

    ``order`` are positions [m]. The others are of all candidates, [n]: ``worth`` by itself, without what
    stands before it in the order, and what it is made of, each between 0 and 1: ``unsure``, ``rare``,
    ``typical`` of all candidates, ``unlike`` what is labelled.
    """

    order: Array
    worth: Array
    unsure: Array
    rare: Array
    typical: Array
    unlike: Array


def rank(
    probabilities: Array, features: Array, labelled: Array, counts: Array, *, most: int | None = None
) -> Ranked:
    """Greedy order of candidates by what a label of each is worth.

    Four things multiply, as none makes up for another: how unsure the model is (one less the margin between
    its two most probable classes), how rare the classes are that it suggests, relative to the rarest
    (probabilities weighed by ``1 / sqrt(1 + count)``), and the square roots of how typical the candidate is
    (its mean likeness to all of them) and of how unlike what is labelled. Then each that is chosen puts off
    those that are like it.

    Args:
        probabilities: of each candidate's classes, [n, K].
        features: of each candidate, rows of length 1 with no negative cosine, [n, d].
        labelled: the same features of what has its label, [m, d].
        counts: labels so far of each class, [K].
        most: how many to order; all of them by default.
    """
    second, first = np.sort(probabilities, axis=1)[:, -2:].T
    unsure = 1.0 - (first - second)
    rare = probabilities @ np.sqrt((1.0 + counts.min()) / (1.0 + counts))
    typical = np.clip(features @ features.mean(axis=0), 0.0, 1.0)
    unlike = np.clip(1.0 - (features @ labelled.T).max(axis=1, initial=0.0), 0.0, 1.0)
    worth = unsure * rare * np.sqrt(typical * unlike)
    order = _greedy(worth, features, len(worth) if most is None else min(most, len(worth)))
    return Ranked(order, worth, unsure, rare, typical, unlike)


def trigrams(texts: Sequence[str]) -> Array:
    """Hashed character trigrams as rows of length 1, [n, FEATURES]: their products tell how alike texts are.

    A trigram counts once a text, and the less the more of these texts have it. Case makes no difference, and
    what follows the first 2,000 characters makes none either.
    """
    found = np.zeros((len(texts), FEATURES), dtype=np.float32)
    for row, text in zip(found, texts, strict=True):
        padded = f"  {text[:_LONGEST].casefold()} "
        codes = np.array([ord(character) for character in padded], dtype=np.uint64)
        windows = np.lib.stride_tricks.sliding_window_view(codes, 3)
        row[(windows @ _MULTIPLIERS) % _PRIME % np.uint64(FEATURES)] = 1.0
    found *= np.log((1 + len(texts)) / (1 + found.sum(axis=0))) + 1.0
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    return found / np.where(lengths > 0, lengths, 1.0)


def _greedy(worth: Array, features: Array, most: int) -> Array:
    free = np.ones(len(worth), dtype=bool)
    apart = np.ones(len(worth))
    order = np.zeros(most, dtype=np.int64)
    for place in range(most):
        best = int(np.where(free, worth * apart, -1.0).argmax())
        order[place] = best
        free[best] = False
        apart = np.minimum(apart, np.clip(1.0 - features @ features[best], 0.0, 1.0))
    return order
