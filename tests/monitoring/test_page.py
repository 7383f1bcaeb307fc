from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from zelo.monitoring.page import render_page
from zelo.monitoring.words import Words

from .weekly_fakes import NEWEST, NOW, WEEK, Watched

VOID = {"meta", "link", "br", "img", "input", "hr"}
DECISION = "model 7 (ridge) replaced model 5 (auto_ets) on 2022-05-02 by ana, because: a & b"


class Page(HTMLParser):
    """Reads a page: its tags in balance, its attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.tags: list[tuple[str, Mapping[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def count(self, tag: str, style: str) -> int:
        return sum(name == tag and style in (attrs.get("class") or "").split() for name, attrs in self.tags)


def page_of(watched: Watched, **changes: Any) -> Page:
    evidence = changes.pop("evidence", [{"action": "register"}, {"decision": DECISION}])
    project = watched.project.model_copy(update=changes.pop("project", {}))
    return Page(render_page(watched.report(**changes), project, evidence))


def test_the_page_is_whole_and_needs_nothing_beside_it(watched: Watched) -> None:
    watched.forecast([*watched.last(20), NEWEST + WEEK])
    watched.run("data", status="built")
    watched.run("forecast")

    page = page_of(watched)

    ids = [value for name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    links = [value for name, value in page.attributes if name in ("href", "src", "xlink:href", "action")]
    assert links
    assert {link.removeprefix("#") for link in links} <= set(ids)
    assert "url(" not in page.text
    assert "@import" not in page.text
    assert not any(tag in ("script", "link", "iframe", "img") for tag, _ in page.tags)
    assert all(attrs.get("aria-label") for tag, attrs in page.tags if tag == "svg")
    assert "viewport" in [value for _, value in page.attributes]
    assert DECISION in page.text
    assert "everything in order" in page.text
    assert "SYNTHETIC" in page.text


def test_what_the_charts_draw(watched: Watched) -> None:
    watched.forecast([*watched.last(20), NEWEST + WEEK])
    watched.say(NEWEST, watched.truth[NEWEST] + 50.0)

    page = page_of(watched)

    # 20 weeks and three to come, of which the newest one's forecast missed.
    assert (page.count("circle", "forecast"), page.count("circle", "out")) == (22, 1)
    # The errors of 19 weeks and the miss; five months; 14 weeks of two tables.
    months = len(watched.report().months)
    assert page.count("rect", "bar") == 20 + 2 * months + 2 * 14
    assert page.count("rect", "realised") == months
    assert page.count("polygon", "band") == 1
    assert page.count("line", "now") == 1
    heights = [float(attrs["height"] or 0) for tag, attrs in page.tags if tag == "rect"]
    assert min(heights) >= 0.0


def test_a_missing_week_breaks_the_line(watched: Watched) -> None:
    weeks = watched.last(9)
    for week in (*weeks[:4], *weeks[5:]):
        watched.say(week, watched.truth[week])

    page = page_of(watched)

    assert page.count("polyline", "forecast") == page.count("polygon", "band") == 2
    assert page.count("polyline", "realised") == 1


def test_whatever_people_wrote_is_escaped(watched: Watched) -> None:
    evil = "<script>alert(1)</script>\"'&"
    watched.say(NEWEST, 1.0, version="<b>7</b>")

    html = render_page(
        watched.report(trained_until=None),
        watched.project.model_copy(update={"title": evil}),
        [{"decision": f"because: {evil}"}],
    )

    assert "<script" not in html
    assert "<b>7" not in html
    page = Page(html)
    assert page.text.count(evil) == 3
    assert "<b>7</b>" in page.text


@pytest.mark.parametrize("language", ["pt-BR", "en"])
def test_nothing_yet_is_a_page_too(watched: Watched, language: str) -> None:
    page = page_of(watched, weekly=None, trained_until=None, evidence=[], project={"language": language})

    for phrase in {
        "pt-BR": ("nenhuma previsão ainda", "nenhuma decisão ainda", "Alarmes", "nunca foi executado"),
        "en": ("no forecast yet", "no decision yet", "Alarms", "has never run"),
    }[language]:
        assert phrase in page.text


def test_one_forecast_and_one_week(watched: Watched) -> None:
    watched.frame = watched.frame.tail(1)
    watched.say(NEWEST, 5.0, decision={"prediction": 5.0, "horizon": 1})

    page = page_of(watched, now=NOW, project={"language": "pt-BR"})

    assert page.count("circle", "forecast") == 1
    assert "13/06/2022" in page.text


def test_many_days_since_the_training_are_written_as_a_count(watched: Watched) -> None:
    report = replace(watched.report(), weeks_since=1200)
    words = Words(watched.project.language)

    assert f"{words.whole(1200)} {words('weeks')}" in Page(render_page(report, watched.project, [])).text
