"""Blocks of features by name, side by side in a pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from tests.texts import COMMENTS, make_text_project

from zelo.errors import SpecError
from zelo.features.text.blocks import BLOCKS, text_branch
from zelo.features.text.transforms import Reduce, TextShape, WordVectors

FRAME = pd.DataFrame({"comment": COMMENTS})


def branch(*entries: Any) -> Any:
    return text_branch(make_text_project(), "comment", entries, seed=1)


def test_words_and_characters_stand_side_by_side() -> None:
    both = branch("words", "chars").fit_transform(FRAME)
    alone = [branch(name).fit_transform(FRAME) for name in ("words", "chars")]
    assert both.shape == (len(FRAME), sum(part.shape[1] for part in alone))


def test_a_weight_multiplies_its_block() -> None:
    once = branch("words").fit_transform(FRAME).toarray()
    twice = branch({"words": {"weight": 2.0}}).fit_transform(FRAME).toarray()
    assert np.allclose(twice, 2.0 * once)


def test_character_ngrams_forgive_a_typing_error() -> None:
    fitted = branch("chars").fit(FRAME)
    right, wrong, other = fitted.transform(
        pd.DataFrame({"comment": ["hydraulic leak", "hydrualic leek", "noisy fan"]})
    ).toarray()
    assert right @ wrong > 0.3 > right @ other


def test_shape_of_a_text() -> None:
    found = TextShape().fit_transform(["abc 12", "-"])
    assert found == pytest.approx(np.array([[np.log(6), np.log(3), 2.5, 0.4], [np.log(2), np.log(2), 1, 0]]))


@pytest.mark.parametrize("kind", ["word2vec", "fasttext"])
def test_word_vectors_are_the_same_for_the_same_seed_and_of_length_one(kind: Any) -> None:
    vectors = WordVectors(kind, 12, 3, seed=5)
    texts = [text.lower() for text in COMMENTS]
    first = vectors.fit_transform(texts)
    assert np.array_equal(first, clone(vectors).fit_transform(texts))
    assert np.linalg.norm(first, axis=1) == pytest.approx(1.0)
    assert not vectors.transform(["zzz"]).any()


def test_a_text_is_reduced_to_no_more_columns_than_it_has() -> None:
    wide = branch("words").fit_transform(FRAME)
    assert Reduce(5, seed=0).fit_transform(wide).shape == (len(FRAME), 5)
    assert Reduce(500, seed=0).fit_transform(wide).shape[1] < min(wide.shape)


@pytest.mark.parametrize(
    ("entries", "what", "hint"),
    [
        (["wrods"], "no features called wrods", "did you mean words?"),
        ([{"chars": {"ngram": [1, 2]}}], "features chars have no parameter ngram", "did you mean ngrams?"),
        ([{"chars": {"ngrams": [4, 6]}}], "character n-grams of this length cannot be compiled", ""),
        ([{"chars": {"ngrams": [1, 3]}}], "character n-grams of this length cannot be compiled", ""),
    ],
)
def test_bad_features_are_refused(entries: Sequence[Any], what: str, hint: str) -> None:
    with pytest.raises(SpecError) as caught:
        branch(*entries)
    assert caught.value.what == what
    assert caught.value.hint == hint


def test_every_block_says_what_it_is() -> None:
    assert all(block.about and "weight" in block.defaults for block in BLOCKS.values())
