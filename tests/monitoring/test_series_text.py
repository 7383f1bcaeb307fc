from __future__ import annotations

import io
import re
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest
from rich.console import Console

from zelo.monitoring import alarms, features, page, series_text
from zelo.monitoring.series import SeriesReport
from zelo.monitoring.series_words import ALARMS
from zelo.monitoring.text import render
from zelo.monitoring.watch import read_window, watch
from zelo.monitoring.words import PORTUGUESE, Words

from .weekly_fakes import NEWEST, NOW, VERSION, WEEK, Watched


def shown(watched: Watched, report: SeriesReport, language: str = "pt-BR") -> str:
    project = watched.project.model_copy(update={"language": language})
    console = Console(width=100, file=io.StringIO())
    since = NOW - timedelta(days=30)
    window = read_window(watched.ledger, project.name, VERSION, since=since, until=NOW)
    console.print(render(watch(window, watched.bundle, now=NOW), project, report))
    return console.file.getvalue()


def test_a_whole_report_in_portuguese(watched: Watched) -> None:
    watched.frame["effort"] = 100.0
    watched.frame.loc[watched.frame.index[-2], "rows_log"] = 3
    watched.frame.loc[watched.frame.index[-13:], "flown_lag_1"] = 900.0
    watched.forecast([*watched.last(14), NEWEST + WEEK])
    watched.run("data", status="failed")
    watched.run("forecast")

    text = shown(watched, watched.report())

    assert max(map(len, text.splitlines())) <= 100
    lines = [" ".join(line.split()) for line in text.splitlines()]
    for line in (
        "13/06/2022 100,0 104,0 [94,0; 114,0] +4,0 sim 1 7",
        "04/07/2022 – 106,0 [96,0; 116,0] – – 3 7",
        "13 13 13 4,00 0,00 4,00 4,0 % 100 % [75; 100]",
        "2 13 5,00 0,00 7,00 [6,30; 7,70] 6,00 100 % [75; 100]",
        "06/2022 2 200,0 208,0 +8,0 4,00 4,00 4,0 %",
        "log ████████████▁█ 40 40 queda: 06/06/2022",
        "zelo data 2022-06-21 06:00 falhou nunca –",
        "zelo predict 2022-06-21 06:00 feito 2022-06-21 06:00 0,2",
        "A tabela log tem 3 linhas na semana de 06/06/2022, menos que a metade das 40 usuais.",
        "A última execução de zelo data, em 21/06/2022, falhou.",
        "zelo data nunca foi executado até o fim.",
    ):
        assert line in lines, line
    assert any(line.startswith("flown_lag_1 [h] 900") and "deslocada, constante" in line for line in lines)
    assert "treinado até 03/01/2022 (24 semanas atrás)" in " ".join(lines)
    assert "Deriva" not in text


def test_nothing_yet_in_english(watched: Watched) -> None:
    text = " ".join(shown(watched, watched.report(weekly=None, trained_until=None), "en").split())

    for phrase in (
        "no forecast yet",
        "no outcomes yet",
        "no data set yet",
        "never",
        "has never run to its end",
    ):
        assert phrase in text, phrase


def test_all_in_order(watched: Watched) -> None:
    watched.frame = watched.frame.drop(columns="rows_log")
    for kind in ("data", "forecast"):
        watched.run(kind)

    text = shown(watched, watched.report(trained_until=None), "en")

    assert text.rstrip().endswith("no alarm")
    assert "rows are not on record" in text
    assert "trained until not known here" in " ".join(text.split())


@pytest.mark.parametrize("language", ["pt-BR", "en"])
def test_every_alarm_has_its_sentence(language: str) -> None:
    assert set(ALARMS[language]) == set(get_args(alarms.Code))
    told = Words(language).alarm(alarms.Alarm("data_stale", "", on=NEWEST, found=15.25, expected=14))
    assert Words("pt-BR").day(NEWEST) == "13/06/2022"
    assert ("15,2" in told) is (language == "pt-BR")
    assert "14" in told


def test_every_phrase_is_translated() -> None:
    sources = [Path(module.__file__ or "") for module in (series_text, page)]
    template = sources[1].with_name(page.TEMPLATE).read_text(encoding="utf-8")
    phrases = re.findall(r'\bw\("([^"]+)"\)', template)
    phrases += [
        name for heads in re.findall(r"heads\(\[(.*?)\]", template) for name in re.findall(r'"(.*?)"', heads)
    ]
    phrases += re.findall(r'words\("([^"]+)"\)', sources[0].read_text(encoding="utf-8"))
    assert len(phrases) > 80
    assert {*phrases, *get_args(features.Word), *page.NOTES.values()} <= set(PORTUGUESE)
