"""Fitted estimators as ONNX nodes: features [n, d] in, float64 scores [n, K] out."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from catboost import CatBoostClassifier, CatBoostRegressor
from lightgbm import Booster, LGBMClassifier, LGBMRegressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge, RidgeCV, SGDClassifier, SGDRegressor
from sklearn.naive_bayes import ComplementNB, GaussianNB
from sklearn.svm import SVC, LinearSVC
from xgboost import XGBClassifier, XGBRegressor

from zelo.models.contiguous import ContiguousClassifier
from zelo.models.margin import MarginClassifier
from zelo.models.neural.lstm import LstmRegressor
from zelo.models.neural.mlp import MlpRegressor
from zelo.models.series import AutoRegression, Drift, LinearFilter, MovingAverage, Repeated
from zelo.models.state_space import AutoArima, AutoEts
from zelo.registry.compilation.graph import BOOSTING_OPSET, DOUBLE, ML_OPSET, OPSET, CannotCompile, Graph
from zelo.registry.compilation.neural import EMITTERS as NETWORKS
from zelo.registry.compilation.neural import emit_last_state


def emit_estimator(graph: Graph, estimator: Any, tensor: str) -> str:
    """Scores of the classes that the estimator saw [n, k], or values [n, 1].

    Raises:
        CannotCompile: the estimator has no counterpart here.
    """
    emitter = EMITTERS.get(type(estimator))
    if emitter is None:
        raise CannotCompile(
            f"no compilation of {type(estimator).__name__}",
            expected=f"one of {', '.join(kind.__name__ for kind in EMITTERS)}",
            hint="the fitted pipeline serves instead",
        )
    return emitter(graph, estimator, tensor)


def emit_linear(graph: Graph, weights: Any, bias: Any, tensor: str) -> str:
    """tensor @ weights.T + bias, in float64."""
    product = graph.add("MatMul", tensor, graph.constant(np.atleast_2d(weights).T))
    return graph.add("Add", product, graph.constant(np.atleast_2d(bias)))


def emit_two_classes(graph: Graph, margin: str) -> str:
    """Both probabilities from the margin of the second class [n, 1]."""
    positive = graph.add("Sigmoid", margin)
    return graph.concat([graph.add("Sub", graph.constant([[1.0]]), positive), positive])


def emit_logistic(graph: Graph, model: LogisticRegression, tensor: str) -> str:
    margin = emit_linear(graph, model.coef_, model.intercept_, graph.cast(tensor, DOUBLE))
    return (
        emit_two_classes(graph, margin) if len(model.classes_) == 2 else graph.add("Softmax", margin, axis=1)
    )


def _stochastic(graph: Graph, model: SGDClassifier, tensor: str) -> str:
    """Of several classes each against the rest, and then as shares of their sum."""
    if model.loss != "log_loss":
        raise CannotCompile("no compilation of this loss", found=model.loss, expected="log_loss")
    margin = emit_linear(graph, model.coef_, model.intercept_, graph.cast(tensor, DOUBLE))
    if len(model.classes_) == 2:
        return emit_two_classes(graph, margin)
    chances = graph.add("Sigmoid", margin)
    total = graph.add("ReduceSum", chances, graph.constant([1], np.int64), keepdims=1)
    return graph.add("Div", chances, total)


def emit_ridge(graph: Graph, model: Ridge | RidgeCV | SGDRegressor | LinearFilter, tensor: str) -> str:
    return emit_linear(graph, model.coef_, model.intercept_, graph.cast(tensor, DOUBLE))


def _mlp(graph: Graph, model: MlpRegressor, tensor: str) -> str:
    *hidden, (weights, bias) = model.layers_
    signal = graph.cast(tensor, DOUBLE)
    for inner_weights, inner_bias in hidden:
        signal = graph.add("Relu", emit_linear(graph, inner_weights, inner_bias, signal))
    return emit_linear(graph, weights, bias, signal)


def _lstm(graph: Graph, model: LstmRegressor, tensor: str) -> str:
    return emit_linear(graph, *model.head_, graph.cast(emit_last_state(graph, model, tensor), DOUBLE))


def _bayes(graph: Graph, model: GaussianNB, tensor: str) -> str:
    """Log joint probabilities, a class at a time.

    The square is not written out as three products: variances near 0 would leave nothing of its digits.
    """
    wide = graph.cast(tensor, DOUBLE)
    joint = []
    for prior, mean, variance in zip(model.class_prior_, model.theta_, model.var_, strict=True):
        gap = graph.add("Sub", wide, graph.constant(mean[None, :]))
        weights = graph.constant(-0.5 / variance[:, None])
        offset = graph.constant([[np.log(prior) - 0.5 * np.log(2.0 * np.pi * variance).sum()]])
        squares = graph.add("MatMul", graph.add("Mul", gap, gap), weights)
        joint.append(graph.add("Add", squares, offset))
    return graph.add("Softmax", graph.concat(joint), axis=1)


def _complement_bayes(graph: Graph, model: ComplementNB, tensor: str) -> str:
    wide = graph.cast(tensor, DOUBLE)
    return graph.add("Softmax", graph.add("MatMul", wide, graph.constant(model.feature_log_prob_.T)), axis=1)


def _contiguous(graph: Graph, model: ContiguousClassifier, tensor: str) -> str:
    return emit_estimator(graph, model.estimator_, tensor)


def _margin(graph: Graph, model: MarginClassifier, tensor: str) -> str:
    machine = model.estimator_
    if isinstance(machine, LinearSVC):
        margin = emit_linear(graph, machine.coef_, machine.intercept_, graph.cast(tensor, DOUBLE))
        two = len(machine.classes_) == 2
        return emit_two_classes(graph, margin) if two else graph.add("Softmax", margin, axis=1)
    if not isinstance(machine, SVC) or machine.kernel != "rbf" or len(machine.classes_) != 2:
        raise CannotCompile(
            "no compilation of this margin classifier",
            expected="a linear machine, or an RBF machine of two classes",
        )
    wide = graph.cast(tensor, DOUBLE)
    vectors = np.asarray(machine.support_vectors_, dtype=np.float64)
    own = graph.add("ReduceSum", graph.add("Mul", wide, wide), graph.constant([1], np.int64), keepdims=1)
    cross = graph.add("MatMul", wide, graph.constant(-2.0 * vectors.T))
    distance = graph.add(
        "Add", graph.add("Add", own, cross), graph.constant((vectors**2).sum(axis=1)[None, :])
    )
    kernel = graph.add("Exp", graph.add("Mul", distance, graph.constant([[-machine._gamma]])))
    return emit_two_classes(graph, emit_linear(graph, machine.dual_coef_, machine.intercept_, kernel))


def _prior(graph: Graph, model: DummyClassifier, tensor: str) -> str:
    return _constant_row(graph, tensor, model.class_prior_)


def _median(graph: Graph, model: DummyRegressor, tensor: str) -> str:
    return _constant_row(graph, tensor, model.constant_.ravel())


def _constant_row(graph: Graph, tensor: str, row: Any) -> str:
    first = graph.cast(graph.columns(tensor, [0]), DOUBLE)
    zero = graph.add("Mul", first, graph.constant([[0.0]]))
    return graph.add("Add", zero, graph.constant(np.atleast_2d(row)))


def _forest(graph: Graph, model: Any, tensor: str) -> str:
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import DoubleTensorType

    # In float64, for the sum over a thousand trees: in float32 it is off by up to 1e-5.
    converted = convert_sklearn(
        model,
        initial_types=[("x", DoubleTensorType([None, model.n_features_in_]))],
        options={id(model): {"zipmap": False}} if hasattr(model, "classes_") else None,
        target_opset={"": OPSET, "ai.onnx.ml": ML_OPSET},
    )
    return _spliced(graph, converted, graph.cast(tensor, DOUBLE))


def _lightgbm(graph: Graph, model: LGBMClassifier, tensor: str) -> str:
    text = single_thresholds(model.booster_.model_to_string())
    return _spliced(graph, _converted(text, model.n_features_in_), tensor)


def _lightgbm_values(graph: Graph, model: LGBMRegressor, tensor: str) -> str:
    text, level = without_level(single_thresholds(model.booster_.model_to_string()))
    converted = _converted(text, model.n_features_in_)
    link = next((node for node in converted.graph.node if node.op_type == "Exp"), None)
    output = converted.graph.output[0].name if link is None else link.input[0]
    around = graph.cast(graph.splice(converted, tensor, output), DOUBLE)
    value = graph.add("Add", around, graph.constant([[level]]))
    return value if link is None else graph.add("Exp", value)


def _converted(text: str, features: int) -> onnx.ModelProto:
    from onnxmltools.convert.common.data_types import FloatTensorType
    from onnxmltools.convert.lightgbm.convert import convert

    converted: onnx.ModelProto = convert(
        Booster(model_str=text),
        initial_types=[("x", FloatTensorType([None, features]))],
        target_opset=BOOSTING_OPSET,
        zipmap=False,
    )
    return converted


def without_level(model: str) -> tuple[str, float]:
    """LightGBM's model text with the mean of its first tree's leaves taken out, and that mean.

    The first tree carries the target's level. The trees are summed in float32, where a large level leaves few
    digits to the others, and the exponential of a count's margin would show that.
    """
    lines = model.split("\n")
    if "average_output" in lines:
        return model, 0.0
    place = next(place for place, line in enumerate(lines) if line.startswith("leaf_value="))
    leaves = np.array(lines[place].removeprefix("leaf_value=").split(), dtype=np.float64)
    level = float(leaves.mean())
    lines[place] = "leaf_value=" + " ".join(repr(float(value)) for value in leaves - level)
    return "\n".join(lines), level


def single_thresholds(model: str) -> str:
    """LightGBM's model text with every split point rounded down to a float32.

    For a float32 x, ``x <= t`` and ``x <= down(t)`` are the same; rounded up, a row could change sides.
    """
    lines = model.split("\n")
    for position, line in enumerate(lines):
        if line.startswith("threshold="):
            points = np.array(line.removeprefix("threshold=").split(), dtype=np.float64)
            single = points.astype(np.float32)
            single = np.where(single > points, np.nextafter(single, np.float32(-np.inf)), single)
            lines[position] = "threshold=" + " ".join(repr(float(value)) for value in single)
    return "\n".join(line for line in lines if not line.startswith("tree_sizes="))


def _xgboost(graph: Graph, model: Any, tensor: str) -> str:
    from onnxmltools.convert.common.data_types import FloatTensorType
    from onnxmltools.convert.xgboost.convert import convert

    converted = convert(
        model,
        initial_types=[("x", FloatTensorType([None, model.n_features_in_]))],
        target_opset=BOOSTING_OPSET,
    )
    return _spliced(graph, converted, tensor)


def _catboost(graph: Graph, model: Any, tensor: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        model.save_model(str(path), format="onnx")
        converted = onnx.load(path)
    return _spliced(graph, converted, tensor)


def _spliced(graph: Graph, model: onnx.ModelProto, tensor: str) -> str:
    """The probabilities of a converted classifier, or the values of a converted regressor."""
    ensemble = next((node for node in model.graph.node if node.op_type.startswith("TreeEnsemble")), None)
    if ensemble is None:
        raise CannotCompile("the converter gave no tree ensemble")
    output = _probabilities(model)
    return graph.cast(graph.splice(model, tensor, output), DOUBLE)


def _probabilities(model: onnx.ModelProto) -> str:
    zipmap = next((node for node in model.graph.node if node.op_type == "ZipMap"), None)
    return str(zipmap.input[0] if zipmap else model.graph.output[-1].name)


EMITTERS: dict[type, Callable[[Graph, Any, str], str]] = {
    DummyClassifier: _prior,
    DummyRegressor: _median,
    LogisticRegression: emit_logistic,
    Ridge: emit_ridge,
    RidgeCV: emit_ridge,
    SGDClassifier: _stochastic,
    SGDRegressor: emit_ridge,
    Repeated: emit_ridge,
    MovingAverage: emit_ridge,
    Drift: emit_ridge,
    AutoRegression: emit_ridge,
    AutoEts: emit_ridge,
    AutoArima: emit_ridge,
    MlpRegressor: _mlp,
    LstmRegressor: _lstm,
    GaussianNB: _bayes,
    ComplementNB: _complement_bayes,
    ContiguousClassifier: _contiguous,
    MarginClassifier: _margin,
    RandomForestClassifier: _forest,
    RandomForestRegressor: _forest,
    LGBMClassifier: _lightgbm,
    LGBMRegressor: _lightgbm_values,
    XGBClassifier: _xgboost,
    XGBRegressor: _xgboost,
    CatBoostClassifier: _catboost,
    CatBoostRegressor: _catboost,
    **NETWORKS,
}
