from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image
from tests.tables import KINDS, make_project, make_table

from zelo.training import sheet as sheets
from zelo.training.plots import draw
from zelo.training.sheet import WORDS, Sheet, label
from zelo.training.train import Trained, train

IMPORTANCES = {"debt": 0.31, "age": 0.02, "region": 0.001, "income": -0.0004}
CLASS_FILES = {"confusion", "roc", "precision_recall", "calibration", "scores", "importances", "candidates"}
FILES = {
    "binary": CLASS_FILES,
    "multiclass": CLASS_FILES,
    "regression": {"fitted", "residuals", "importances", "candidates"},
}


@cache
def trained(kind: str, language: str = "en") -> Trained:
    linear = "ridge" if kind == "regression" else "logistic_regression"
    project = make_project(
        kind, candidates=["prior", linear], language=language, title="Uma conta de US$ 1 a $b"
    )
    return train(make_table(kind, 200), project, threads=1)


def texts(monkeypatch: pytest.MonkeyPatch, *arguments: Any, **options: Any) -> dict[str, str]:
    """What each plot says, by its name."""
    said: dict[str, str] = {}
    save = Sheet.save

    def spy(self: Sheet, axes: Any, name: str) -> Path:
        path = save(self, axes, name)
        said[name] = "\n".join(text.get_text() for text in axes.figure.findobj(sheets.Text))
        return path

    monkeypatch.setattr(Sheet, "save", spy)
    draw(*arguments, **options)
    return said


@pytest.mark.parametrize("kind", KINDS)
def test_each_task_has_its_plots(kind: str, tmp_path: Path) -> None:
    paths = draw(trained(kind), IMPORTANCES, tmp_path / "plots")
    assert {path.stem for path in paths} == FILES[kind]
    for path in paths:
        with Image.open(path) as image:
            image.load()
            assert image.format == "PNG"
            assert min(image.size) > 250
            assert len(np.unique(np.asarray(image.convert("L")))) > 20


@pytest.mark.parametrize("language", ["en", "pt-BR"])
@pytest.mark.parametrize("kind", KINDS)
def test_plots_speak_the_projects_language(
    kind: str, language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = texts(monkeypatch, trained(kind, language), IMPORTANCES, tmp_path)
    for name, text in said.items():
        assert WORDS[language][name] in text
    assert ("0,31" if language == "pt-BR" else "0.31") in said["importances"]
    other = "en" if language == "pt-BR" else "pt-BR"
    assert not any(WORDS[other][name] in text for name, text in said.items())


@pytest.mark.parametrize("kind", KINDS)
def test_synthetic_data_are_called_so_in_every_title(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = texts(monkeypatch, trained(kind), IMPORTANCES, tmp_path, synthetic=True)
    assert set(said) == FILES[kind]
    assert all("SYNTHETIC DATA" in text for text in said.values())
    real = texts(monkeypatch, trained(kind), IMPORTANCES, tmp_path)
    assert not any("SYNTHETIC" in text for text in real.values())


def test_every_language_has_every_word() -> None:
    assert WORDS["en"].keys() == WORDS["pt-BR"].keys()


def test_the_same_training_draws_the_same_bytes(tmp_path: Path) -> None:
    first = draw(trained("binary"), IMPORTANCES, tmp_path / "a")
    again = draw(trained("binary"), IMPORTANCES, tmp_path / "b")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]


def test_no_setting_of_matplotlib_is_changed(tmp_path: Path) -> None:
    before = dict(mpl.rcParams)
    draw(trained("binary"), IMPORTANCES, tmp_path)
    assert dict(mpl.rcParams) == before


def test_names_are_cut_and_never_hidden_from_a_legend() -> None:
    assert label("_hidden\nname") == "hidden name"
    assert len(label("x" * 100)) == 26
    assert label(1) == "1"


def test_names_without_a_glyph_and_many_classes_are_drawn(tmp_path: Path) -> None:
    table = make_table("multiclass", 400)
    rng = np.random.default_rng(0)
    names = [f"类别 {number} $x" for number in range(16)]
    table["outcome"] = np.array(names, dtype=object)[rng.integers(0, 16, 400)]
    task = {"kind": "multiclass", "target": "outcome", "classes": names}
    project = make_project("multiclass", task=task, candidates=["prior"])
    assert len(draw(train(table, project, threads=1), IMPORTANCES, tmp_path)) == 7
