from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
import pytest
from imblearn.pipeline import Pipeline as SamplingPipeline
from tests.encoders import make_encoder, make_texts
from tests.tables import make_project

from zelo.errors import SpecError
from zelo.models.candidate import Setting, without_sampler
from zelo.models.neural import candidates
from zelo.models.neural.candidates import BILSTM, MLP, SETFIT, TEXT_CNN, TRANSFORMER
from zelo.registry.native import read_pipeline, write_pipeline
from zelo.spec.project import Project

EVERY = (TEXT_CNN, BILSTM, TRANSFORMER, SETFIT)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_encoder(tmp_path_factory.mktemp("encoder"))


def text_project(folder: str = "", *, texts: tuple[str, ...] = ("comment",), **text: Any) -> Project:
    fields = {name: {"type": "text"} for name in texts} or {"age": {"type": "number"}}
    data = {"key": "id", "sources": {"train": "sample.csv"}, "fields": fields}
    return make_project("multiclass", data=data, derived={}, text={"encoder": folder, **text})


@pytest.mark.parametrize("candidate", EVERY, ids=lambda item: item.name)
def test_each_reads_the_field_prepared_learns_and_is_stored(
    candidate: Any, folder: str, tmp_path: Path
) -> None:
    texts, topics = make_texts(120)
    frame = pd.DataFrame({"comment": pd.Series([text.upper() for text in texts], dtype=object)})
    setting = Setting(text_project(folder), 7, 1)
    tuning = {"learning_rate": 2e-3, "layers": None} if candidate in (TRANSFORMER, SETFIT) else {}
    model = candidate.build(setting, {"epochs": 8, **tuning}).fit(frame, topics)
    found = model.predict_proba(frame)
    assert found.shape == (120, 3)
    assert (found.argmax(axis=1) == topics).mean() > 0.8
    write_pipeline(model, tmp_path / "pipeline.skops")
    np.testing.assert_array_equal(read_pipeline(tmp_path / "pipeline.skops").predict_proba(frame), found)


@pytest.mark.parametrize("candidate", EVERY, ids=lambda item: item.name)
def test_what_is_tried_is_taken(candidate: Any, folder: str) -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    drawn = candidate.space(study.ask())
    setting = Setting(text_project(folder), 7, 2)
    taken = {
        name: value for step in candidate.build(setting, drawn).steps for name, value in vars(step[1]).items()
    }
    assert drawn.items() <= taken.items()
    assert taken["random_state"] == 7 or candidate is SETFIT
    assert "balanced" in taken.values()


def test_an_unknown_parameter_is_refused(folder: str) -> None:
    with pytest.raises(TypeError, match="depth"):
        TEXT_CNN.build(Setting(text_project(folder), 7, 1), {"depth": 3})


def test_setfit_reads_other_features_beside_its_own(folder: str) -> None:
    texts, topics = make_texts(60)
    frame = pd.DataFrame({"comment": pd.Series(texts, dtype=object)})
    setting = Setting(text_project(folder), 7, 1, features=("chars", "sentence"))
    model = SETFIT.build(setting, {"epochs": 1}).fit(frame, topics)
    blocks = dict(model["blocks"].transformer_list)
    assert list(blocks) == ["chars", "sentence", "tuned"]
    width = len(blocks["chars"].vocabulary_) + 32 + 32
    assert model["model"].coef_.shape == (3, width)


def test_setfits_class_weight_is_for_both_of_its_steps(folder: str) -> None:
    for class_weight in (None, "balanced"):
        model = SETFIT.build(Setting(text_project(folder), 7, 1), {"class_weight": class_weight})
        assert model["tuned"].class_weight == model["model"].class_weight == class_weight


def test_augmentation_is_for_fitting_alone(folder: str) -> None:
    project = text_project(folder, augmentation={"copies": 1, "typos": 0.1})
    model = TEXT_CNN.build(Setting(project, 7, 1), {})
    assert isinstance(model, SamplingPipeline)
    assert [name for name, _ in model.steps] == ["augment", "prepare", "model"]
    assert [name for name, _ in without_sampler(model).steps] == ["prepare", "model"]


@pytest.mark.parametrize("texts", [(), ("comment", "remark")])
@pytest.mark.parametrize("candidate", EVERY, ids=lambda item: item.name)
def test_exactly_one_text_is_read(candidate: Any, texts: tuple[str, ...]) -> None:
    with pytest.raises(SpecError, match="reads one text") as caught:
        candidate.build(Setting(text_project("x", texts=texts), 7, 1), {})
    assert caught.value.found == f"text inputs: {', '.join(texts) or 'none'}"


def test_without_the_libraries_the_extras_are_named(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "LIBRARIES", ("torch", "no_such_library"))
    with pytest.raises(SpecError, match="not installed") as caught:
        BILSTM.build(Setting(text_project(folder), 7, 1), {})
    assert "no_such_library" in caught.value.found
    assert "torch" not in caught.value.found
    assert "pip install 'zelo[deep,text]'" in caught.value.hint


def test_the_mlp_wants_no_library_of_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "LIBRARIES", ("no_such_library",))
    MLP.build(Setting(make_project("regression"), 7, 1), {})
    monkeypatch.setattr(candidates, "PLAIN_LIBRARIES", ("lightning", "no_such_library"))
    with pytest.raises(SpecError, match="mlp needs") as caught:
        MLP.build(Setting(make_project("regression"), 7, 1), {})
    assert caught.value.found == "without no_such_library"
    assert "pip install 'zelo[deep]'" in caught.value.hint
