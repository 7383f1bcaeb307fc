"""Preparing a text: what is repaired, what is folded, and that nothing is ever empty."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zelo.features.text.preparation import LONGEST_TEXT, NOTHING, TextPreparation

PREPARATION = TextPreparation({"l/h": "left hand", "P/": "para", "mot.": "motor", "eng": "engine"})


@pytest.mark.parametrize(
    ("text", "prepared"),
    [
        ("REPLACE L/H  track adj & acumulator", "replace left hand track adj acumulator"),
        ("pressão baixa p/ MOT.", "pressao baixa para motor"),
        ("pressÃ£o", "pressao"),
        ("eng, overheating; eng.", "engine overheating engine"),
        ("<b>leak</b> &amp; <script>alert(1)</script> noise", "leak alert 1 noise"),
        ("ﬁre № 5", "fire no 5"),
        ("日本語 テスト", "日本語 テスト"),
        ("snake_case", "snake case"),
        ("\U0001f600\U0001f600", NOTHING),
        ("", NOTHING),
        ("\x00\x01", NOTHING),
        ("\ud800 x", "x"),
        ("engineer", "engineer"),
    ],
)
def test_a_prepared_text(text: str, prepared: str) -> None:
    assert PREPARATION.apply(text) == prepared


def test_accents_may_be_kept() -> None:
    assert TextPreparation(fold_accents=False).apply("Pressão ÓLEO") == "pressão óleo"


def test_a_long_text_is_cut() -> None:
    assert len(PREPARATION.apply("a" * (LONGEST_TEXT + 5))) == LONGEST_TEXT
    assert len(PREPARATION.apply("\ufdfa" * LONGEST_TEXT)) <= LONGEST_TEXT


@given(st.text(max_size=60))
def test_every_text_becomes_words_between_single_spaces(text: str) -> None:
    words = PREPARATION.apply(text).split(" ")
    assert all(words)
    assert words == [NOTHING] or all(letter.isalnum() for word in words for letter in word)


@given(st.text(max_size=60))
def test_case_and_outer_spaces_change_nothing_of_ascii(text: str) -> None:
    plain = text.encode("ascii", "ignore").decode()
    assert PREPARATION.apply(f"  {plain.upper()} ") == PREPARATION.apply(plain.lower())
