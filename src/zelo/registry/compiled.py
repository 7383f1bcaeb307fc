"""From a fitted model to what serves it: compiled, certified, measured, chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from catboost import CatBoostClassifier, CatBoostRegressor

from zelo.features.columns import Columns
from zelo.models.calibration import Calibrated
from zelo.registry.compilation.compile import compile_model
from zelo.registry.compilation.cut import cut, forest
from zelo.registry.compilation.graph import CannotCompile
from zelo.registry.pace import Pace, pace, steps
from zelo.registry.parity import Certificate, Probes, certify, probes_of, uncompiled
from zelo.registry.runtime import (
    AFTER_FILE,
    BEFORE_FILE,
    ONNX_FILE,
    TREES_FILE,
    ByRows,
    NativePredictor,
    OnnxPredictor,
    Predictor,
    load_cut,
)
from zelo.training.train import Trained

ONNX = "onnx"


@dataclass(frozen=True)
class Compiled:
    """The model that will serve, with the certificate that says why it is this one.

    ``certificate`` is that of the ONNX graph, ``others`` are those of the runtimes beside it. ``paces`` and
    ``steps`` tell what was measured and chosen, where there was a choice. ``files`` are the bundle's.
    """

    predictor: Predictor
    certificate: Certificate
    files: Mapping[str, bytes] = field(default_factory=dict)
    others: Mapping[str, Certificate] = field(default_factory=dict)
    paces: Mapping[str, Pace] = field(default_factory=dict)
    steps: tuple[tuple[int, str], ...] = ()

    def write(self, folder: Path) -> None:
        """Leave the files of the compiled model."""
        for name, content in self.files.items():
            (folder / name).write_bytes(content)

    def parity(self) -> dict[str, Any]:
        """The certificates for JSON."""
        return self.certificate.as_dict() | {
            "runtimes": {name: certificate.as_dict() for name, certificate in self.others.items()}
        }

    def facts(self) -> dict[str, Any]:
        """What the manifest tells of the choice; nothing where there was none."""
        if not self.steps:
            return {}
        return {
            "steps": [{"rows": rows, "runtime": runtime} for rows, runtime in self.steps],
            "microseconds": {
                name: {str(rows): taken for rows, taken in found.items()}
                for name, found in self.paces.items()
            },
        }


def compile_checked(trained: Trained) -> Compiled:
    """Compile and certify; where that fails, the fitted pipeline serves."""
    native = NativePredictor(trained.model, trained.project)
    try:
        onnx = compile_model(trained.model, trained.project)
    except CannotCompile as error:
        return Compiled(native, uncompiled(error.what))
    files = {ONNX_FILE: onnx}
    try:
        compiled = OnnxPredictor(onnx)
    except Exception as error:  # noqa: BLE001 - ONNX Runtime's classes share no public base
        reason = f"the compiled model cannot be loaded: {type(error).__name__}"
        return Compiled(native, uncompiled(reason), files)
    rows = {
        name: np.concatenate([values, trained.test.columns[name]])
        for name, values in trained.train.columns.items()
    }
    probes = probes_of(native, rows, trained.project, seed=trained.project.split.seed)
    certificate = certify(probes, compiled, trained.policy)
    if not certificate.passed:
        return Compiled(native, certificate, files)
    return _quickest(trained, compiled, certificate, files, rows, probes)


def _quickest(
    trained: Trained,
    compiled: OnnxPredictor,
    certificate: Certificate,
    files: dict[str, bytes],
    rows: Columns,
    probes: Probes,
) -> Compiled:
    """The compiled model, or beside it the same with its trees apart, where that passes and is quicker."""
    with TemporaryDirectory() as folder:
        apart = _apart(trained.model, files[ONNX_FILE], Path(folder))
        if apart is None:
            return Compiled(compiled, certificate, files)
        other = load_cut(Path(folder), apart)
        files |= {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}
    judged = {apart: certify(probes, other, trained.policy)}
    if not judged[apart].passed:
        return Compiled(compiled, certificate, {ONNX_FILE: files[ONNX_FILE]}, judged)
    predictors: dict[str, Predictor] = {ONNX: compiled, apart: other}
    seed = trained.project.split.seed
    paces = {name: pace(predictor, rows, seed=seed) for name, predictor in predictors.items()}
    chosen = steps(paces, ONNX)
    if chosen == [(1, ONNX)]:
        files = {ONNX_FILE: files[ONNX_FILE]}
    served = ByRows([(fewest, predictors[name]) for fewest, name in chosen])
    return Compiled(served, certificate, files, judged, paces, tuple(chosen))


def _apart(model: Any, onnx: bytes, folder: Path) -> str | None:
    """The runtime, beside ONNX, that computes this model's trees, once its files are in the folder."""
    parts = cut(onnx)
    if parts is None:
        return None
    estimator = _last(model)
    if isinstance(estimator, CatBoostClassifier | CatBoostRegressor):
        runtime = "catboost"
        estimator.save_model(str(folder / TREES_FILE[runtime]), format="cbm")
    elif (levels := forest(parts.trees)) is not None:
        runtime = "levels"
        levels.write(folder / TREES_FILE[runtime])
    else:
        return None
    (folder / BEFORE_FILE).write_bytes(parts.before)
    (folder / AFTER_FILE).write_bytes(parts.after)
    return runtime


def _last(model: Any) -> Any:
    """The estimator at the end of a pipeline, within its calibration."""
    inner = model.estimator if isinstance(model, Calibrated) else model
    return inner.steps[-1][1] if hasattr(inner, "steps") else inner
