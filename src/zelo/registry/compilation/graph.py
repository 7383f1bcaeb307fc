"""A small builder over onnx.helper: nodes and constants get their names here."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from zelo.errors import RegistryError
from zelo.features.text.border import BORDER, Border
from zelo.features.text.preparation import TextPreparation

Array = np.ndarray[Any, Any]

OPSET = 20
# The newest that onnxmltools writes; none of its nodes changed meaning up to OPSET.
BOOSTING_OPSET = 15
ML_OPSET = 3
IR_VERSION = 10
DOUBLE = TensorProto.DOUBLE
FLOAT = TensorProto.FLOAT
STRING = TensorProto.STRING
INT64 = TensorProto.INT64
BOOL = TensorProto.BOOL
RUNTIME_DOMAIN = "com.microsoft"
"""ONNX Runtime's own operators: the standard has no tokenizer."""


class CannotCompile(RegistryError):  # noqa: N818  (an answer, not a fault)
    """A step has no exact counterpart in ONNX; the fitted pipeline serves instead."""


class Graph:
    """An ONNX graph in the making. Tensors are handled by their names."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._inputs: list[onnx.ValueInfoProto] = []
        self._border = Border()
        self._count = 0

    def input(self, name: str, kind: int) -> str:
        """An input [n, 1]."""
        self._inputs.append(helper.make_tensor_value_info(name, kind, [None, 1]))
        return name

    def text(self, name: str, preparation: TextPreparation) -> str:
        """An input [n, 1] of texts, which the border prepares."""
        self._border = replace(self._border, preparation=preparation, texts=(*self._border.texts, name))
        return self.input(name, STRING)

    def tokens(self, field: str, tokenizer: str) -> str:
        """An input [n, t] (int64): a text field's tokens, which the border makes by the tokenizer's JSON."""
        name = f"{field}:{hashlib.sha256(tokenizer.encode()).hexdigest()[:8]}"
        if name not in self._border.tokens:
            tokens = {**self._border.tokens, name: (field, tokenizer)}
            self._border = replace(self._border, tokens=tokens)
            self._inputs.append(helper.make_tensor_value_info(name, INT64, [None, None]))
        return name

    def constant(self, values: Any, dtype: Any = np.float64) -> str:
        """A constant tensor; strings with dtype object."""
        name = self._name("c")
        self._constants.append(numpy_helper.from_array(np.asarray(values, dtype=dtype), name))
        return name

    def add(self, operation: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """One node with one output, whose name is returned."""
        output = self._name(operation)
        self._nodes.append(helper.make_node(operation, list(inputs), [output], domain=domain, **attributes))
        return output

    def concat(self, tensors: Sequence[str]) -> str:
        """Side by side along the columns."""
        return tensors[0] if len(tensors) == 1 else self.add("Concat", *tensors, axis=1)

    def columns(self, tensor: str, positions: Sequence[int]) -> str:
        """Some columns of a matrix, in the order given."""
        return self.add("Gather", tensor, self.constant(list(positions), np.int64), axis=1)

    def cast(self, tensor: str, kind: int) -> str:
        return self.add("Cast", tensor, to=kind)

    def splice(self, model: onnx.ModelProto, tensor: str, output: str) -> str:
        """Append another model's nodes, with its only input fed by ``tensor``; its ``output``'s new name."""
        prefix = self._name("s") + "/"
        renamed = {model.graph.input[0].name: tensor, "": ""}
        for initializer in model.graph.initializer:
            copy = onnx.TensorProto.FromString(initializer.SerializeToString())
            copy.name = renamed.setdefault(initializer.name, prefix + initializer.name)
            self._constants.append(copy)
        for node in needed(model.graph.node, output):
            copy_node = onnx.NodeProto.FromString(node.SerializeToString())
            copy_node.name = self._name(prefix)
            copy_node.input[:] = [renamed.setdefault(name, prefix + name) for name in node.input]
            copy_node.output[:] = [renamed.setdefault(name, prefix + name) for name in node.output]
            self._nodes.append(copy_node)
        return renamed[output]

    def build(self, tensor: str, name: str, width: int) -> bytes:
        """The model with ``tensor`` [n, width] (double) as its only output, called ``name``."""
        nodes = [*self._nodes, helper.make_node("Identity", [tensor], [name])]
        outputs = [helper.make_tensor_value_info(name, DOUBLE, [None, width])]
        graph = helper.make_graph(nodes, "zelo", self._inputs, outputs, self._constants)
        versions = {"": OPSET, "ai.onnx.ml": ML_OPSET, RUNTIME_DOMAIN: 1}
        opsets = [helper.make_opsetid(domain, version) for domain, version in versions.items()]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="zelo")
        if self._border.texts:
            helper.set_model_props(model, {BORDER: self._border.to_json()})
        serialized: bytes = model.SerializeToString()
        return serialized

    def _name(self, stem: str) -> str:
        self._count += 1
        return f"{stem}_{self._count}"


def needed(nodes: Sequence[onnx.NodeProto], output: str) -> list[onnx.NodeProto]:
    """The nodes that ``output`` depends on, in order."""
    wanted = {output}
    kept = []
    for node in reversed(nodes):
        if wanted & set(node.output):
            kept.append(node)
            wanted |= set(node.input)
    return kept[::-1]
