"""Fitted transformers as ONNX nodes, computed in float64 as scikit-learn computes them.

skl2onnx computes features in float32, and ONNX Runtime's Imputer and Scaler have no float64 kernels.
A feature that is off by a float32 rounding falls on the other side of a tree's split now and then,
so these few transformers are written out in float64, and only the model is converted by a library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import (
    OneHotEncoder,
    PolynomialFeatures,
    PowerTransformer,
    StandardScaler,
    TargetEncoder,
)

from zelo.features.expression import parse
from zelo.features.text.encoder import SentenceEmbedding, load_encoder
from zelo.features.text.transforms import PrepareTexts, Reduce, TextShape, WordVectors
from zelo.features.transforms import Cast, Derive
from zelo.features.window import Window
from zelo.models.neural.contrastive import TunedEmbedding
from zelo.registry.compilation.graph import BOOL, DOUBLE, FLOAT, CannotCompile, Graph
from zelo.registry.compilation.neural import emit_encoder, emit_tuned
from zelo.registry.compilation.texts import emit_reduce, emit_shape, emit_tfidf, emit_word_vectors
from zelo.spec.project import Project


class OnnxBackend:
    """Arithmetic of derived features as nodes over [n, 1] doubles."""

    operations: Mapping[str, str] = {
        "add": "Add",
        "sub": "Sub",
        "mul": "Mul",
        "div": "Div",
        "pow": "Pow",
        "neg": "Neg",
        "less": "Less",
        "greater": "Greater",
        "abs": "Abs",
        "sqrt": "Sqrt",
        "log": "Log",
        "exp": "Exp",
        "min": "Min",
        "max": "Max",
    }

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def constant(self, value: float) -> str:
        return self._graph.constant([[value]])

    def apply(self, operation: str, *operands: str) -> str:
        result = self._graph.add(self.operations[operation], *operands)
        return self._graph.cast(result, DOUBLE) if operation in ("less", "greater") else result


def emit_features(graph: Graph, steps: Sequence[Any], inputs: Mapping[str, str], project: Project) -> str:
    """The matrix of fitted feature steps, of which the first takes the fields by name.

    Args:
        inputs: field name -> tensor [n, 1].

    Raises:
        CannotCompile: a transformer has no exact counterpart here.
    """
    first, *rest = steps
    if isinstance(first, PrepareTexts):
        tensor = inputs[first.field]
    else:
        tensor = _column_transformer(graph, first, inputs, project)
    for step in rest:
        tensor = _emit(graph, step, tensor, project)
    return tensor


def _column_transformer(
    graph: Graph, block: ColumnTransformer, inputs: Mapping[str, str], project: Project
) -> str:
    parts = [
        _emit(graph, transformer, graph.concat([inputs[name] for name in names]), project)
        for _, transformer, names in block.transformers_
        if len(names) and transformer != "drop"
    ]
    return graph.concat(parts)


def _emit(graph: Graph, transformer: Any, tensor: str, project: Project) -> str:
    emitter = EMITTERS.get(type(transformer))
    if emitter is None:
        raise CannotCompile(
            f"no exact compilation of {type(transformer).__name__}",
            where=project.name,
            expected=f"one of {', '.join(kind.__name__ for kind in EMITTERS)}",
            hint="the fitted pipeline serves instead",
        )
    return emitter(graph, transformer, tensor, project)


def _pipeline(graph: Graph, pipeline: Pipeline, tensor: str, project: Project) -> str:
    for _, step in pipeline.steps:
        tensor = _emit(graph, step, tensor, project)
    return tensor


def _prepare(graph: Graph, prepare: PrepareTexts, tensor: str, project: Project) -> str:
    """Nothing: the border has prepared the text."""
    return tensor


def _union(graph: Graph, union: FeatureUnion, tensor: str, project: Project) -> str:
    weights = union.transformer_weights or {}
    blocks = []
    for name, transformer in union.transformer_list:
        block = _emit(graph, transformer, tensor, project)
        weight = weights.get(name, 1.0)
        blocks.append(block if weight == 1.0 else graph.add("Mul", block, graph.constant([[weight]])))
    return graph.concat(blocks)


def _sentence(graph: Graph, embedding: SentenceEmbedding, tensor: str, project: Project) -> str:
    encoder = load_encoder(embedding.encoder)
    tokens = graph.tokens(tensor, encoder.tokenizer_json)
    return graph.cast(emit_encoder(graph, encoder.module, tokens), DOUBLE)


def _tuned(graph: Graph, embedding: TunedEmbedding, tensor: str, project: Project) -> str:
    return emit_tuned(graph, embedding, tensor)


def _simple_imputer(graph: Graph, imputer: SimpleImputer, tensor: str, project: Project) -> str:
    fill = graph.constant(np.nan_to_num(imputer.statistics_.astype(np.float64))[None, :])
    return graph.add("Where", graph.add("IsNaN", tensor), fill, tensor)


def _knn_imputer(graph: Graph, imputer: KNNImputer, tensor: str, project: Project) -> str:
    allowed = [
        name for name, field in project.inputs.items() if field.is_numeric and field.missing == "allowed"
    ]
    if allowed:
        raise CannotCompile(
            "no exact compilation of KNNImputer",
            where=project.name,
            found=f"missing: allowed on {', '.join(allowed)}",
            expected="missing: refused on every number, where the imputer has nothing to fill",
            hint="the fitted pipeline serves instead",
        )
    return tensor


def _derive(graph: Graph, derive: Derive, tensor: str, project: Project) -> str:
    values = {name: graph.columns(tensor, [position]) for position, name in enumerate(derive.columns)}
    backend = OnnxBackend(graph)
    rows_of_one = graph.add("Mul", graph.columns(tensor, [0]), graph.constant([[0.0]]))
    derived = []
    for name, text in derive.expressions.items():
        value = graph.add("Add", parse(name, text, values).walk(values, backend), rows_of_one)
        size = graph.add("Abs", value)
        finite = graph.add("LessOrEqual", size, graph.constant([[np.finfo(np.float64).max]]))
        derived.append(graph.add("Where", finite, value, graph.constant([[0.0]])))
    return graph.concat([tensor, *derived])


def _window(graph: Graph, window: Window, tensor: str, project: Project) -> str:
    values = graph.columns(tensor, range(window.first, window.first + window.history))
    if window.returns:
        newer, older = (graph.columns(values, range(end, window.history - 1 + end)) for end in (0, 1))
        values = graph.add("Sub", graph.add("Div", newer, older), graph.constant([[1.0]]))
    parts = [graph.columns(tensor, window.others)] if window.others else []
    if window.lags:
        parts.append(graph.columns(values, [lag - 1 for lag in window.lags]))
    if window.means:
        sums = graph.columns(
            graph.add("CumSum", values, graph.constant(1, np.int64)), [size - 1 for size in window.means]
        )
        parts.append(graph.add("Div", sums, graph.constant([window.means])))
    return graph.concat(parts)


def _scaler(graph: Graph, scaler: StandardScaler, tensor: str, project: Project) -> str:
    centred = graph.add("Sub", tensor, graph.constant(scaler.mean_[None, :]))
    return graph.add("Div", centred, graph.constant(scaler.scale_[None, :]))


def _power(graph: Graph, power: PowerTransformer, tensor: str, project: Project) -> str:
    """Yeo-Johnson, column by column, then the scaling that the transformer does by default."""
    columns = [
        _yeo_johnson(graph, graph.columns(tensor, [position]), float(lambda_))
        for position, lambda_ in enumerate(power.lambdas_)
    ]
    return _scaler(graph, power._scaler, graph.concat(columns), project)


def _yeo_johnson(graph: Graph, column: str, lambda_: float) -> str:
    zero, one = graph.constant([[0.0]]), graph.constant([[1.0]])
    above = graph.add("Add", graph.add("Max", column, zero), one)
    below = graph.add("Sub", one, graph.add("Min", column, zero))
    positive = _box_cox(graph, above, lambda_)
    negative = graph.add("Neg", _box_cox(graph, below, 2.0 - lambda_))
    return graph.add("Where", graph.add("Less", column, zero), negative, positive)


def _box_cox(graph: Graph, tensor: str, lambda_: float) -> str:
    if abs(lambda_) < np.spacing(1.0):
        return graph.add("Log", tensor)
    powered = graph.add("Pow", tensor, graph.constant([[lambda_]]))
    return graph.add("Div", graph.add("Sub", powered, graph.constant([[1.0]])), graph.constant([[lambda_]]))


def _one_hot(graph: Graph, encoder: OneHotEncoder, tensor: str, project: Project) -> str:
    blocks = []
    for position, categories in enumerate(encoder.categories_):
        column = graph.columns(tensor, [position])
        known = graph.constant(np.asarray(categories, dtype=object)[None, :], object)
        blocks.append(graph.cast(graph.add("Equal", column, known), DOUBLE))
    return graph.concat(blocks)


def _target(graph: Graph, encoder: TargetEncoder, tensor: str, project: Project) -> str:
    """Each column becomes the encoding of its category, or the target's mean where it is unknown."""
    if encoder.target_type_ != "binary":
        raise CannotCompile(
            "no exact compilation of TargetEncoder for this target",
            where=project.name,
            found=encoder.target_type_,
            expected="a binary target",
        )
    mean = graph.constant([[float(encoder.target_mean_)]])
    columns = []
    for position, (categories, encodings) in enumerate(
        zip(encoder.categories_, encoder.encodings_, strict=True)
    ):
        column = graph.columns(tensor, [position])
        known = graph.constant(np.asarray(categories, dtype=np.float64)[None, :])
        match = graph.cast(graph.add("Equal", column, known), DOUBLE)
        shift = np.asarray(encodings, dtype=np.float64)[:, None]
        found = graph.add("MatMul", match, graph.constant(shift))
        any_match = graph.add("MatMul", match, graph.constant(np.ones_like(shift)))
        seen = graph.cast(any_match, BOOL)
        columns.append(graph.add("Where", seen, found, mean))
    return graph.concat(columns)


def _interactions(graph: Graph, polynomial: PolynomialFeatures, tensor: str, project: Project) -> str:
    powers = polynomial.powers_
    if powers.max() > 1 or powers.sum(axis=1).max() > 2 or powers.sum(axis=1).min() < 1:
        raise CannotCompile(
            "no exact compilation of these PolynomialFeatures",
            where=project.name,
            expected="interactions of two columns, without powers and bias",
        )
    pairs = [np.flatnonzero(row) for row in powers]
    single = [int(pair[0]) for pair in pairs if len(pair) == 1]
    double = [(int(pair[0]), int(pair[1])) for pair in pairs if len(pair) == 2]
    left = graph.columns(tensor, [pair[0] for pair in double])
    right = graph.columns(tensor, [pair[1] for pair in double])
    return graph.concat([graph.columns(tensor, single), graph.add("Mul", left, right)])


def _cast(graph: Graph, cast: Cast, tensor: str, project: Project) -> str:
    return graph.cast(tensor, FLOAT if cast.dtype == "float32" else DOUBLE)


EMITTERS: dict[type, Callable[[Graph, Any, str, Project], str]] = {
    Pipeline: _pipeline,
    SimpleImputer: _simple_imputer,
    KNNImputer: _knn_imputer,
    Derive: _derive,
    Window: _window,
    StandardScaler: _scaler,
    PowerTransformer: _power,
    OneHotEncoder: _one_hot,
    TargetEncoder: _target,
    PolynomialFeatures: _interactions,
    Cast: _cast,
    PrepareTexts: _prepare,
    FeatureUnion: _union,
    TfidfVectorizer: emit_tfidf,
    TextShape: emit_shape,
    WordVectors: emit_word_vectors,
    SentenceEmbedding: _sentence,
    TunedEmbedding: _tuned,
    Reduce: emit_reduce,
}
