"""LitServe, in its own environment. Argument: the port."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import litserve

from benchmarks.serving_peers.onnx_file import OnnxFile

Row = Mapping[str, Any]


class Churn(litserve.LitAPI):
    def setup(self, device: str) -> None:
        self._model = OnnxFile()

    # LitServe reads a body as JSON where this says no type.
    def decode_request(self, request):  # type: ignore[no-untyped-def]
        return request

    def batch(self, inputs: Sequence[Row]) -> Sequence[Row]:
        return inputs

    def predict(self, x: Sequence[Row]) -> list[float]:
        return self._model.of_rows(x)

    def unbatch(self, output: list[float]) -> list[float]:
        return output

    def encode_response(self, output: float) -> dict[str, float]:
        return {"score": output}


def main(port: int) -> None:
    api = Churn(max_batch_size=32, batch_timeout=0.001)
    server = litserve.LitServer(api, accelerator="cpu", fast_queue=True)
    server.run(host="127.0.0.1", port=port, log_level="warning", generate_client_file=False)


if __name__ == "__main__":
    main(int(sys.argv[1]))
