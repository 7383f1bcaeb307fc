"""Compiled text models against the fitted ones, on comments as people write them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import onnx
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from tests.texts import COMMENTS, LABELS, MODES, make_text_project

from zelo.features.columns import Columns, frame_from_columns
from zelo.features.text.border import BORDER
from zelo.models.candidate import Setting
from zelo.models.catalogue import CATALOGUE
from zelo.registry.compilation.compile import compile_model
from zelo.registry.compilation.graph import CannotCompile, Graph
from zelo.registry.compilation.texts import emit_tfidf
from zelo.registry.runtime import TEXTS_AT_ONCE, NativePredictor, OnnxPredictor
from zelo.training.fit import fit_whole

PROJECT = make_text_project()
TRUTH = np.array([MODES.index(label) for label in LABELS])
ODD = [
    "REPLACE L/H Pump",
    "pressÃ£o báixa",
    "\U0001f600",
    "a",
    "not  working!!",
    "x" * 3000,
    "<b>leak</b>",
    "12 34 5a",
    "日本語 テスト",
    "-",
    "oil " * 400,
    "\x02\x03 #",
]
SMALL = {
    "random_forest": {"n_estimators": 10},
    "xgboost": {"n_estimators": 5},
    "lightgbm": {"n_estimators": 5},
}
FEATURES: dict[str, tuple[Any, ...]] = {
    "logistic_regression": ("words", {"chars": {"ngrams": [2, 4], "weight": 2.0}}, "shape"),
    "linear_svm": ({"words": {"sublinear": False}},),
    "complement_bayes": ("chars",),
    "random_forest": ("chars", "shape"),
    "xgboost": ("words",),
    "lightgbm": ("word2vec", "chars"),
}


def columns(texts: list[str]) -> Columns:
    return {"comment": np.array(texts, dtype=object)}


def fitted(name: str, features: tuple[Any, ...]) -> Any:
    setting = Setting(PROJECT, seed=1, threads=1, features=features)
    return fit_whole(
        CATALOGUE[name], setting, SMALL.get(name, {}), frame_from_columns(columns(COMMENTS)), TRUTH
    )


@pytest.mark.parametrize("name", FEATURES)
def test_a_compiled_text_model_gives_the_same_scores(name: str) -> None:
    model = fitted(name, FEATURES[name])
    compiled = OnnxPredictor(compile_model(model, PROJECT))
    rows = columns(COMMENTS + ODD)
    native = NativePredictor(model, PROJECT).scores(rows)
    assert np.abs(compiled.scores(rows) - native).max() < 1e-6
    for place, text in enumerate(ODD):
        assert compiled.scores(columns([text])) == pytest.approx(native[[len(COMMENTS) + place]], abs=1e-6)


def test_many_texts_are_scored_in_parts_of_the_same_scores() -> None:
    compiled = OnnxPredictor(compile_model(fitted("linear_svm", ("words",)), PROJECT))
    many = (COMMENTS * 10)[: TEXTS_AT_ONCE + 7]
    assert len(many) > TEXTS_AT_ONCE
    assert not compiled.reads_tokens
    assert compiled.scores(columns(many))[-1] == pytest.approx(compiled.scores(columns(many[-1:]))[0])


def test_the_preparation_travels_in_the_models_file() -> None:
    model = onnx.ModelProto.FromString(compile_model(fitted("linear_svm", ("words",)), PROJECT))
    (border,) = [json.loads(item.value) for item in model.metadata_props if item.key == BORDER]
    assert border["texts"] == ["comment"]
    assert border["preparation"]["abbreviations"] == PROJECT.text.abbreviations


def test_characters_across_words_have_no_compilation() -> None:
    across = TfidfVectorizer(analyzer="char").fit(["a b"])
    with pytest.raises(CannotCompile):
        emit_tfidf(Graph(), across, "comment", PROJECT)
