"""BentoML, in its own environment: bentoml serve benchmarks.serving_peers.bento:Churn."""

from __future__ import annotations

from typing import Any

import bentoml

from benchmarks.serving_peers.onnx_file import OnnxFile


@bentoml.service(logging={"access": {"enabled": False}}, workers=1)
class Churn:
    def __init__(self) -> None:
        self._model = OnnxFile()

    @bentoml.api(batchable=True, max_batch_size=32)
    def predict(self, rows: list[dict[str, Any]]) -> list[float]:
        return self._model.of_rows(rows)
