"""What a bundle holds of a training, beside the model itself."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.registry.fakes import snapshot_of
from tests.tables import make_project, make_table

from zelo.registry.assemble import staged
from zelo.registry.compiled import Compiled
from zelo.registry.parity import uncompiled
from zelo.registry.runtime import NativePredictor
from zelo.training.train import Trained, train

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@cache
def trained(kind: str) -> Trained:
    select: dict[str, Any] = {"primary": {"multiclass": "f1_macro", "regression": "mae"}[kind], "folds": 3}
    if kind == "multiclass":
        select["critical"] = {"classes": ["high"], "recall": 0.2}
    project = make_project(kind, select=select, gates={"slices": ["region"]})
    return train(make_table(kind, 300), project, threads=1)


def files(kind: str, folder: Path) -> dict[str, str]:
    found = trained(kind)
    compiled = Compiled(NativePredictor(found.model, found.project), uncompiled("not tried"))
    with staged(found, compiled, snapshot_of(found.project), folder, created=NOW) as staging:
        texts = [path for path in staging.iterdir() if path.suffix in (".json", ".md", ".html")]
        return {path.name: path.read_text(encoding="utf-8") for path in texts}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return files("multiclass", tmp_path_factory.mktemp("bundle"))


def test_each_class_has_its_figures(bundle: dict[str, str]) -> None:
    written = json.loads(bundle["classes.json"])
    found = trained("multiclass")
    assert written["promised"] == found.policy.coverage
    assert [one["label"] for one in written["classes"]] == ["low", "mid", "high"]
    assert [one["critical"] for one in written["classes"]] == [False, False, True]
    assert sum(one["test"]["support"] for one in written["classes"]) == len(found.test.truth)
    for one in written["classes"]:
        for part in ("out_of_fold", "test"):
            recall = one[part]["recall"]
            assert 0 <= recall["low"] <= recall["value"] <= recall["high"] <= 1
        assert set(one["sets"]) == {"coverage", "size"}


def test_the_winner_is_as_good_by_class_as_it_is_in_the_whole(bundle: dict[str, str]) -> None:
    written = json.loads(bundle["classes.json"])["classes"]
    found = sum(one["test"]["f1"]["value"] for one in written) / 3
    assert found == pytest.approx(json.loads(bundle["metrics.json"])["f1_macro"]["value"])


def test_candidates_tell_their_estimator_and_latency(bundle: dict[str, str]) -> None:
    for item in json.loads(bundle["candidates.json"])["candidates"]:
        assert item["estimator"] == item["name"]
        assert item["features"] == []
        assert item["latency_ms"] > 0
        assert item["neglects"] == (["high"] if item["name"] == "prior" else [])


def test_robustness_is_by_slice_and_year(bundle: dict[str, str]) -> None:
    written = json.loads(bundle["robustness.json"])
    assert written["behaviours"] == []
    assert {(one["part"], one["field"]) for one in written["slices"]} == {
        (part, field) for part in ("test", "out_of_fold") for field in ("region", "day")
    }


def test_the_card_tells_each_class_and_its_sets(bundle: dict[str, str]) -> None:
    card = bundle["model_card.md"]
    assert "### By class" in card
    assert "| high (critical) |" in card
    assert "promises to hold the true class in 90%" in card
    assert "latency_ms" in card
    assert "By class" in bundle["errors.html"]


def test_a_regression_has_no_classes_to_show(tmp_path: Path) -> None:
    found = files("regression", tmp_path)
    assert "robustness.json" in found
    assert not {"classes.json", "errors.html"} & found.keys()
    assert "By class" not in found["model_card.md"]


def test_nothing_is_left_where_it_fails(tmp_path: Path) -> None:
    found = replace(trained("regression"), comparison=None)  # type: ignore[arg-type]
    compiled = Compiled(NativePredictor(found.model, found.project), uncompiled("not tried"))
    with (
        pytest.raises(AttributeError),
        staged(found, compiled, snapshot_of(found.project), tmp_path, created=NOW),
    ):
        pass
    assert list(tmp_path.iterdir()) == []
