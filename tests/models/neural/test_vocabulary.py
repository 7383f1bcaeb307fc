from __future__ import annotations

from zelo.models.neural.vocabulary import MAX_WORDS, PADDING, UNKNOWN, build_vocabulary, word_ids


def test_words_have_ids_from_two_on_the_frequent_first() -> None:
    assert build_vocabulary(["b a", "b c", "c b"], 1) == {"b": 2, "c": 3, "a": 4}
    assert build_vocabulary(["b a", "b c", "c b"], 2) == {"b": 2, "c": 3}


def test_texts_are_ids_padded_to_the_longest() -> None:
    vocabulary = {"oil": 2, "leak": 3}
    found = word_ids(["oil leak oil", "zzz", "leak"], vocabulary)
    assert found.tolist() == [[2, 3, 2], [UNKNOWN, PADDING, PADDING], [3, PADDING, PADDING]]


def test_a_text_has_a_place_at_least_and_an_end() -> None:
    assert word_ids([""], {}).tolist() == [[PADDING]]
    assert word_ids(["oil " * 1000], {"oil": 2}).shape == (1, MAX_WORDS)
