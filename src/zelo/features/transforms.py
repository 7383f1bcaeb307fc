"""scikit-learn transformers of Zelo's own; each has its ONNX converter in ``zelo.registry``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin

from zelo.features.expression import NumpyBackend, parse

Array = np.ndarray[Any, Any]


class Derive(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Append features computed from the columns: [n, m] -> [n, m + d], float64.

    A derived value that is not finite (a division by zero) counts as 0.

    Args:
        columns: names of the m input columns, in order.
        expressions: name -> arithmetic over those names (see ``zelo.features.expression``).
    """

    def __init__(self, columns: tuple[str, ...], expressions: Mapping[str, str]) -> None:
        self.columns = columns
        self.expressions = expressions

    def fit(self, X: Any, y: Any = None) -> Self:
        self.n_features_in_ = len(self.columns)
        return self

    def transform(self, X: Any) -> Array:
        table = np.asarray(X, dtype=np.float64)
        values = {name: table[:, position] for position, name in enumerate(self.columns)}
        backend = NumpyBackend()
        derived = [
            np.broadcast_to(parse(name, text, values).walk(values, backend), len(table))
            for name, text in self.expressions.items()
        ]
        new = np.column_stack(derived)
        return np.hstack([table, np.where(np.isfinite(new), new, 0.0)])

    def get_feature_names_out(self, input_features: Any = None) -> Array:
        return np.array([*self.columns, *self.expressions], dtype=object)


class Cast(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Round to a floating-point type: the border between features and model.

    Features are computed in float64 on both sides, and trees are fitted and asked in float32.
    The rounding is the same in numpy and in ONNX, so a row falls on the same side of each split point.
    """

    def __init__(self, dtype: str = "float32") -> None:
        self.dtype = dtype

    def fit(self, X: Any, y: Any = None) -> Self:
        self.n_features_in_ = np.shape(X)[1]
        return self

    def transform(self, X: Any) -> Array:
        dense = X.toarray() if hasattr(X, "toarray") else np.asarray(X)
        return dense.astype(self.dtype)
