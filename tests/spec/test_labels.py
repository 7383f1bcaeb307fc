from __future__ import annotations

from typing import Any

import pytest

from zelo.spec.labels import known_labels, label_of
from zelo.spec.project import Project


def project(**task: Any) -> Project:
    document = {
        "name": "places",
        "title": "Places",
        "task": {
            "kind": "multiclass",
            "target": "place",
            "classes": ["Bucket", "Left engine", "Other"],
            **task,
        },
        "data": {"sources": {"train": "t.csv"}, "fields": {"note": {"type": "text"}}},
        "candidates": ["prior"],
        "select": {"primary": "accuracy"},
    }
    return Project.model_validate(document)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Bucket", "Bucket"),
        ("  BUCKET ", "Bucket"),
        ("left   ENGINE", "Left engine"),
        ("engine L/H", "Left engine"),
        ("Engine l/h ", "Left engine"),
        ("radiator", None),
        ("", None),
        ("   ", None),
    ],
)
def test_a_class_or_a_spelling_whatever_its_case_and_spaces(text: str, label: str | None) -> None:
    assert label_of(project(spellings={"engine l/h": "Left engine"}), text) == label


@pytest.mark.parametrize(
    ("text", "label"), [("radiator", "Other"), ("bucket", "Bucket"), ("other", "Other"), ("  ", None)]
)
def test_what_is_neither_is_the_other_class_but_nothing_is_nothing(text: str, label: str | None) -> None:
    assert label_of(project(other="Other"), text) == label


def test_what_became_other_can_be_told_from_what_is_called_other() -> None:
    known = known_labels(project(other="Other"))
    assert (known("OTHER"), known("radiator")) == ("Other", None)


def test_a_class_comes_before_a_spelling_and_an_exact_class_before_its_case() -> None:
    assert label_of(project(spellings={"bucket": "Other"}), "BUCKET") == "Bucket"
    cased = project(classes=["leak", "Leak"])
    assert [label_of(cased, text) for text in ("leak", "Leak", " leak ")] == ["leak", "Leak", "leak"]


def test_classes_that_are_numbers_stay_numbers() -> None:
    numbers = project(kind="binary", classes=[0, 1], spellings={"sim": "1", "não": "0"})
    assert [label_of(numbers, text) for text in ("1", "SIM", "Não", "2")] == [1, 1, 0, None]
