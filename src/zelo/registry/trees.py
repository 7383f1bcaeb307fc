"""Trees alone, from features to the sum of their leaves: CatBoost's own evaluator, and forests by levels."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np

Array = np.ndarray[Any, Any]

ROWS_AT_ONCE = 64
FIRST_LOOK, LOOKED_AT_EVERY = 6, 2
"""The level of the first look at which walks have ended, and the levels between two: a look costs about as
much as a level."""

_CHILD, _FEATURE = 40, 32
MOST_FEATURES = 1 << (_CHILD - _FEATURE)
MOST_NODES = 1 << (63 - _CHILD)


class Trees(Protocol):
    """What the trees make of features [n, d]: [n, K], as the tree ensemble of the compiled model would."""

    def sums(self, features: Array) -> Array: ...


class CatBoostTrees:
    """CatBoost's evaluator on its own model file: of 1,000 rows some thirty times as fast as ONNX Runtime."""

    def __init__(self, path: Path) -> None:
        from catboost import CatBoost

        self._model = CatBoost()
        self._model.load_model(str(path), format="cbm")
        self._kind = "Probability" if len(self._model.classes_) else "RawFormulaVal"

    def sums(self, features: Array) -> Array:
        """Probabilities [n, K], or values [n, 1]."""
        single = features.astype(np.float32, order="F")
        found = self._model.predict(single, prediction_type=self._kind, thread_count=1)
        return np.asarray(found, dtype=np.float64).reshape(len(features), -1)


class ForestByLevels:
    """A forest in which all trees of some rows go down a level together, by numpy.

    A large forest does not fit the processor's cache, and who follows one tree after the other waits for
    memory at every node. Walks that do not depend on one another wait together. A node is one number of 64
    bits: its left child (the right one is beside it), its feature, its split point. A leaf is its own right
    child, and its split point is no number, so that a walk stays there whatever the row.

    Source: traversal of trees by tensors, Nakandala et al., "A Tensor Compiler for Unified Machine Learning
    Prediction Serving", OSDI 2020.
    """

    def __init__(self, nodes: Array, roots: Array, weights: Array) -> None:
        """``nodes`` [m] by ``packed``, ``roots`` [trees], and ``weights`` [m, K] of the leaves."""
        self._nodes, self._roots = nodes, roots
        self._weights = np.ascontiguousarray(weights.T)

    @classmethod
    def read(cls, path: Path) -> Self:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            return cls(stored["nodes"], stored["roots"], stored["weights"])

    def write(self, path: Path) -> None:
        np.savez(path, nodes=self._nodes, roots=self._roots, weights=self._weights.T)

    def sums(self, features: Array) -> Array:
        """The weights of the leaves that each row reaches, added up: [n, K]."""
        single = np.ascontiguousarray(features, dtype=np.float32)
        parts = [
            self._part(single[start : start + ROWS_AT_ONCE]) for start in range(0, len(single), ROWS_AT_ONCE)
        ]
        return np.concatenate(parts) if parts else np.empty((0, len(self._weights)))

    def _part(self, features: Array) -> Array:
        rows, width = features.shape
        values = features.ravel()
        at = np.tile(self._roots, rows)
        first = np.repeat(np.arange(0, rows * width, width), len(self._roots))
        total = np.zeros((rows, len(self._weights)))
        level = 0
        while len(at):
            node = self._nodes.take(at)
            place = node >> _FEATURE
            place &= MOST_FEATURES - 1
            place += first
            # A value that is no number goes to the right, as in ONNX.
            right = ~(values.take(place) <= node.view(np.float32)[::2])
            node >>= _CHILD
            node += right
            level += 1
            if level >= FIRST_LOOK and level % LOOKED_AT_EVERY == 0:
                moving = node != at
                ended = np.flatnonzero(~moving)
                leaves, row = at.take(ended), first.take(ended) // width
                for k, weights in enumerate(self._weights):
                    total[:, k] += np.bincount(row, weights=weights.take(leaves), minlength=rows)
                moving = np.flatnonzero(moving)
                node, first = node.take(moving), first.take(moving)
            at = node
        return total


def packed(left: Array, feature: Array, threshold: Array, leaf: Array) -> Array:
    """Nodes [m] for ``ForestByLevels``; of a leaf the other three are not read.

    At most ``MOST_NODES`` of them, on at most ``MOST_FEATURES`` features.
    """
    point = np.where(leaf, np.float32(np.nan), threshold.astype(np.float32)).view(np.uint32)
    child = np.where(leaf, np.arange(len(left)) - 1, left).astype(np.int64)
    column = np.where(leaf, 0, feature).astype(np.int64)
    return (child << _CHILD) | (column << _FEATURE) | point.astype(np.int64)
