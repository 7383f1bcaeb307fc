"""A compiled model beside the fitted one, for the tests of compilation."""

from __future__ import annotations

from typing import Any

import numpy as np

from zelo.features.columns import Columns, frame_from_columns
from zelo.registry.compilation.compile import compile_model
from zelo.registry.runtime import OnnxPredictor
from zelo.spec.project import Project
from zelo.training.fit import scores_of

Array = np.ndarray[Any, Any]


def native(model: Any, columns: Columns, project: Project) -> Array:
    return scores_of(model, frame_from_columns(columns), len(project.classes))


def assert_same(model: Any, project: Project, columns: Columns, tolerance: float) -> None:
    """Within the tolerance: of a probability, or of a value relative to the largest one."""
    expected = native(model, columns, project)
    found = OnnxPredictor(compile_model(model, project)).scores(columns)
    assert found.dtype == np.float64
    scale = 1.0 if project.classes else float(np.abs(expected).max(initial=1.0))
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * scale)
