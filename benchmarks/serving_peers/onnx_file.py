"""A bundle's model.onnx as the peers ask it; ONNX Runtime and numpy alone, for their environments."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnxruntime as ort

MODEL = "CHURN_ONNX"
"""The variable that names the file."""


class OnnxFile:
    """Chances of leaving; one thread, as Zelo has it."""

    def __init__(self) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        path = os.environ[MODEL]
        self._session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self._types = {
            one.name: np.float64 if one.type == "tensor(double)" else object
            for one in self._session.get_inputs()
        }

    def of_rows(self, rows: Sequence[Mapping[str, Any]]) -> list[float]:
        return self.of_columns({name: [row[name] for row in rows] for name in self._types})

    def of_columns(self, columns: Mapping[str, Sequence[Any]]) -> list[float]:
        feed = {name: np.array(columns[name], kind).reshape(-1, 1) for name, kind in self._types.items()}
        scores: list[float] = self._session.run(None, feed)[0][:, 1].tolist()
        return scores
