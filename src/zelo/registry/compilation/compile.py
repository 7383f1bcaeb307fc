"""The whole fitted model as one ONNX graph: fields in, scores out."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from zelo.features.text.preparation import TextPreparation
from zelo.models.blend import Stacking, Voting
from zelo.models.calibration import TINY, BetaCalibration, Calibrated, Calibration
from zelo.models.returns import ReturnsPipeline
from zelo.registry.compilation.estimators import emit_estimator, emit_logistic, emit_ridge, emit_two_classes
from zelo.registry.compilation.features import emit_features
from zelo.registry.compilation.graph import DOUBLE, STRING, CannotCompile, Graph
from zelo.registry.runtime import SCORES
from zelo.spec.project import Project


def compile_model(model: Any, project: Project) -> bytes:
    """A serialized ONNX model with an input [n, 1] a field and the output ``scores``.

    Raises:
        CannotCompile: a step has no exact counterpart in ONNX.
    """
    graph = Graph()
    preparation = TextPreparation.of(project)
    inputs = {
        name: graph.text(name, preparation)
        if field.type == "text"
        else graph.input(name, DOUBLE if field.is_numeric else STRING)
        for name, field in project.inputs.items()
    }
    width = max(len(project.classes), 1)
    return graph.build(_emit(graph, model, inputs, project), SCORES, width)


def _emit(graph: Graph, model: Any, inputs: dict[str, str], project: Project) -> str:
    match model:
        case Calibrated():
            raw = _emit(graph, model.estimator, inputs, project)
            return _calibrated(
                graph, model.calibration, _aligned(graph, raw, model.estimator, model.n_classes)
            )
        case Voting():
            members = _members(graph, model, inputs, project)
            return _times(
                graph, reduce(lambda left, right: graph.add("Add", left, right), members), 1 / len(members)
            )
        case Stacking():
            return _stacked(graph, model, inputs, project)
        case Pipeline():
            *features, estimator = [step for _, step in model.steps]
            said = emit_estimator(graph, estimator, emit_features(graph, features, inputs, project))
            return _values(graph, model, said, inputs) if isinstance(model, ReturnsPipeline) else said
    raise CannotCompile(f"no compilation of {type(model).__name__}", where=project.name)


def _values(graph: Graph, model: ReturnsPipeline, change: str, inputs: dict[str, str]) -> str:
    """The values behind relative changes [n, 1]."""
    factor = graph.add("Add", graph.constant([[1.0]]), change)
    return graph.add("Mul", inputs[model.lags[0]], factor)


def _members(graph: Graph, model: Voting | Stacking, inputs: dict[str, str], project: Project) -> list[str]:
    return [
        _aligned(graph, _emit(graph, member, inputs, project), member, model.n_classes)
        for member in model.members
    ]


def _stacked(graph: Graph, model: Stacking, inputs: dict[str, str], project: Project) -> str:
    side_by_side = graph.concat(_members(graph, model, inputs, project))
    if model.n_classes == 0:
        return emit_ridge(graph, model.final, side_by_side)
    logs = graph.add("Log", _clipped(graph, side_by_side, TINY, 1.0))
    return _aligned(graph, emit_logistic(graph, model.final, logs), model.final, model.n_classes)


def _aligned(graph: Graph, scores: str, model: Any, n_classes: int) -> str:
    """A column for every class of the task, 0 for one that the model never saw."""
    classes = getattr(model, "classes_", None)
    if n_classes == 0 or classes is None or len(classes) == n_classes:
        return scores
    return graph.add("MatMul", scores, graph.constant(np.eye(n_classes)[np.asarray(classes, dtype=int)]))


def _calibrated(graph: Graph, calibration: Calibration, scores: str) -> str:
    if isinstance(calibration, BetaCalibration):
        positive = _clipped(graph, graph.columns(scores, [1]), TINY, 1.0 - TINY)
        high = graph.add("Log", positive)
        low = graph.add("Log", graph.add("Sub", graph.constant([[1.0]]), positive))
        weighted = graph.add("Sub", _times(graph, high, calibration.a), _times(graph, low, calibration.b))
        return emit_two_classes(graph, graph.add("Add", weighted, graph.constant([[calibration.c]])))
    logs = graph.add("Log", _clipped(graph, scores, TINY, 1.0))
    return graph.add("Softmax", _times(graph, logs, 1.0 / calibration.temperature), axis=1)


def _times(graph: Graph, tensor: str, factor: float) -> str:
    return graph.add("Mul", tensor, graph.constant([[factor]]))


def _clipped(graph: Graph, tensor: str, low: float, high: float) -> str:
    return graph.add("Min", graph.add("Max", tensor, graph.constant([[low]])), graph.constant([[high]]))
