"""Fitted networks as ONNX nodes: prepared texts [n, 1] or token ids [n, T] in, float64 probabilities out."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto

from zelo.models.neural.bilstm import BiLstmClassifier
from zelo.models.neural.contrastive import TunedEmbedding
from zelo.models.neural.lstm import LstmRegressor
from zelo.models.neural.text_cnn import TextCnnClassifier
from zelo.models.neural.transformer import TransformerClassifier
from zelo.models.neural.vocabulary import FIRST, MAX_WORDS, PADDING, UNKNOWN
from zelo.registry.compilation.graph import DOUBLE, FLOAT, INT64, OPSET, Graph
from zelo.registry.compilation.texts import places_of, words_of

if TYPE_CHECKING:
    from zelo.features.text.pooling import PooledEncoder

Array = np.ndarray[Any, Any]

SINGLE = np.float32
INT32 = TensorProto.INT32


def emit_text_cnn(graph: Graph, model: TextCnnClassifier, text: str) -> str:
    """Probabilities [n, k] of a fitted network over words."""
    weights = model.weights_
    ids = _word_ids(graph, model.vocabulary_, text, margin=max(model.widths))
    embedded = graph.add("Transpose", _embedded(graph, weights, ids), perm=[0, 2, 1])
    maxima = []
    for position in range(len(model.widths)):
        name = f"convolutions.{position}"
        kernel = graph.constant(weights[f"{name}.weight"], SINGLE)
        found = graph.add("Conv", embedded, kernel, graph.constant(weights[f"{name}.bias"], SINGLE))
        maxima.append(_highest(graph, graph.add("Relu", found), axis=2))
    return _head(graph, weights["head.weight"], weights["head.bias"], graph.concat(maxima))


def emit_bilstm(graph: Graph, model: BiLstmClassifier, text: str) -> str:
    """Probabilities [n, k] of a fitted network over words, which reads each text to its own end."""
    weights = model.weights_
    ids = _word_ids(graph, model.vocabulary_, text, margin=1)
    known = graph.cast(graph.add("Not", graph.add("Equal", ids, graph.constant(PADDING, np.int64))), INT64)
    words = graph.add("ReduceSum", known, graph.constant([1], np.int64), keepdims=1)
    lengths = graph.add("Max", words, graph.constant([[1]], np.int64))
    states = graph.add(
        "LSTM",
        graph.add("Transpose", _embedded(graph, weights, ids), perm=[1, 0, 2]),
        *(graph.constant(part, SINGLE) for part in _lstm_weights(weights)),
        graph.cast(graph.add("Reshape", lengths, graph.constant([-1], np.int64)), INT32),
        direction="bidirectional",
        hidden_size=model.hidden,
    )
    # [T, 2, n, h] -> [n, T, 2h]
    aligned = graph.add("Transpose", states, perm=[2, 0, 1, 3])
    flat = graph.add("Reshape", aligned, graph.constant([0, 0, -1], np.int64))
    ones = graph.add("Add", graph.add("Mul", ids, graph.constant(0, np.int64)), graph.constant(1, np.int64))
    place = graph.add("CumSum", ones, graph.constant(1, np.int64))
    beyond = graph.add("Unsqueeze", graph.add("Greater", place, lengths), graph.constant([2], np.int64))
    read = graph.add("Where", beyond, graph.constant(-np.inf, SINGLE), flat)
    return _head(graph, weights["head.weight"], weights["head.bias"], _highest(graph, read, axis=1))


def emit_last_state(graph: Graph, model: LstmRegressor, windows: str) -> str:
    """The state [n, h] (single) of the last layer after windows [n, T] (double), the newest value first."""
    steps = model.n_features_in_
    centred = graph.add("Sub", graph.columns(windows, range(steps)[::-1]), graph.constant([[model.mean_]]))
    scaled = graph.cast(graph.add("Div", centred, graph.constant([[model.spread_]])), FLOAT)
    # ONNX wants the steps first: [T, n, d].
    signal = graph.add("Unsqueeze", graph.add("Transpose", scaled), graph.constant([2], np.int64))
    for of_signal, of_state, bias in model.layers_:
        gates = [_gates(of_signal), _gates(of_state), np.concatenate([_gates(bias), np.zeros_like(bias)])]
        parts = (graph.constant(part[None], SINGLE) for part in gates)
        states = graph.add("LSTM", signal, *parts, hidden_size=model.hidden)
        signal = graph.add("Squeeze", states, graph.constant([1], np.int64))
    return graph.add("Gather", signal, graph.constant(steps - 1, np.int64), axis=0)


def emit_transformer(graph: Graph, model: TransformerClassifier, text: str) -> str:
    """Probabilities [n, k] of a fine-tuned encoder with its head; the border makes the tokens."""
    network = model.module
    embedding = emit_encoder(graph, network.encoder, graph.tokens(text, model.tokenizer_))
    return _head(graph, network.directions().numpy(), model.weights_["head.bias"], embedding)


def emit_tuned(graph: Graph, embedding: TunedEmbedding, text: str) -> str:
    """Embeddings [n, d] (double) of a fine-tuned encoder; the border makes the tokens."""
    tokens = graph.tokens(text, embedding.tokenizer_)
    return graph.cast(emit_encoder(graph, embedding.module, tokens), DOUBLE)


def emit_encoder(graph: Graph, module: PooledEncoder, tokens: str) -> str:
    """Embeddings [n, d] in float32 of token ids [n, T]."""
    import torch

    dynamic = torch.export.Dim.DYNAMIC
    example = torch.full((2, 3), module.padding_id + 1)
    with _silence():
        program = torch.onnx.export(
            module.eval(),
            (example,),
            dynamo=True,
            opset_version=OPSET,
            dynamic_shapes=({0: dynamic, 1: dynamic},),
            verbose=False,
        )
    assert program is not None
    model = program.model_proto
    for node in model.graph.node:
        # Where each line of the exporter's source lies on this machine.
        node.ClearField("metadata_props")
        node.ClearField("doc_string")
    return graph.splice(model, tokens, model.graph.output[0].name)


EMITTERS: dict[type, Callable[[Graph, Any, str], str]] = {
    TextCnnClassifier: emit_text_cnn,
    BiLstmClassifier: emit_bilstm,
    TransformerClassifier: emit_transformer,
}
"""From a prepared text [n, 1] to probabilities [n, k], by the classifier's type."""


def _word_ids(graph: Graph, vocabulary: Mapping[str, int], text: str, margin: int) -> str:
    """Ids [n, T + margin] as ``vocabulary.word_ids`` gives them, with so much padding behind each."""
    by_id = sorted(vocabulary, key=vocabulary.__getitem__)
    places = places_of(graph, words_of(graph, text), by_id, UNKNOWN - FIRST, PADDING - FIRST)
    ids = graph.add("Add", places, graph.constant(FIRST, np.int64))
    first, last = (graph.constant([end], np.int64) for end in (0, MAX_WORDS))
    read = graph.add("Slice", ids, first, last, graph.constant([1], np.int64))
    return graph.add(
        "Pad", read, graph.constant([0, 0, 0, margin], np.int64), graph.constant(PADDING, np.int64)
    )


def _embedded(graph: Graph, weights: Mapping[str, Array], ids: str) -> str:
    return graph.add("Gather", graph.constant(weights["embedding.weight"], SINGLE), ids, axis=0)


def _lstm_weights(weights: Mapping[str, Array]) -> list[Array]:
    """W, R and B of the ONNX node: a row a direction."""

    def part(name: str, direction: str) -> Array:
        return _gates(weights[f"lstm.{name}_l0{direction}"])

    both = ("", "_reverse")
    biases = [np.concatenate([part("bias_ih", end), part("bias_hh", end)]) for end in both]
    return [
        np.stack([part("weight_ih", end) for end in both]),
        np.stack([part("weight_hh", end) for end in both]),
        np.stack(biases),
    ]


def _gates(weights: Array) -> Array:
    """From torch's order of gates, i, f, c, o, to that of the ONNX node, i, o, f, c."""
    gate_i, gate_f, gate_c, gate_o = np.split(weights, 4)
    return np.concatenate([gate_i, gate_o, gate_f, gate_c])


def _highest(graph: Graph, tensor: str, axis: int) -> str:
    return graph.add("ReduceMax", tensor, graph.constant([axis], np.int64), keepdims=0)


def _head(graph: Graph, weights: Array, bias: Array, tensor: str) -> str:
    """softmax(tensor @ weights.T + bias), in float64."""
    product = graph.add("MatMul", graph.cast(tensor, DOUBLE), graph.constant(weights.T))
    return graph.add("Softmax", graph.add("Add", product, graph.constant(bias[None, :])), axis=1)


@contextmanager
def _silence() -> Iterator[None]:
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)
