"""The compiled model on both sides of its trees, for a runtime that computes those quicker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from zelo.registry.compilation.graph import DOUBLE, needed
from zelo.registry.runtime import SCORES, TREES
from zelo.registry.trees import MOST_FEATURES, MOST_NODES, ForestByLevels, packed

Array = np.ndarray[Any, Any]
Attributes = dict[str, Any]


@dataclass(frozen=True)
class Cut:
    """``before`` makes the features of the fields, ``after`` the scores of what ``trees`` make of them."""

    before: bytes
    after: bytes
    trees: onnx.NodeProto


def cut(compiled: bytes) -> Cut | None:
    """The model's parts; none where it has no tree ensemble, or several."""
    model = onnx.load_from_string(compiled)
    ensembles = [node for node in model.graph.node if node.op_type.startswith("TreeEnsemble")]
    if len(ensembles) != 1:
        return None
    (trees,) = ensembles
    before = _part(model, list(model.graph.node), trees.input[0], None)
    rest = [onnx.NodeProto.FromString(node.SerializeToString()) for node in model.graph.node if node != trees]
    for node in rest:
        node.input[:] = [TREES if name == trees.output[-1] else name for name in node.input]
    scores = model.graph.output[0].type.tensor_type.shape.dim[1].dim_value
    return Cut(before, _part(model, rest, SCORES, scores), trees)


def forest(trees: onnx.NodeProto) -> ForestByLevels | None:
    """The same trees by levels; none where they are no plain forest: sums of leaves, ``<=`` at every split.

    Neither where a node has no room for so many of them, or for so many features.
    """
    found = _attributes(trees)
    leaf = found["nodes_modes"] == b"LEAF"
    plain = (
        found.get("post_transform", b"NONE") == b"NONE"
        and found.get("aggregate_function", b"SUM") == b"SUM"
        and "base_values" not in found
        and set(found["nodes_modes"][~leaf]) <= {b"BRANCH_LEQ"}
        and not np.any(found.get("nodes_missing_value_tracks_true", 0))
        and len(leaf) <= MOST_NODES
        and found["nodes_featureids"].max() < MOST_FEATURES
    )
    if not plain:
        return None
    starts = np.flatnonzero(np.diff(found["nodes_treeids"], prepend=-1))
    sizes = np.diff(starts, append=len(leaf))
    first = np.repeat(starts, sizes)
    if (found["nodes_nodeids"] + first != np.arange(len(leaf))).any():
        return None
    left, right = found["nodes_truenodeids"] + first, found["nodes_falsenodeids"] + first
    order = _by_levels(starts, left, right, leaf)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    nodes = packed(
        np.where(leaf, 0, place[np.where(leaf, 0, left)])[order],
        found["nodes_featureids"][order],
        _single(_values(found, "nodes_values"))[order],
        leaf[order],
    )
    # In single precision, as ONNX has them: half the memory to wait for.
    return ForestByLevels(nodes, place[starts], _weights(found, starts)[order].astype(np.float32))


def _by_levels(roots: Array, left: Array, right: Array, leaf: Array) -> Array:
    """All nodes, the two children of one beside one another, and a tree's nodes together."""
    order = []
    for root in roots:
        level = np.array([root])
        while len(level):
            order.append(level)
            inner = level[~leaf[level]]
            level = np.column_stack([left[inner], right[inner]]).ravel()
    return np.concatenate(order)


def _weights(found: Attributes, starts: Array) -> Array:
    """What each leaf adds [m, K]; where two classes share one column, the other one has the rest."""
    kind = "class" if "class_ids" in found else "target"
    trees, nodes, columns = (found[f"{kind}_{name}"] for name in ("treeids", "nodeids", "ids"))
    classes = len(found["classlabels_int64s"]) if kind == "class" else int(found["n_targets"])
    weights = np.zeros((len(found["nodes_treeids"]), classes))
    ids = found["nodes_treeids"][starts]
    places = starts[np.searchsorted(ids, trees)] + nodes
    values = _values(found, f"{kind}_weights")
    if classes == 2 and len(set(columns)) == 1:
        weights[places] = np.column_stack([1.0 / len(starts) - values, values])
    else:
        weights[places, columns] = values
    return weights


def _single(points: Array) -> Array:
    """Split points rounded down: for a float32 x, ``x <= t`` and ``x <= down(t)`` are the same."""
    single = points.astype(np.float32)
    return np.where(single > points, np.nextafter(single, np.float32(-np.inf)), single)


def _values(found: Attributes, name: str) -> Array:
    """Numbers that the converter wrote in single or in double precision."""
    values: Array = found[f"{name}_as_tensor" if f"{name}_as_tensor" in found else name]
    return values.astype(np.float64)


def _attributes(node: onnx.NodeProto) -> Attributes:
    return {one.name: _attribute(one) for one in node.attribute}


def _attribute(one: onnx.AttributeProto) -> Any:
    value = helper.get_attribute_value(one)
    if isinstance(value, onnx.TensorProto):
        return numpy_helper.to_array(value)
    return value if isinstance(value, bytes | int | float) else np.asarray(value)


def _part(model: onnx.ModelProto, nodes: list[onnx.NodeProto], tensor: str, width: int | None) -> bytes:
    """The nodes that ``tensor`` [n, width] depends on, as a model of their own with a double output."""
    kept = needed(nodes, tensor)
    read = {name for node in kept for name in node.input}
    inputs = [value for value in model.graph.input if value.name in read]
    if TREES in read:
        inputs.append(helper.make_tensor_value_info(TREES, DOUBLE, [None, None]))
    output = f"{tensor}:double"
    graph = helper.make_graph(
        [*kept, helper.make_node("Cast", [tensor], [output], to=DOUBLE)],
        "zelo",
        inputs,
        [helper.make_tensor_value_info(output, DOUBLE, [None, width])],
        [constant for constant in model.graph.initializer if constant.name in read],
    )
    part = helper.make_model(
        graph, opset_imports=model.opset_import, ir_version=model.ir_version, producer_name="zelo"
    )
    part.metadata_props.extend(model.metadata_props)
    serialized: bytes = part.SerializeToString()
    return serialized
