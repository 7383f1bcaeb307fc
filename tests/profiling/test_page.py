"""The report itself: whole, escaped, in its language, and in need of nothing beside it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from string import Formatter

import pytest
from tests.profiling.samples import SCRIPT, profiled, text_project, text_table, training_rows

from zelo.profiling.english import ENGLISH
from zelo.profiling.facts import Profile
from zelo.profiling.page import render
from zelo.profiling.portuguese import PORTUGUESE
from zelo.profiling.words import Words

ProfileOf = Callable[[str], Profile]
VOID = {"meta", "link", "img", "br", "hr", "input", "stop", "use", "path", "rect", "line"}


class Checked(HTMLParser):
    """Counts of open tags, every id, and every place that the page points at."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.unnamed: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if found.get("id"):
            self.ids.append(str(found["id"]))
        self.targets += [str(found[name]) for name in ("href", "src", "xlink:href") if found.get(name)]
        if (tag == "img" and not found.get("alt")) or (tag == "svg" and not found.get("aria-label")):
            self.unnamed.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


def checked(page: str) -> Checked:
    parser = Checked()
    parser.feed(page)
    assert parser.open == []
    return parser


@pytest.mark.parametrize("kind", ["text", "binary", "multiclass", "regression"])
def test_a_page_is_whole_and_needs_nothing_beside_it(kind: str, profile_of: ProfileOf) -> None:
    page = render(profile_of(kind))
    parser = checked(page)
    assert len(parser.ids) == len(set(parser.ids))
    assert parser.unnamed == []
    for target in parser.targets:
        assert target.startswith(("#", "data:image/png;base64,"))
        if target.startswith("#"):
            assert target[1:] in parser.ids
    assert not re.search(r"""(?:src|href|url\()\s*=?\s*["']?https?://""", page)
    assert "@import" not in page
    assert "<script" not in page
    assert "nan" not in re.sub(r"[A-Za-z0-9+/=]{200,}", "", page).lower().split()


def test_what_people_write_is_escaped(tmp_path: Path) -> None:
    project, table = text_project(), text_table()
    key = training_rows(table, project, tmp_path / "before").frame["id"].iloc[0]
    table.loc[table["id"] == key, "text"] = f"{SCRIPT} zzyzx"
    table["asset"] = table["asset"].replace("A", "<b>A & $x^2$</b>")
    page = render(profiled(table, project, tmp_path / "after"))
    checked(page)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "<b>A" not in page
    assert "Orders &amp; &lt;modes&gt;" in page
    assert "what was &lt;seen&gt;" in page


def test_long_names_and_texts_are_cut_in_the_page_alone(tmp_path: Path) -> None:
    project, table = text_project(), text_table()
    key = training_rows(table, project, tmp_path / "before").frame["id"].iloc[0]
    table.loc[table["id"] == key, "text"] = "zzyzx " * 400
    found = profiled(table, project, tmp_path / "after")
    assert found.outliers.texts[0].row.key == key
    assert len(str(found.outliers.texts[0].row.values["text"])) > 2000
    assert "zzyzx " * 60 not in render(found)


def test_synthetic_data_are_told_in_each_language(profile_of: ProfileOf) -> None:
    observed = profile_of("binary")
    assert "SYNTHETIC DATA" not in render(observed)
    page = render(replace(observed, synthetic=True, language="pt-BR"))
    assert "DADOS SINTÉTICOS" in page
    assert Words("en")("synthetic") == "SYNTHETIC DATA"
    assert '<html lang="pt-BR">' in page
    assert "Main findings" not in page


def test_both_languages_have_the_same_words() -> None:
    def parts(text: str) -> set[str | None]:
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}

    assert ENGLISH.keys() == PORTUGUESE.keys()
    assert [key for key in ENGLISH if parts(ENGLISH[key]) != parts(PORTUGUESE[key])] == []


def test_the_same_profile_gives_the_same_page(profile_of: ProfileOf) -> None:
    assert render(profile_of("text")) == render(profile_of("text"))


def test_numbers_as_the_languages_write_them() -> None:
    english, portuguese = Words("en"), Words("pt-BR")
    assert (english.whole(1234567), portuguese.whole(1234567)) == ("1,234,567", "1.234.567")
    assert (english.number(0.12345), portuguese.number(0.12345)) == ("0.123", "0,123")
    assert (english.decimal(-0.001), english.decimal(-0.31)) == ("0.00", "−0.31")
    assert portuguese.exact(83807.86) == "83.807,86"
    assert english.percent(0.0002) == "<0.1 %"
    assert (english.day("2025-01-02T00:00:00"), portuguese.day("2025-01-02")) == ("2 Jan 2025", "02/01/2025")
    assert portuguese.names([str(number) for number in range(9)]) == "0, 1, 2, 3, 4, 5 +3"
