"""The contract of a table and that of a request: what one accepts the other accepts, and keeps alike."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zelo.data.contract import ROW, check_table
from zelo.data.reading import read_table
from zelo.errors import RequestError
from zelo.serving.schema import RequestSchema
from zelo.spec.loading import parse_project
from zelo.spec.project import Source

TEXT = """
name: agreed
title: Agreed
task: {kind: binary, target: y}
data:
  sources: {train: train.csv}
  fields:
    age: {type: integer, min: 0, max: 120}
    visits: {type: integer, missing: allowed}
    balance: {type: number, min: -5.5, max: 1e9}
    rate: {type: number, missing: allowed}
    note_rate: {type: number, use: metadata, missing: allowed, max: 10}
    country: {type: category, values: [França, "A b", "1", "é"]}
    city: {type: category}
    plan: {type: category, values: [x, "y z"], missing: allowed}
    comment: {type: text}
    remark: {type: text, missing: allowed}
candidates: [prior]
select: {primary: f1}
"""
PROJECT = parse_project(TEXT)
SCHEMA = RequestSchema(PROJECT)
NAMES = list(PROJECT.data.fields)
NUMBERS = st.one_of(
    st.integers(-3, 123),
    st.integers(),
    st.floats(),
    st.integers(-3, 123).map(float),
    st.sampled_from(
        [0.5, 41.0000000001, 1e-42, -0.0, -5.5, 1e9, 1e-320, 2**53 + 1, 10**400, 119.99999999999999]
    ),
)
# What a cell may hold: a table read from a file has no NUL, and no half of a pair.
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
SPACES = st.sampled_from(
    ["", " ", "\t", "\n", "\u00a0", "\u2003", "\u200b", "\ufeff", "\x1f", "\x85", "\u3000"]
)
WORDS = st.one_of(
    st.sampled_from(
        ["França", "A b", " A b", "1", "é", "e\u0301", "x", "y z", "X", "nan", "null", "None", ""]
    ),
    st.text(CHARACTERS, max_size=8),
    st.sampled_from(["c" * 1000, "c" * 1001, "t" * 20_000, "t" * 20_001]),
)
TEXTS = st.builds(lambda before, word, after: before + word + after, SPACES, WORDS, SPACES)
ROWS = st.fixed_dictionaries(
    {
        name: st.one_of(st.none(), NUMBERS if field.is_numeric else TEXTS)
        for name, field in PROJECT.data.fields.items()
    }
)
Kept = dict[tuple[int, str], Any]
"""A good value by its row and its field."""


def by_request(rows: Sequence[Mapping[str, Any]]) -> tuple[set[tuple[int, str]], Kept]:
    """The bad values, and what is recorded of the rows without one."""
    bad: set[tuple[int, str]] = set()
    kept: Kept = {}
    for place, row in enumerate(rows):
        try:
            read = SCHEMA.read_row(json.dumps(row).encode())
        except RequestError as error:
            bad |= {(place, fault.field) for fault in error.errors} or {(place, "the row")}
        else:
            kept |= {(place, name): value for name, value in SCHEMA.recorded(read).items()}
    return bad, kept


def by_table(rows: Sequence[Mapping[str, Any]], folder: Path) -> tuple[set[tuple[int, str]], Kept]:
    """The same of a file with the rows as texts."""
    texts = {name: pa.array([as_cell(row[name]) for row in rows], pa.string()) for name in NAMES}
    path = folder / "rows.parquet"
    pyarrow.parquet.write_table(pa.table(texts), path)
    checked = check_table(read_table(path, Source(file=path.name)), PROJECT, file=path.name, labelled=False)
    bad = {(one.row - 1, one.field) for one in checked.bad_rows}
    kept = {
        (int(number) - 1, name): as_recorded(value, integer=PROJECT.fields[name].type == "integer")
        for number, values in zip(checked.frame[ROW], checked.frame[NAMES].to_dict("records"), strict=True)
        for name, value in values.items()
    }
    return bad, kept


def as_cell(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)


def as_recorded(value: Any, *, integer: bool) -> Any:
    if value == "" or (isinstance(value, float) and math.isnan(value)):
        return None
    return int(value) if integer else value


@given(st.lists(ROWS, min_size=1, max_size=40))
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_row_is_judged_and_kept_alike(rows: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bad_in_table, kept_of_table = by_table(rows, Path(folder))
    bad_in_request, kept_of_request = by_request(rows)

    assert {(place, name, repr(rows[place][name])) for place, name in bad_in_request ^ bad_in_table} == set()
    assert with_types(kept_of_request) == with_types(kept_of_table)


def with_types(kept: Kept) -> dict[tuple[int, str], tuple[type, Any]]:
    return {place: (type(value), value) for place, value in kept.items()}
