"""MLServer, in its own environment; its adaptive batching gives one request of all that wait."""

from __future__ import annotations

import numpy as np
from mlserver import MLModel
from mlserver.codecs import NumpyCodec, StringCodec
from mlserver.types import InferenceRequest, InferenceResponse

from benchmarks.serving_peers.onnx_file import OnnxFile


class Churn(MLModel):
    async def load(self) -> bool:
        self._model = OnnxFile()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        columns = {
            one.name: (StringCodec if one.datatype == "BYTES" else NumpyCodec).decode_input(one)
            for one in payload.inputs
        }
        scores = np.array(self._model.of_columns(columns)).reshape(-1, 1)
        return InferenceResponse(model_name=self.name, outputs=[NumpyCodec.encode_output("scores", scores)])
