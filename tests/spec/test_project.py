from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from pydantic import BaseModel, ValidationError

from zelo.spec.loading import parse_project
from zelo.spec.project import LATENCY, LOWER_IS_BETTER, TASK_METRICS, Project, Source

names = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
labels = st.integers(-(2**53), 2**53) | texts
numbers = st.floats(allow_nan=False, allow_infinity=False)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
columns = st.fixed_dictionaries(
    {"type": st.sampled_from(["integer", "number", "category", "text", "date"])},
    optional={
        "unit": texts,
        "min": numbers,
        "max": numbers,
        "values": st.lists(texts, max_size=3),
        "missing": st.sampled_from(["refused", "allowed"]),
        "example": numbers | texts,
    },
)
sources = texts | st.fixed_dictionaries(
    {"file": texts},
    optional={
        "where": st.dictionaries(texts, texts, max_size=2),
        "sha256": texts | st.lists(texts, max_size=2),
    },
)
bands = st.lists(st.fixed_dictionaries({"label": texts}, optional={"above": numbers}), max_size=3)
documents = st.fixed_dictionaries(
    {
        "name": names,
        "title": texts,
        "task": st.fixed_dictionaries(
            {"kind": st.sampled_from(sorted(TASK_METRICS)), "target": names},
            optional={"classes": st.lists(labels, max_size=3), "positive": labels},
        ),
        "data": st.fixed_dictionaries(
            {
                "sources": st.dictionaries(names, sources, min_size=1, max_size=2),
                "fields": st.dictionaries(names, columns, min_size=1, max_size=3),
            },
            optional={"key": names},
        ),
        "candidates": st.lists(
            names | st.dictionaries(names, st.dictionaries(names, plain, max_size=2), min_size=1, max_size=2),
            min_size=1,
            max_size=3,
        ),
        "select": st.fixed_dictionaries({"primary": texts}, optional={"report": st.lists(texts, max_size=2)}),
    },
    optional={
        "derived": st.dictionaries(names, texts, max_size=2),
        "split": st.fixed_dictionaries(
            {}, optional={"test": st.floats(0.01, 0.99), "seed": st.integers(0, 99)}
        ),
        "decision": st.fixed_dictionaries(
            {}, optional={"threshold": numbers | st.fixed_dictionaries({"maximise": texts}), "bands": bands}
        ),
        "grades": bands,
    },
)


@settings(max_examples=100, deadline=None)
@given(documents)
def test_a_project_survives_json(document: dict[str, object]) -> None:
    project = Project.model_validate(document)
    again = Project.model_validate_json(project.model_dump_json())
    assert again == project
    assert again.model_dump_json() == project.model_dump_json()
    assert Project.model_validate_json(project.model_dump_json(exclude_defaults=True), strict=True) == project


def models(model: BaseModel) -> list[BaseModel]:
    """The model and every model within it."""
    found = [model]
    for _, value in model:
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else (value,)
        for item in inner:
            if isinstance(item, BaseModel):
                found.extend(models(item))
    return found


def test_every_object_is_frozen_and_refuses_unknown_keys(written: str) -> None:
    found = models(parse_project(written))
    assert len({type(model).__name__ for model in found}) >= 11
    for model in found:
        first = next(iter(type(model).model_fields))
        with pytest.raises(ValidationError, match="frozen"):
            setattr(model, first, getattr(model, first))
        with pytest.raises(ValidationError, match="Extra inputs"):
            type(model).model_validate({**model.model_dump(), "surprise": 1})


def test_the_schema_refuses_unknown_keys_too() -> None:
    schema = Project.model_json_schema()
    objects = [it for it in (schema, *schema["$defs"].values()) if "properties" in it]
    assert len(objects) >= 14
    for definition in objects:
        assert definition["additionalProperties"] is False, definition["title"]
    assert schema["required"] == ["name", "title", "task", "data", "candidates", "select"]


def test_inputs_leave_metadata_out(written: str) -> None:
    assert list(parse_project(written).inputs) == ["age", "land"]


def test_metrics_come_once_with_the_primary_first(written: str) -> None:
    assert parse_project(written).select.metrics == ("f1", "roc_auc")


@pytest.mark.parametrize(
    ("task", "classes", "positive"),
    [
        ("{kind: binary, target: left}", (0, 1), 1),
        ("{kind: binary, target: left, positive: 0}", (0, 1), 0),
        ("{kind: binary, target: left, classes: [stay, go]}", ("stay", "go"), "go"),
    ],
)
def test_classes_and_the_positive_one(
    written: str, task: str, classes: tuple[int | str, ...], positive: int | str
) -> None:
    project = parse_project(written.replace("{kind: binary, target: left, positive: 1}", task))
    assert project.classes == classes
    assert project.positive == positive


def test_a_bare_file_name_is_a_source(written: str) -> None:
    assert parse_project(written).source("train") == Source(file="train.csv")


def test_names_in_the_source(written: str) -> None:
    text = written.replace("key: id\n", "key: id\n  key_column: ID\n", 1)
    text = text.replace("positive: 1", "positive: 1, column: Saiu").replace("unit: years", "column: Idade")
    project = parse_project(text)
    sought = ("id", "left", "age", "land")
    assert [project.column_of(name) for name in sought] == ["ID", "Saiu", "Idade", "land"]


def test_lower_is_better_names_metrics() -> None:
    assert {name for names in TASK_METRICS.values() for name in names} | {LATENCY} >= LOWER_IS_BETTER
