"""Which runtimes a bundle is given, and that it is loaded as it was chosen."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.tables import make_project, make_table

from zelo.errors import BundleError
from zelo.registry import compiled as room
from zelo.registry.compiled import Compiled, compile_checked
from zelo.registry.pace import SIZES
from zelo.registry.runtime import ONNX_FILE, ByRows, CutPredictor, OnnxPredictor, load_served
from zelo.training.train import Trained, train

FASTER = {"onnx": (1, 10, 100, 1000, 10000), "catboost": (9, 9, 9, 90, 900), "levels": (9, 9, 9, 90, 900)}


@cache
def trained(candidate: str) -> Trained:
    params = {"catboost": {"iterations": 20}, "random_forest": {"n_estimators": 10}, "lightgbm": {}}[
        candidate
    ]
    project = make_project(candidates=["prior", {candidate: params}])
    return train(make_table("binary", 240), project, threads=1, pick=candidate)


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Times that do not hang on this machine's."""

    def pace(predictor: Any, rows: Any, *, seed: int) -> dict[int, float]:
        return dict(zip(SIZES, map(float, FASTER[predictor.runtime]), strict=True))

    monkeypatch.setattr(room, "pace", pace)


@pytest.mark.usefixtures("measured")
@pytest.mark.parametrize(("candidate", "runtime"), [("catboost", "catboost"), ("random_forest", "levels")])
def test_a_bundle_is_served_by_what_was_chosen_for_its_rows(
    candidate: str, runtime: str, tmp_path: Path
) -> None:
    found = trained(candidate)
    compiled = compile_checked(found)
    compiled.write(tmp_path)
    served = load_served(tmp_path, found.project, {"runtime": "x", **compiled.facts()})

    assert compiled.steps == ((1, "onnx"), (32, runtime))
    assert compiled.parity()["passed"]
    assert compiled.parity()["runtimes"][runtime]["passed"]
    assert json.loads(json.dumps(compiled.facts()))["microseconds"][runtime]["1000"] == 900
    assert isinstance(served, ByRows)
    assert set(served.runtimes) == {"onnx", runtime}
    assert isinstance(served.runtimes[runtime], CutPredictor)
    many = found.train.columns
    expected = OnnxPredictor(compiled.files[ONNX_FILE]).scores(many)
    assert np.abs(served.scores(many) - expected).max() < 1e-6


def test_a_bundle_of_before_is_served_as_it_was(tmp_path: Path) -> None:
    found = trained("catboost")
    compile_checked(found).write(tmp_path)

    assert isinstance(load_served(tmp_path, found.project, {"runtime": "onnx"}), OnnxPredictor)


@pytest.mark.usefixtures("measured")
def test_trees_that_do_not_pass_are_left_out_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Off(CutPredictor):
        def scores(self, columns: Any) -> Any:
            return super().scores(columns) * 0.9

    monkeypatch.setattr("zelo.registry.runtime.CutPredictor", Off)
    compiled = compile_checked(trained("random_forest"))

    assert (compiled.steps, set(compiled.files)) == ((), {ONNX_FILE})
    assert compiled.predictor.runtime == "onnx"
    assert compiled.certificate.passed
    assert not compiled.others["levels"].passed
    assert "real rows" in compiled.others["levels"].reason


def test_where_there_is_no_choice_nothing_is_told_of_one() -> None:
    compiled = compile_checked(trained("lightgbm"))

    assert (compiled.facts(), set(compiled.files)) == ({}, {ONNX_FILE})
    assert compiled.parity()["runtimes"] == {}


@pytest.mark.usefixtures("measured")
@pytest.mark.parametrize(("candidate", "name"), [("catboost", "trees.cbm"), ("random_forest", "trees.npz")])
def test_trees_that_are_cut_short_are_refused_and_named(candidate: str, name: str, tmp_path: Path) -> None:
    found = trained(candidate)
    compiled: Compiled = compile_checked(found)
    compiled.write(tmp_path)
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:200])

    with pytest.raises(BundleError, match="cannot be loaded") as refused:
        load_served(tmp_path, found.project, {"runtime": "x", **compiled.facts()})
    assert refused.value.where == str(tmp_path / name)
