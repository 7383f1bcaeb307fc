from __future__ import annotations

import pytest

from zelo.decisions.words import MOST_SPANS, NO_WORDS, occlude, weights


def test_each_word_is_left_out_in_turn() -> None:
    found = occlude({"note": " pump  leaks\tbadly ", "site": "A"}, ["note"])
    assert found.spans == ("pump", "leaks", "badly")
    assert [row["note"] for row in found.variants] == ["leaks badly", "pump badly", "pump leaks"]
    assert {row["site"] for row in found.variants} == {"A"}


def test_a_word_alone_leaves_a_text_without_words() -> None:
    found = occlude({"note": "leak"}, ["note"])
    assert [row["note"] for row in found.variants] == [NO_WORDS]


def test_a_long_text_is_cut_into_spans_that_cover_it() -> None:
    words = [f"w{number}" for number in range(1000)]
    found = occlude({"note": " ".join(words)}, ["note"])
    assert len(found.spans) == MOST_SPANS
    assert " ".join(found.spans).split() == words
    sizes = [len(span.split()) for span in found.spans]
    assert max(sizes) - min(sizes) <= 1
    for span, row in zip(found.spans, found.variants, strict=True):
        assert len(row["note"].split()) == len(words) - len(span.split())


def test_several_texts_share_the_spans() -> None:
    row = {"one": "a " * 100, "two": "b c", "three": None}
    found = occlude(row, ["one", "two", "three"])
    assert len(found.spans) == MOST_SPANS // 3 + 2
    assert found.variants[-1] == {**row, "two": "b"}


@pytest.mark.parametrize("texts", [[], ["absent"]])
def test_without_text_there_is_nothing_to_leave_out(texts: list[str]) -> None:
    found = occlude({"site": "A"}, texts)
    assert (found.spans, list(found.variants)) == ((), [])


def test_the_weightiest_come_first_and_five_at_most() -> None:
    spans = ["a", "b", "c", "d", "e", "f", "g"]
    found = weights(spans, 0.9, [0.9, 0.5, 0.95, 0.6, 0.7, 0.8, 0.85])
    assert found == (("b", 0.4), ("d", 0.3), ("e", 0.2), ("f", 0.1), ("g", 0.05))
    assert weights(["a", "b"], 0.5, [0.6, 0.4]) == (("b", 0.1), ("a", -0.1))


def test_words_without_weight_are_left_out() -> None:
    assert weights(["a", "b"], 0.5, [0.5, 0.500001]) == ()


def test_a_long_span_is_cut_short() -> None:
    ((shown, _),) = weights(["x" * 500], 0.5, [0.1])
    assert len(shown) == 80
    assert shown.endswith("…")
