from __future__ import annotations

import io
from pathlib import Path
from typing import Any, get_args

import pandas as pd
import pytest
from rich.console import Console

from zelo.ledger.store import Ledger
from zelo.monitoring import drift, quality
from zelo.monitoring.text import render
from zelo.monitoring.words import PORTUGUESE, Words

from .fakes import Scene, make_bundle, make_project, make_rows, regression


def shown(scene: Scene, *, width: int = 100) -> str:
    console = Console(width=width, file=io.StringIO())
    console.print(render(scene.report(), scene.project))
    return console.file.getvalue()


def make_scene(ledger: Ledger, folder: Path, *, synthetic: bool = False, **changes: Any) -> Scene:
    return Scene(ledger, make_bundle(folder / "bundle", make_project(**changes), synthetic=synthetic))


def test_a_whole_report_in_portuguese(ledger: Ledger, tmp_path: Path) -> None:
    scene = make_scene(ledger, tmp_path, synthetic=True, language="pt-BR")
    rows = make_rows(scene.rng, 1200)
    rows["age"] += 10
    records = scene.answer(1200, rows=rows)
    scene.tell(records[:700], scene.draw(records[:700]))

    text = shown(scene)

    for expected in (
        "SINTÉTICOS",
        "1.200 previsões",
        "por faixa  High: ",
        "700 desfechos de 1.200",
        "58,3 %",
        "atraso mediano 3,0 dias",
        "0,600",
        "grande",
        "estável",
        "não um alarme",
        "site = North",
        "Siddiqi 2006",
    ):
        assert expected in text, expected
    assert max(map(len, text.splitlines())) <= 100


def test_a_text_is_told_by_what_was_measured_of_it(ledger: Ledger, tmp_path: Path) -> None:
    fields = {"key": "id", "sources": {"train": "x.csv"}, "fields": {"nota": {"type": "text"}}}
    scene = make_scene(ledger, tmp_path, language="pt-BR", data=fields, gates={})
    path = scene.bundle.path / "reference.parquet"
    pd.read_parquet(path).assign(nota="bomba vazando").to_parquet(path)
    scene.answer(200, rows=pd.DataFrame({"nota": ["bomba [b]vazando[/b]"] * 200}))

    lines = " ".join(shown(scene, width=140).split())

    assert "nota: tamanho em palavras" in lines
    assert "nota: parcela de palavras novas" in lines


def test_figures_fit_on_one_line_at_100_columns(scene: Scene) -> None:
    records = scene.answer(400)
    scene.tell(records, scene.draw(records))

    lines = shown(scene).splitlines()

    for name in (*scene.project.select.metrics, "age [years]", "load [kW]", "site  ", "score"):
        line = next(line for line in lines if line.startswith(name))
        assert "…" not in line
        assert "stable" in line or "[0.500, 0.700]" in line


def test_an_empty_window_in_words(scene: Scene) -> None:
    text = shown(scene)

    assert "no predictions in the window" in text
    assert text.count("too few rows to tell") == 4
    assert "no predictions" in next(line for line in text.splitlines() if line.startswith("roc_auc"))


def test_what_cannot_be_computed_says_why(scene: Scene) -> None:
    scene.tell(scene.answer(60), [0] * 60)

    text = shown(scene)

    assert "outcomes of one class only" in text
    assert "too few outcomes to judge" in text


def test_outcomes_that_cannot_be_used_are_counted(scene: Scene) -> None:
    scene.tell(scene.answer(60), ["maybe"] * 3 + [0] * 57)

    assert "57 outcomes of 60 predictions of this version (95.0 %), 0 positive" in shown(scene)
    assert "3 unusable" in " ".join(shown(scene).split())


def test_names_from_the_data_are_no_markup_and_no_escapes(scene: Scene) -> None:
    rows = make_rows(scene.rng, 200)
    rows["site"] = "[red]x[/]\x1b[31m"
    records = scene.answer(200, rows=rows)
    scene.tell(records, scene.draw(records))

    text = shown(scene)

    assert "[red]x[/]" in text
    assert "\x1b" not in text


def test_a_regression_has_no_bands_and_no_classes(ledger: Ledger, tmp_path: Path) -> None:
    scene = Scene(ledger, make_bundle(tmp_path / "bundle", regression()))
    records = scene.answer(200)
    scene.tell(records, [100.0] * 200)

    text = shown(scene)

    assert "score [h]" in text
    assert "by class" not in text


@pytest.mark.parametrize(
    "phrases",
    [quality.Reason, drift.Reason, drift.Status, drift.Label],
    ids=["quality.Reason", "drift.Reason", "drift.Status", "drift.Label"],
)
def test_every_status_and_reason_is_translated(phrases: Any) -> None:
    assert set(get_args(phrases)) - {"computed", "fewer than 100 rows"} <= set(PORTUGUESE)


def test_numbers_as_the_language_writes_them() -> None:
    words, english = Words("pt-BR"), Words("en")

    assert words.whole(1234567) == "1.234.567"
    assert words.number(0.5) == "0,500"
    assert words.interval(0.25, 1.0) == "[0,250; 1,000]"
    assert words.short(12345.6, signed=True) == "+12.346"
    assert words.short(0.2) == "0,200"
    assert words.short(163.2) == "163"
    assert words.short(None) == "–"
    assert english.percent(0.0001) == "<0.1 %"
    assert english.percent(0.25) == "25.0 %"
    assert english.percent(None) == "–"
    assert english.duration(30.0) == "30.0 hours"
    assert english.duration(72.0) == "3.0 days"
