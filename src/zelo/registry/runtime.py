"""What computes the scores of a bundle: its ONNX compilation, its trees apart, or the fitted pipeline."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from zelo.errors import BundleError
from zelo.features.columns import Columns, count, frame_from_columns, take
from zelo.features.text.border import BORDER, Border
from zelo.registry.trees import CatBoostTrees, ForestByLevels, Trees
from zelo.spec.project import Project

ONNX_FILE = "model.onnx"
NATIVE_FILE = "pipeline.skops"
BEFORE_FILE, AFTER_FILE = "before.onnx", "after.onnx"
TREES_FILE = {"catboost": "trees.cbm", "levels": "trees.npz"}
"""By runtime: where the trees lie that it computes between what is before and after them."""
SCORES = "scores"
TREES = "trees:sums"
"""The input of what comes after the trees."""
TEXTS_AT_ONCE = 256

Array = np.ndarray[Any, Any]


class Predictor(Protocol):
    """Scores for columns: class probabilities [n, K] in the project's order, or values [n, 1]."""

    @property
    def runtime(self) -> str: ...

    def scores(self, columns: Columns) -> Array: ...


class OnnxPredictor:
    """ONNX Runtime on the compiled model. Thread-safe."""

    runtime = "onnx"

    def __init__(self, model: bytes, *, threads: int = 1) -> None:
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Threads that spin while they wait would take the core that answers requests.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._names = [value.name for value in self._session.get_inputs()]
        self._output = self._session.get_outputs()[0].name
        border = self._session.get_modelmeta().custom_metadata_map.get(BORDER)
        self._border = Border.from_json(border) if border else None

    @property
    def reads_tokens(self) -> bool:
        """Whether a transformer is in it: a thousand times the arithmetic of any other model."""
        return self._border is not None and bool(self._border.tokens)

    def scores(self, columns: Columns) -> Array:
        if not count(columns):
            # ONNX Runtime's LSTM ends the whole process where there is no row.
            return np.empty((0, self._session.get_outputs()[0].shape[1]))
        if self._border is None:
            return self._run(columns)
        # A text's n-grams are thousands of columns wide, so that many texts at once would fill the memory.
        rows = np.arange(count(columns))
        parts = [rows[start : start + TEXTS_AT_ONCE] for start in range(0, len(rows), TEXTS_AT_ONCE)]
        return np.concatenate([self._run(self._border.crossed(take(columns, part))) for part in parts])

    def _run(self, columns: Columns) -> Array:
        feed = {
            name: columns[name] if columns[name].ndim == 2 else columns[name].reshape(-1, 1)
            for name in self._names
        }
        result: Array = self._session.run([self._output], feed)[0]
        return result.astype(np.float64)


class CutPredictor:
    """The compiled model with its trees computed by another library. Thread-safe."""

    def __init__(self, runtime: str, before: bytes, trees: Trees, after: bytes) -> None:
        self.runtime = runtime
        self._before, self._trees, self._after = OnnxPredictor(before), trees, OnnxPredictor(after)

    def scores(self, columns: Columns) -> Array:
        if not count(columns):
            return self._after.scores({TREES: np.empty((0, 1)), **columns})
        return self._after.scores({TREES: self._trees.sums(self._before.scores(columns)), **columns})


class ByRows:
    """The runtime that was the quickest for so many rows when the bundle was made."""

    def __init__(self, steps: Sequence[tuple[int, Predictor]]) -> None:
        """``steps`` are pairs of the fewest rows and what computes them; the first are of one row."""
        self._from = [rows for rows, _ in steps]
        self._predictors = [predictor for _, predictor in steps]
        self.runtime = ", ".join(
            predictor.runtime if rows == 1 else f"{predictor.runtime} from {rows} rows"
            for rows, predictor in steps
        )

    @property
    def runtimes(self) -> Mapping[str, Predictor]:
        """Each runtime by its name: a row may have been scored by any, and their last bits differ."""
        return {predictor.runtime: predictor for predictor in self._predictors}

    def scores(self, columns: Columns) -> Array:
        step = bisect_right(self._from, count(columns)) - 1
        return self._predictors[max(step, 0)].scores(columns)


class NativePredictor:
    """The fitted pipeline, where the compilation did not pass its parity check."""

    runtime = "native"

    def __init__(self, estimator: Any, project: Project) -> None:
        self._estimator = estimator
        self._kind = project.task.kind

    def scores(self, columns: Columns) -> Array:
        frame = frame_from_columns(columns)
        if self._kind == "regression":
            return np.asarray(self._estimator.predict(frame), dtype=np.float64).reshape(-1, 1)
        return np.asarray(self._estimator.predict_proba(frame), dtype=np.float64)


def load_served(path: Path, project: Project, manifest: Mapping[str, Any]) -> Predictor:
    """What the manifest of a bundle's folder names.

    Raises:
        BundleError: a file of it cannot be loaded.
    """
    steps = manifest.get("steps")
    if not steps:
        return load_onnx(path, project) if manifest["runtime"] == "onnx" else load_native(path, project)
    loaded = {name: _load(name, path, project) for name in {step["runtime"] for step in steps}}
    return ByRows([(step["rows"], loaded[step["runtime"]]) for step in steps])


def _load(runtime: str, path: Path, project: Project) -> Predictor:
    return load_onnx(path, project) if runtime == "onnx" else load_cut(path, runtime)


def load_cut(path: Path, runtime: str) -> CutPredictor:
    """The model in a bundle's folder whose trees are apart.

    Raises:
        BundleError: a file cannot be loaded.
    """
    trees = path / TREES_FILE[runtime]
    try:
        return CutPredictor(
            runtime,
            (path / BEFORE_FILE).read_bytes(),
            CatBoostTrees(trees) if runtime == "catboost" else ForestByLevels.read(trees),
            (path / AFTER_FILE).read_bytes(),
        )
    except Exception as error:
        # ONNX Runtime, CatBoost and zipfile raise classes of their own that share no public base.
        raise _unloadable(trees, error) from error


def load_onnx(path: Path, project: Project) -> OnnxPredictor:
    """The compiled model of a bundle's folder."""
    try:
        model = (path / ONNX_FILE).read_bytes()
        predictor = OnnxPredictor(model)
        # One thread is quickest for everything small; a transformer wants every core.
        return OnnxPredictor(model, threads=cores()) if predictor.reads_tokens else predictor
    except Exception as error:
        # onnxruntime raises classes of its own that share no public base.
        raise _unloadable(path / ONNX_FILE, error) from error


def _unloadable(path: Path, error: Exception) -> BundleError:
    return BundleError(
        "the compiled model cannot be loaded",
        where=str(path),
        found=(str(error).splitlines() or [type(error).__name__])[0],
        expected="a model of this ONNX Runtime and these libraries",
        hint="train again with this version",
    )


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def load_native(path: Path, project: Project) -> NativePredictor:
    """The fitted pipeline of a bundle's folder."""
    from zelo.registry.native import read_pipeline

    return NativePredictor(read_pipeline(path / NATIVE_FILE), project)
