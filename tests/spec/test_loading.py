from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from zelo.errors import SpecError
from zelo.spec.loading import MAX_BYTES, find_project, list_projects, load_project, parse_project

Change = Callable[[str, str], str]


def refused(text: str) -> SpecError:
    with pytest.raises(SpecError) as caught:
        parse_project(text, where="project.yaml")
    return caught.value


def folder(root: Path, text: str | bytes, name: str = "demo") -> Path:
    made = root / name
    made.mkdir()
    (made / "project.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    return made


def test_what_is_written_is_read(written: str) -> None:
    project = parse_project(written)
    assert project.title == "Demonstração"
    assert project.data.fields["age"].max == 120
    assert project.data.fields["land"].values == ("a", "b")
    assert project.candidate_params == {"prior": {}, "random_forest": {"n_estimators": 10}}
    assert project.source("more").encoding == "latin-1"


def test_defaults_fill_in_what_is_not_written(change: Change) -> None:
    assert parse_project(change("split: {by: class, test: 0.15, seed: 42}\n", "")).split.test == 0.15


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "found", "expected", "hint"),
    [
        ("title: D", "titel: D", 2, "titel", "titel", "candidates, costs, data", "did you mean title?"),
        (
            "unit:",
            "units:",
            10,
            "data.fields.age.units",
            "units",
            "meaning, min, missing",
            "did you mean unit?",
        ),
        (
            "encoding",
            "encodng",
            8,
            "data.sources.more.encodng",
            "encodng",
            "encoding",
            "did you mean encoding?",
        ),
        (
            "seed: 42",
            "sede: 42",
            14,
            "split.sede",
            "sede",
            "one of by, column, seed, test",
            "did you mean seed?",
        ),
        (
            "maximise",
            "maximize",
            20,
            "decision.threshold.maximize",
            "maximize",
            "one of maximise",
            "maximise?",
        ),
        (
            "label: high",
            "lable: high",
            21,
            "decision.bands.0.lable",
            "lable",
            "above, label",
            "did you mean label?",
        ),
        (
            "entity: id",
            "aliases: {top: x}",
            22,
            "serving.aliases.top",
            "top",
            "latest, limit, minimum",
            "zelo schema",
        ),
    ],
)
def test_an_unknown_key_is_named_with_the_allowed_ones(
    change: Change, old: str, new: str, line: int, key: str, found: str, expected: str, hint: str
) -> None:
    error = refused(change(old, new))
    assert error.where == f"project.yaml:{line}"
    assert error.what == f"unknown key {key}"
    assert error.found == found
    assert expected in error.expected
    assert hint in error.hint


@pytest.mark.parametrize(
    ("old", "new", "where", "key", "found", "expected"),
    [
        ("min: 18", "min: [1]", 10, "data.fields.age.min", "[1]", "a valid number"),
        ("min: 18", "min: eighteen", 10, "data.fields.age.min", "'eighteen'", "a valid number"),
        ("type: integer", "type: interger", 10, "data.fields.age.type", "'interger'", "'integer', 'number'"),
        ("kind: binary", "kind: both", 3, "task.kind", "'both'", "'binary', 'multiclass' or 'regression'"),
        ("positive: 1", "positive: 1.5", 3, "task.positive", "1.5", "a valid integer, or a valid string"),
        ("test: 0.15", "test: 1.5", 14, "split.test", "1.5", "less than 1"),
        ("title: Demonstração", "title:", 2, "title", "None", "a valid string"),
        ("title: Demonstração", "title: 12", 2, "title", "12", "a valid string"),
        ("name: demo", "name: De mo", 1, "name", "'De mo'", "match pattern"),
        ("    age:", "    1dade:", 10, "data.fields.1dade", "'1dade'", "match pattern"),
        ("{n_estimators: 10}", "10", 17, "candidates.1.random_forest", "10", "a mapping"),
        ("- prior", "- 3", 16, "candidates.0", "3", "a valid string, or a mapping"),
        ("{maximise: f1}", "high", 20, "decision.threshold", "'high'", "a valid number, or a mapping"),
        ("values: [a, b]", "values: [1, b]", 11, "data.fields.land.values.0", "1", "a valid string"),
        ("values: [a, b]", "values: a", 11, "data.fields.land.values", "'a'", "a list"),
    ],
)
def test_a_wrong_value_is_named_with_its_place(
    change: Change, old: str, new: str, where: int, key: str, found: str, expected: str
) -> None:
    error = refused(change(old, new))
    assert error.where == f"project.yaml:{where}"
    assert error.what == f"{key} is not valid"
    assert error.found == found
    assert expected in error.expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("min: 18", "min: '18'"),
        ("min: 18", "min: true"),
        ("seed: 42", "seed: true"),
        ("seed: 42", "seed: 42.0"),
        ("positive: 1", "positive: true"),
        ("positive: 1", "positive: 1.0"),
        ("{maximise: f1}", "'0.5'"),
        ("values: [a, b]", "values: [true, b]"),
    ],
)
def test_nothing_is_quietly_taken_for_something_else(change: Change, old: str, new: str) -> None:
    assert "is not valid" in refused(change(old, new)).what


@pytest.mark.parametrize(
    ("old", "new", "where", "expected"),
    [
        ("min: 18", "min: .nan", "project.yaml:10", "a finite number"),
        ("max: 120", "max: .inf", "project.yaml:10", "a finite number"),
        ("{n_estimators: 10}", "{n_estimators: -.inf}", "project.yaml:17", "a finite number"),
        ("title: D", "title: !!python/name:os.system D", "project.yaml:2", "without YAML tags"),
        ("    age:", "    2024:", "project.yaml:9", "keys that are text"),
        ("title: D", "3: x\ntitle: D", "project.yaml", "keys that are text"),
    ],
)
def test_what_only_yaml_can_hold_is_refused(
    change: Change, old: str, new: str, where: str, expected: str
) -> None:
    error = refused(change(old, new))
    assert error.where == where
    assert expected in error.expected


def test_yes_and_no_are_words_and_dates_are_text(change: Change) -> None:
    assert parse_project(change("values: [a, b]", "values: [yes, no]")).data.fields["land"].values == (
        "yes",
        "no",
    )
    dated = parse_project(change("use: metadata", "use: metadata, example: 2020-01-31"))
    assert dated.data.fields["since"].example == "2020-01-31"


def test_anchors_and_merges_are_followed(change: Change) -> None:
    text = change(
        "    age: {type: integer, unit: years, min: 18, max: 120}\n",
        "    age: &age {type: integer, min: 18, max: 120}\n    tenure:\n      <<: *age\n      min: 0\n",
    )
    fields = parse_project(text).data.fields
    assert (fields["tenure"].min, fields["tenure"].max) == (0, 120)
    assert refused(text.replace("max: 120", "max: x")).what == "data.fields.age.max is not valid"


@pytest.mark.parametrize("key", ["name", "title", "task", "data", "candidates", "select"])
def test_a_missing_key_is_named(key: str) -> None:
    lines = {"name": "name: a", "title": "title: b", "task": "task: {kind: binary, target: t}"}
    lines |= {"data": "data: {sources: {s: f.csv}, fields: {x: {type: number}}}"}
    lines |= {"candidates": "candidates: [prior]", "select": "select: {primary: f1}"}
    parse_project("\n".join(lines.values()))
    del lines[key]
    error = refused("\n".join(lines.values()))
    assert (error.what, error.where, error.found) == (f"{key} is missing", "project.yaml", "nothing")


def test_a_missing_key_deep_down_has_its_line(change: Change) -> None:
    error = refused(change("type: integer, ", ""))
    assert (error.what, error.where) == ("data.fields.age.type is missing", "project.yaml:10")


def test_the_hint_counts_what_else_is_wrong(change: Change) -> None:
    text = change("title: Demonstração", "title: 12").replace("seed: 42", "seed: x").replace("- prior", "- 3")
    assert refused(text).hint == "and 2 more to mend after this one"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "an empty file"),
        ("# only a comment\n", "an empty file"),
        ("- a\n- b\n", '["a", "b"]'),
        ("hello", "'hello'"),
        ("12", "12"),
    ],
)
def test_what_is_no_mapping_is_refused(text: str, found: str) -> None:
    error = refused(text)
    assert (error.what, error.where, error.found) == ("not a mapping", "project.yaml", found)
    assert "name, task, data" in error.expected


@pytest.mark.parametrize(
    ("text", "where", "found"),
    [
        ("name: [a\ntitle: b", "project.yaml:2:6", "expected ',' or ']'"),
        ("name:\n\t- a", "project.yaml:2:1", "cannot start any token"),
        ("name: a\nname: b", "project.yaml:2:1", 'duplicate key "name"'),
        ("a:\n  b: {c: 1, c: 2}", "project.yaml:2:13", 'duplicate key "c"'),
        ("name: a\n---\nname: b\n", "project.yaml:2:1", "another document"),
        ("name: *nobody", "project.yaml:1:7", "undefined alias"),
        ("name: \x00", "project.yaml", "special characters are not allowed"),
    ],
)
def test_malformed_yaml_is_refused_with_line_and_column(text: str, where: str, found: str) -> None:
    error = refused(text)
    assert (error.what, error.where) == ("not valid YAML", where)
    assert found in error.found
    assert "\n" not in error.found


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 600 + "]" * 600,
        "&x\na: *x\n",
        "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(
            f"{new}: &{new} [{', '.join(['*' + old] * 10)}]\n"
            for old, new in zip("abcde", "bcdef", strict=True)
        ),
    ],
    ids=["deep", "itself", "wide"],
)
def test_a_document_without_end_is_refused(text: str) -> None:
    error = refused(text)
    assert "too many or nested too deep" in error.found


def test_errors_have_each_part_once(change: Change) -> None:
    text = str(refused(change("seed: 42", "sede: 42")))
    assert text.splitlines() == [
        "project.yaml:14: unknown key split.sede",
        "  found: sede",
        "  expected: one of by, column, seed, test",
        "  to do: did you mean seed?",
    ]


def test_a_long_value_is_cut(change: Change) -> None:
    assert len(refused(change("kind: binary", f"kind: {'x' * 500}")).found) == 80


def test_a_folder_is_loaded(tmp_path: Path, written: str) -> None:
    assert load_project(folder(tmp_path, written)).name == "demo"


def test_a_byte_order_mark_is_tolerated(tmp_path: Path, written: str) -> None:
    assert load_project(folder(tmp_path, b"\xef\xbb\xbf" + written.encode())).name == "demo"


def test_errors_name_the_file(tmp_path: Path, change: Change) -> None:
    made = folder(tmp_path, change("seed: 42", "sede: 42"))
    with pytest.raises(SpecError) as caught:
        load_project(made)
    assert caught.value.where == f"{made / 'project.yaml'}:14"


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path, written: str) -> None:
    made = folder(tmp_path, written.encode("latin-1"))
    with pytest.raises(SpecError, match="not UTF-8") as caught:
        load_project(made)
    assert caught.value.found == "byte 0xe7 at position 27"
    assert caught.value.where == f"{made / 'project.yaml'}:2"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="the file is missing"):
        load_project(tmp_path)


def test_a_folder_in_the_files_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "project.yaml").mkdir()
    with pytest.raises(SpecError, match="cannot be read"):
        load_project(tmp_path)


def test_a_file_of_data_is_refused(tmp_path: Path) -> None:
    made = folder(tmp_path, b"#" * (MAX_BYTES + 1))
    with pytest.raises(SpecError, match="too large") as caught:
        load_project(made)
    assert caught.value.found == f"{MAX_BYTES + 1} bytes"


def test_the_name_is_the_folders(tmp_path: Path, written: str) -> None:
    made = folder(tmp_path, written, name="other")
    with pytest.raises(SpecError, match="not its folder's") as caught:
        load_project(made)
    assert caught.value.found == "name: demo in the folder other"
    assert caught.value.expected == "name: other"


def test_projects_are_listed_and_found(tmp_path: Path, written: str) -> None:
    folder(tmp_path, written)
    folder(tmp_path, written.replace("name: demo", "name: atlas"), name="atlas")
    (tmp_path / "empty").mkdir()
    assert list_projects(tmp_path) == ["atlas", "demo"]
    assert find_project(tmp_path, "atlas").name == "atlas"
    with pytest.raises(SpecError) as caught:
        find_project(tmp_path, "dmeo")
    assert caught.value.expected == "one of atlas, demo"
    assert caught.value.hint == "did you mean demo?"
    with pytest.raises(SpecError, match="zelo init makes one"):
        find_project(tmp_path, "zzz")


def test_no_projects_at_all(tmp_path: Path) -> None:
    assert list_projects(tmp_path / "nowhere") == []
    with pytest.raises(SpecError, match=r"a folder with a project\.yaml"):
        find_project(tmp_path, "demo")
