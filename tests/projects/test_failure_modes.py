"""The model of failure modes reads comments as people write them, and knows when it does not know."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from tests.homes import Home

from zelo.data.snapshot import read_snapshot
from zelo.data.split import split
from zelo.decisions.decide import Decision, decide, predicted_classes

pytestmark = pytest.mark.slow
Array = np.ndarray[Any, Any]
Trained = Callable[[str], Home]
NAME = "failure_modes"


class Model:
    """The champion, and the comments [n] of its test rows with their scores [n, K]."""

    def __init__(self, home: Home) -> None:
        self.bundle, rows, self.scored = home.test_rows()
        self.comments = [str(text) for text in rows["observation"]]
        table = read_snapshot(home.store.snapshots, NAME, self.bundle.manifest["snapshot"]).frame()
        self.truth = table[self.bundle.project.task.target].iloc[split(table, self.bundle.project).test]

    def scores(self, texts: Sequence[str]) -> Array:
        return self.bundle.predictor.scores({"observation": np.array(texts, dtype=object)})

    def decisions(self, texts: Sequence[str]) -> list[Decision]:
        return decide(self.scores(texts), self.bundle.policy)

    def labels(self, scores: Array) -> Array:
        return predicted_classes(scores, self.bundle.policy)

    def place(self, label: str) -> int:
        return self.bundle.project.classes.index(label)

    def told(self, file: str) -> Any:
        return json.loads((self.bundle.path / file).read_bytes())


@pytest.fixture
def model(trained: Trained) -> Model:
    return Model(trained(NAME))


def without_accents(text: str) -> str:
    return "".join(
        letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter)
    )


@pytest.mark.parametrize(
    "written",
    [str.upper, without_accents, lambda text: f" \t{text}\r\n", lambda text: text.replace(" ", "   ")],
    ids=["capitals", "no accents", "spaces around", "spaces inside"],
)
def test_the_manner_of_writing_changes_no_score(model: Model, written: Callable[[str], str]) -> None:
    texts = [written(comment) for comment in model.comments]
    assert sum(text != comment for text, comment in zip(texts, model.comments, strict=True)) > 50
    np.testing.assert_allclose(model.scores(texts), model.scored, rtol=1e-12)


def test_an_abbreviation_is_scored_as_its_words(model: Model) -> None:
    table = model.bundle.project.text.abbreviations
    assert len(table) > 100
    shorts = model.scores([f"bomba {short.upper()} vazando" for short in table])
    np.testing.assert_allclose(shorts, model.scores([f"bomba {words} vazando" for words in table.values()]))


def test_two_letters_swapped_in_the_longest_word_seldom_change_the_label(model: Model) -> None:
    rng = np.random.default_rng(0)

    def mistyped(comment: str) -> str:
        word = max(comment.split(), key=len)
        place = int(rng.integers(1, max(len(word) - 2, 2)))
        swapped = word[:place] + word[place : place + 2][::-1] + word[place + 2 :]
        return comment.replace(word, swapped, 1)

    typed = model.scores([mistyped(comment) for comment in model.comments])
    kept = model.labels(typed) == model.labels(model.scored)
    assert kept.mean() > 0.85
    assert not kept.all()


@pytest.mark.parametrize(
    ("words", "mode"),
    [
        ("vazando óleo", "Leaking"),
        ("em curto", "Electrical"),
        ("superaquecendo", "Overheating"),
        ("entupido", "Plugged / choked"),
        ("vibrando", "Vibration"),
    ],
)
def test_words_of_a_mode_raise_its_probability(model: Model, words: str, mode: str) -> None:
    said = model.scores([f"{comment}, {words}" for comment in model.comments])
    rise = (said - model.scored)[:, model.place(mode)]
    assert (rise > 0).mean() > 0.99
    assert rise.mean() > 0.2


@pytest.mark.parametrize(
    "text",
    [
        "xyzzy plugh",
        "the quick brown fox",
        "отказ насоса",
        "泵漏油",
        "تسرب",
        "🔥🔥💥",
        "!!!",
        "12345",
        "<b></b>",
    ],
)
def test_what_was_never_seen_is_answered_and_left_to_a_person(model: Model, text: str) -> None:
    (decision,) = model.decisions([text])
    assert decision.abstain is True
    assert decision.probability is not None
    assert 0 < decision.probability < 0.4
    assert len(decision.label_set) > 5


def test_answers_that_abstain_are_wrong_more_often(model: Model) -> None:
    decisions = decide(model.scored, model.bundle.policy)
    right = np.array([found.prediction for found in decisions]) == model.truth.to_numpy()
    unsure = np.array([found.abstain for found in decisions])
    assert 10 < unsure.sum() < 0.25 * len(unsure)
    assert right[~unsure].mean() > right[unsure].mean() + 0.3


def test_sets_hold_the_truth_as_often_as_the_bundle_says_and_about_as_promised(model: Model) -> None:
    sets = [found.label_set for found in decide(model.scored, model.bundle.policy)]
    held = [label in found for label, found in zip(model.truth, sets, strict=True)]
    told = model.told("classes.json")
    assert told["promised"] == 0.9
    assert told["sets"]["coverage"]["value"] == pytest.approx(np.mean(held))
    assert told["sets"]["size"] == pytest.approx(np.mean([len(found) for found in sets]))
    assert told["sets"]["coverage"]["high"] > 0.9


def test_critical_modes_are_recorded_and_held(model: Model) -> None:
    critical = model.bundle.project.select.critical
    assert critical is not None
    modes = {row["label"]: row for row in model.told("classes.json")["classes"]}
    assert list(modes) == list(model.bundle.project.classes)
    assert {label for label, row in modes.items() if row["critical"]} == set(critical.classes)
    labels = np.array(model.bundle.project.classes)[model.labels(model.scored)]
    for label in critical.classes:
        assert modes[str(label)]["out_of_fold"]["recall"]["value"] >= critical.recall
        recall = (labels == label)[(model.truth == label).to_numpy()].mean()
        assert modes[str(label)]["test"]["recall"]["value"] == pytest.approx(recall)
    neglects = {row["name"]: row["neglects"] for row in model.told("candidates.json")["candidates"]}
    assert neglects["svm_chars"] == []
    assert set(neglects["prior"]) == set(critical.classes)


def test_phrases_that_describe_a_mode_name_a_known_one_and_most_are_read_so(model: Model) -> None:
    described = model.bundle.project.text.descriptions
    assert set(described.values()) <= set(model.bundle.project.classes)
    found = [decision.prediction for decision in model.decisions(list(described))]
    right = [said == meant for said, meant in zip(found, described.values(), strict=True)]
    assert np.mean(right) > 0.8
