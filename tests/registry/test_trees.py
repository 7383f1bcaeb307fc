"""Trees apart from the graph around them: the same scores, whatever the rows and however many."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from tests.tables import make_project, make_table

from zelo.features.columns import Columns, columns_from_frame, count, frame_from_columns, take
from zelo.models.candidate import Setting
from zelo.models.catalogue import CATALOGUE
from zelo.registry.compilation.compile import compile_model
from zelo.registry.compilation.cut import cut, forest
from zelo.registry.pace import SIZES, pace, steps
from zelo.registry.runtime import ByRows, CutPredictor, OnnxPredictor
from zelo.registry.trees import ROWS_AT_ONCE, CatBoostTrees, ForestByLevels, packed
from zelo.training.fit import fit_whole
from zelo.training.truth import truth_of

Array = np.ndarray[Any, Any]
KINDS = ["binary", "multiclass", "regression"]


@cache
def rows(kind: str) -> Columns:
    return columns_from_frame(make_project(kind), make_table(kind, 200))


@cache
def fitted(kind: str, candidate: str) -> Any:
    table, project = make_table(kind, 200), make_project(kind)
    params = {"n_estimators": 30} if candidate == "random_forest" else {"iterations": 30}
    frame = frame_from_columns(rows(kind))
    return fit_whole(CATALOGUE[candidate], Setting(project, 3, 1), params, frame, truth_of(table, project))


def apart(kind: str, candidate: str, folder: Path) -> tuple[OnnxPredictor, CutPredictor]:
    model = fitted(kind, candidate)
    whole = compile_model(model, make_project(kind))
    parts = cut(whole)
    assert parts is not None
    if candidate == "catboost":
        model.steps[-1][1].save_model(str(folder / "trees.cbm"))
        trees: Any = CatBoostTrees(folder / "trees.cbm")
    else:
        levels = forest(parts.trees)
        assert levels is not None
        levels.write(folder / "trees.npz")
        trees = ForestByLevels.read(folder / "trees.npz")
    return OnnxPredictor(whole), CutPredictor(candidate, parts.before, trees, parts.after)


@pytest.mark.parametrize("candidate", ["random_forest", "catboost"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_trees_apart_score_as_the_whole_graph(kind: str, candidate: str, tmp_path: Path) -> None:
    whole, parted = apart(kind, candidate, tmp_path)
    expected = whole.scores(rows(kind))
    spread = 1.0 if kind != "regression" else expected.std()

    assert np.abs(parted.scores(rows(kind)) - expected).max() < 1e-5 * spread
    assert np.ptp(expected[:, -1]) > 0.1 * spread
    assert parted.scores(take(rows(kind), np.array([], dtype=int))).shape == (0, expected.shape[1])


def test_a_row_by_levels_has_the_same_bits_whatever_it_comes_with() -> None:
    parts = cut(compile_model(fitted("binary", "random_forest"), make_project("binary")))
    assert parts is not None
    levels = forest(parts.trees)
    assert levels is not None
    features = OnnxPredictor(parts.before).scores(rows("binary"))
    together = levels.sums(features)

    assert len(features) > 2 * ROWS_AT_ONCE
    assert (np.concatenate([levels.sums(row[None]) for row in features]) == together).all()


def test_a_value_at_a_split_point_and_one_that_is_none_go_where_they_should() -> None:
    """One split, x <= 0.5: at the point to the left, beside it and without a number to the right."""
    nodes = packed(
        np.array([1, 0, 0]), np.zeros(3, int), np.array([0.5, 0, 0]), np.array([False, True, True])
    )
    trees = ForestByLevels(nodes, np.array([0]), np.array([[0.0], [1.0], [2.0]]))
    point = np.float32(0.5)

    values = np.array([point, np.nextafter(point, np.float32(1)), -np.inf, np.inf, np.nan])
    assert trees.sums(values.reshape(-1, 1)).ravel().tolist() == [1, 2, 1, 2, 2]


def test_trees_that_are_one_leaf_are_walked() -> None:
    nodes = packed(np.zeros(2, int), np.zeros(2, int), np.zeros(2), np.array([True, True]))
    trees = ForestByLevels(nodes, np.array([0, 1]), np.array([[0.25], [0.5]]))

    assert trees.sums(np.full((3, 1), np.nan)).ravel().tolist() == [0.75] * 3


def test_what_is_no_plain_forest_is_left_to_onnx() -> None:
    parts = cut(compile_model(fitted("binary", "catboost"), make_project("binary")))
    assert parts is not None
    assert forest(parts.trees) is None
    plain = cut(compile_model(fitted("binary", "random_forest"), make_project("binary")))
    assert plain is not None
    missing = onnx.NodeProto.FromString(plain.trees.SerializeToString())
    (flags,) = [one for one in missing.attribute if one.name == "nodes_missing_value_tracks_true"]
    flags.ints[0] = 1
    assert forest(missing) is None


def test_a_model_without_trees_is_not_cut() -> None:
    project = make_project("binary")
    table = make_table("binary", 200)
    setting = Setting(project, 3, 1)
    frame = frame_from_columns(rows("binary"))
    model = fit_whole(CATALOGUE["logistic_regression"], setting, {}, frame, truth_of(table, project))
    assert cut(compile_model(model, project)) is None


class Named:
    def __init__(self, runtime: str) -> None:
        self.runtime = runtime
        self.asked: list[int] = []

    def scores(self, columns: Columns) -> Array:
        self.asked.append(count(columns))
        return np.zeros((count(columns), 2))


def test_the_runtime_of_so_many_rows_is_asked() -> None:
    few, many = Named("onnx"), Named("catboost")
    predictor = ByRows([(1, few), (32, many)])
    for size in (0, 1, 31, 32, 1000):
        predictor.scores({"age": np.zeros(size)})

    assert (few.asked, many.asked) == ([0, 1, 31], [32, 1000])
    assert predictor.runtime == "onnx, catboost from 32 rows"
    assert predictor.runtimes == {"onnx": few, "catboost": many}


def paces(*taken: float) -> dict[int, float]:
    return dict(zip(SIZES, taken, strict=True))


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (paces(300, 300, 300, 300, 900), [(1, "onnx"), (32, "other")]),
        (paces(20, 30, 40, 50, 60), [(1, "other")]),
        (paces(300, 300, 450, 1900, 15000), [(1, "onnx")]),
        (paces(300, 300, 300, 300, 90000), [(1, "onnx"), (32, "other"), (1000, "onnx")]),
    ],
    ids=["many rows", "always", "not worth it", "between"],
)
def test_a_runtime_takes_over_where_it_is_clearly_quicker(
    other: dict[int, float], expected: list[tuple[int, str]]
) -> None:
    measured = {"onnx": paces(70, 190, 550, 1900, 15000), "other": other}
    assert steps(measured, "onnx") == expected


def test_the_pace_is_the_median_of_calls_with_other_rows_each() -> None:
    ticks = iter(np.cumsum([0.0, 0.08] * 3 * len(SIZES) + [0.0]).tolist())
    found = pace(Named("onnx"), {"age": np.arange(5.0)}, seed=1, clock=lambda: next(ticks))
    assert found == dict.fromkeys(SIZES, 80000.0)
