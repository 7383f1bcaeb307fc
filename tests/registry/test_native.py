"""Fitted pipelines survive the disk, and nothing but them is built from it."""

from __future__ import annotations

import builtins
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from tests.series import make_forecast_project, make_rows
from tests.tables import KINDS, SMALL, make_project, make_table
from tests.texts import COMMENTS, LABELS, MODES, make_text_project

from zelo.errors import BundleError
from zelo.features.columns import columns_from_frame, frame_from_columns
from zelo.models.blend import Stacking, Voting, final_model, stacking_inputs
from zelo.models.calibration import Calibrated, fit_calibration
from zelo.models.candidate import Setting
from zelo.models.catalogue import CATALOGUE
from zelo.registry.native import read_pipeline, write_pipeline
from zelo.training.fit import fit_whole, scores_of
from zelo.training.truth import truth_of

EVERY = [
    (kind, name)
    for kind in KINDS
    for name, item in CATALOGUE.items()
    if kind in item.kinds and not (item.of_texts or item.of_series)
]


class Fitted:
    """Candidates of one kind on the small table."""

    def __init__(self, kind: str) -> None:
        project, table = make_project(kind), make_table(kind, 120)
        self.setting = Setting(project, 7, 1)
        self.classes = len(project.classes)
        self.frame = frame_from_columns(columns_from_frame(project, table))
        self.truth = truth_of(table, project)

    def model(self, name: str) -> Any:
        return fit_whole(CATALOGUE[name], self.setting, SMALL.get(name, {}), self.frame, self.truth)

    def scores(self, model: Any) -> np.ndarray[Any, Any]:
        return scores_of(model, self.frame, self.classes)


def round_trip(model: Any, folder: Path) -> Any:
    write_pipeline(model, folder / "pipeline.skops")
    return read_pipeline(folder / "pipeline.skops")


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_every_candidate_survives(tmp_path: Path, kind: str, name: str) -> None:
    fitted = Fitted(kind)
    model = fitted.model(name)
    if fitted.classes:
        model = Calibrated(model, fit_calibration(fitted.truth, fitted.scores(model)), fitted.classes)
    np.testing.assert_array_equal(fitted.scores(round_trip(model, tmp_path)), fitted.scores(model))


OF_SERIES = [
    (name, {"epochs": 1} if item.seeded else {}) for name, item in CATALOGUE.items() if item.of_series
]
OF_SERIES += [(name, SMALL[name]) for name in ("mlp", "lightgbm")]


@pytest.mark.parametrize(("name", "params"), OF_SERIES)
def test_every_candidate_of_series_survives(tmp_path: Path, name: str, params: dict[str, Any]) -> None:
    frame, truth = make_rows(80)
    model = fit_whole(CATALOGUE[name], Setting(make_forecast_project(), 7, 1), params, frame, truth)
    np.testing.assert_array_equal(round_trip(model, tmp_path).predict(frame), model.predict(frame))


@pytest.mark.parametrize(
    ("name", "library"), [("auto_arima", "statsforecast"), ("mlp", "lightning"), ("lstm", "lightning")]
)
def test_what_it_was_fitted_with_is_not_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, library: str
) -> None:
    frame, truth = make_rows(80)
    setting = Setting(make_forecast_project(), 7, 1)
    model = fit_whole(CATALOGUE[name], setting, {**SMALL, "lstm": {"epochs": 1}}.get(name, {}), frame, truth)
    found = model.predict(frame)
    monkeypatch.setitem(sys.modules, library, None)
    np.testing.assert_array_equal(round_trip(model, tmp_path).predict(frame), found)


OF_TEXTS: dict[str, tuple[dict[str, Any], tuple[Any, ...]]] = {
    "complement_bayes": ({}, ("words",)),
    "linear_svm": ({}, ("chars", "shape", "word2vec")),
    "logistic_regression": ({}, ("words", "fasttext")),
    "xgboost": ({"n_estimators": 5}, ("chars",)),
    "text_cnn": ({"epochs": 1}, ()),
    "bilstm": ({"epochs": 1}, ()),
}


@pytest.mark.parametrize("name", OF_TEXTS)
def test_every_candidate_of_texts_survives(tmp_path: Path, name: str) -> None:
    params, features = OF_TEXTS[name]
    project, frame = make_text_project(), pd.DataFrame({"comment": COMMENTS})
    truth = np.array([MODES.index(label) for label in LABELS])
    model = fit_whole(CATALOGUE[name], Setting(project, 7, 1, features), params, frame, truth)
    model = Calibrated(model, fit_calibration(truth, scores_of(model, frame, 3)), 3)
    read = round_trip(model, tmp_path)
    np.testing.assert_array_equal(scores_of(read, frame, 3), scores_of(model, frame, 3))


@pytest.mark.parametrize("kind", KINDS)
def test_blends_survive(tmp_path: Path, kind: str) -> None:
    fitted = Fitted(kind)
    members = [fitted.model(name) for name in ("prior", "lightgbm")]
    inputs = stacking_inputs([fitted.scores(member) for member in members])
    final = final_model(fitted.classes == 0).fit(inputs, fitted.truth)
    for model in (Voting(members, fitted.classes), Stacking(members, final, fitted.classes)):
        np.testing.assert_array_equal(fitted.scores(round_trip(model, tmp_path)), fitted.scores(model))


class Foreign:
    """A class that no candidate holds."""

    def __init__(self) -> None:
        self.payload = "anything"


@pytest.mark.parametrize(
    ("thing", "named"),
    [
        (FunctionTransformer(builtins.exec), "builtins.exec"),
        (FunctionTransformer(builtins.eval), "builtins.eval"),
        (FunctionTransformer(os.system), "posix.system"),
        (Pipeline([("step", Foreign())]), "Foreign"),
        (FunctionTransformer(np.save), "numpy.save"),
    ],
)
def test_a_foreign_type_is_refused_and_named(tmp_path: Path, thing: Any, named: str) -> None:
    write_pipeline(thing, tmp_path / "pipeline.skops")
    with pytest.raises(BundleError, match="not trusted") as refused:
        read_pipeline(tmp_path / "pipeline.skops")
    assert named in refused.value.found


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pipeline.skops"
    write_pipeline(Fitted("binary").model("prior"), path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(BundleError, match="cannot be loaded"):
        read_pipeline(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="cannot be loaded") as refused:
        read_pipeline(tmp_path / "pipeline.skops")
    assert "FileNotFoundError" in refused.value.found


def test_what_is_written_is_no_pickle(tmp_path: Path) -> None:
    path = tmp_path / "pipeline.skops"
    write_pipeline(Fitted("binary").model("lightgbm"), path)
    assert path.read_bytes()[:2] == b"PK"
    assert skops.io.get_untrusted_types(file=path)
