from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zelo.data.contract import Checked, check_table
from zelo.data.guess import field_name
from zelo.data.infer import infer_project
from zelo.data.reading import read_table
from zelo.data.snapshot import BATCH
from zelo.data.split import split
from zelo.errors import DataError, SourceError, SpecError
from zelo.spec.loading import parse_project
from zelo.spec.project import Project

ROWS = 60
RANDOM = random.Random(7)

Columns = dict[str, list[Any]]


def table(**more: list[Any]) -> Columns:
    """Sixty rows that can be learned from."""
    columns: Columns = {
        "x": [f"{number / 7:.3f}" for number in range(ROWS)],
        "n": [str(100 + number * 3 % 50) for number in range(ROWS)],
        "y": [str(int(number % 4 == 0)) for number in range(ROWS)],
    }
    return columns | more


def write(
    folder: Path, columns: Columns, *, delimiter: str = ",", encoding: str = "utf-8", name: str = "t.csv"
) -> Path:
    path = folder / name
    pd.DataFrame(columns).to_csv(path, index=False, sep=delimiter, encoding=encoding)
    return path


def infer(path: Path, target: str = "y") -> tuple[Project, tuple[str, ...]]:
    """The inferred project, which takes every row of the table and can be split."""
    text, notes = infer_project("trial", path, target)
    project = parse_project(text)
    checked = check(path, project)
    assert checked.bad_rows == ()
    split(checked.frame.assign(**{BATCH: 0}), project)
    return project, notes


def check(path: Path, project: Project) -> Checked:
    source = project.source("train")
    return check_table(
        read_table(path, source), project, file=path.name, labelled=True, decimal=source.decimal
    )


def test_a_plain_table_becomes_a_project(tmp_path: Path) -> None:
    project, notes = infer(write(tmp_path, table()))
    assert project.task.kind == "binary"
    assert (project.classes, project.positive) == ((0, 1), 1)
    assert {name: field.type for name, field in project.data.fields.items()} == {
        "x": "number",
        "n": "integer",
    }
    assert list(project.candidate_params) == ["prior", "logistic_regression", "random_forest", "lightgbm"]
    assert (project.select.primary, project.select.report) == ("f1", ("roc_auc", "pr_auc", "brier", "mcc"))
    assert "the row's number" in notes[0]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
def test_delimiters_and_encodings_are_found(tmp_path: Path, delimiter: str, encoding: str) -> None:
    path = write(
        tmp_path,
        table(Município=["Niterói", "Maceió", "Olinda"] * 20),
        delimiter=delimiter,
        encoding=encoding,
    )
    project, _ = infer(path)
    field = project.data.fields["municipio"]
    assert (field.column, field.values) == ("Município", ("Maceió", "Niterói", "Olinda"))


def test_a_decimal_comma_is_found(tmp_path: Path) -> None:
    columns = table()
    columns["x"] = [text.replace(".", ",") for text in columns["x"]]
    path = write(tmp_path, columns, delimiter=";")
    project, _ = infer(path)
    assert project.source("train").decimal == ","
    assert project.data.fields["x"].type == "number"
    assert check(path, project).frame["x"][7] == 1.0


def test_headers_become_names_and_keep_their_columns(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    columns = table()
    rows = zip(columns["x"], columns["n"], columns["x"], columns["n"], columns["y"], strict=True)
    lines = ["Preço (R$),PREÇO (r$),x y,x y,1º Alvo", *(",".join(row) for row in rows)]
    path.write_text("\n".join(lines), encoding="utf-8")
    project, _ = infer(path, "1º alvo")
    assert {name: field.column for name, field in project.data.fields.items()} == {
        "preco_r_1": "Preço (R$) (1)",
        "preco_r_2": "PREÇO (r$) (2)",
        "x_y_1": "x y (1)",
        "x_y_2": "x y (2)",
    }
    assert (project.task.target, project.task.column) == ("field_1o_alvo", "1º Alvo")


@pytest.mark.parametrize(
    ("column", "values", "is_key"),
    [
        ("id", [str(900 - number * 7) for number in range(ROWS)], True),
        ("Código do Cliente", [f"C-{number:04}" for number in range(ROWS)], True),
        ("row", [str(number) for number in range(ROWS)], True),
        ("serial", [f"M{number * 37}" for number in range(ROWS)], True),
        ("id", [str(number % 50) for number in range(ROWS)], False),
        ("salary", [str(1000 + number * number) for number in range(ROWS)], False),
        ("measure", [f"{number}.5" for number in range(ROWS)], False),
        ("day", [f"2024-0{1 + number // 28}-{1 + number % 28:02}" for number in range(ROWS)], False),
    ],
)
def test_a_key_is_told_from_a_measure(tmp_path: Path, column: str, values: list[str], is_key: bool) -> None:
    project, _ = infer(write(tmp_path, {column: values} | table()))
    name = field_name(column, ())
    assert project.data.key == (name if is_key else None)
    assert project.serving.entity == project.data.key
    assert (name in project.data.fields) is not is_key


def test_columns_that_say_nothing_are_left_out_with_a_note(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        table(
            same=["7"] * ROWS,
            nothing=[""] * ROWS,
            zero=["0", "0.0"] * 30,
            huge=["1e999", "1"] * 30,
            codes=[f"c{number % 30}" for number in range(ROWS)],
        ),
    )
    project, notes = infer(path)
    assert list(project.data.fields) == ["x", "n"]
    said = "\n".join(notes)
    for column, reason in [
        ("same", "'7' in every row"),
        ("nothing", "empty"),
        ("zero", "the same number"),
        ("huge", "beyond 1e308"),
        ("codes", "30 different texts"),
    ]:
        assert f"{column!r} is left out: it" in said
        assert reason in said


@pytest.mark.parametrize(
    "texts",
    [
        [f"the pump {number} made a noise, and then it stopped for a while again" for number in range(ROWS)],
        ["the pump made a noise, and after that it stopped for quite a while again", ""] * (ROWS // 2),
        [f"vazamento {number}" if number % 3 else f"barulho{number}" for number in range(ROWS)],
    ],
    ids=["long", "long, repeated and missing", "short"],
)
def test_comments_become_a_text_that_the_model_reads(tmp_path: Path, texts: list[str]) -> None:
    if "" in texts:
        texts = [*texts[:-2], "the pump was heard from the other hall, and nobody knew what to do", ""]
    project, notes = infer(write(tmp_path, table(Comentário=texts)))
    field = project.data.fields["comentario"]
    assert (field.type, field.use, field.column) == ("text", "input", "Comentário")
    assert field.missing == ("allowed" if "" in texts else "refused")
    assert project.texts == ("comentario",)
    assert "linear_svm" in project.candidate_params
    assert "Comentário: read as text" in "\n".join(notes)


def test_comments_alone_with_classes_of_few_rows_are_enough(tmp_path: Path) -> None:
    modes = ["leak"] * 25 + ["noise"] * 25 + ["wear"] * 8 + ["fire", "theft"]
    columns = {"note": [f"seen {mode} at {number}" for number, mode in enumerate(modes)], "mode": modes}
    project, notes = infer(write(tmp_path, columns), "mode")
    assert project.classes == ("leak", "noise", "wear")
    assert project.task.leave_out == ("fire", "theft")
    assert "fire, theft" in "\n".join(notes)
    assert list(project.inputs) == ["note"]


def test_a_text_that_no_contract_takes_is_left_out(tmp_path: Path) -> None:
    columns = table(note=[f"it broke {number} " + "x" * 25_000 * (number == 7) for number in range(ROWS)])
    project, notes = infer(write(tmp_path, columns))
    assert "note" not in project.data.fields
    assert "'note' is left out: the contract does not take" in "\n".join(notes)


def test_categories_are_listed_where_few_and_open_where_many(tmp_path: Path) -> None:
    columns = {name: values * 20 for name, values in table().items()}
    columns["few"] = ["yes", "no", "null-ish"] * (ROWS * 20 // 3)
    columns["many"] = [f"c{number % 40}" for number in range(ROWS * 20)]
    columns["flag"] = ["True", "False"] * (ROWS * 10)
    columns["zip"] = [f"0{1000 + number % 9}" for number in range(ROWS * 20)]
    project, _ = infer(write(tmp_path, columns))
    fields = project.data.fields
    assert fields["few"].values == ("no", "null-ish", "yes")
    assert (fields["many"].type, fields["many"].values) == ("category", None)
    assert fields["flag"].values == ("False", "True")
    assert fields["zip"].type == "category"


@pytest.mark.parametrize(
    ("layout", "first"),
    [
        (None, "2024-{month:02}-{day:02}"),
        (None, "2024-{month:02}-{day:02}T10:30:00"),
        ("%d/%m/%Y", "{day:02}/{month:02}/2024"),
        ("%m/%d/%Y %H:%M", "{month}/{day}/2024 9:05"),
        ("%d.%m.%Y", "{day:02}.{month:02}.2024"),
    ],
)
def test_dates_are_kept_as_metadata(tmp_path: Path, layout: str | None, first: str) -> None:
    days = [first.format(month=1 + number % 12, day=1 + number % 28) for number in range(ROWS)]
    path = write(tmp_path, table(when=days))
    project, notes = infer(path)
    field = project.data.fields["when"]
    assert (field.type, field.use, field.format) == ("date", "metadata", layout)
    assert "when" in notes[-1]
    assert check(path, project).frame["when"].dt.day.tolist() == [1 + number % 28 for number in range(ROWS)]


def test_missing_values_are_allowed_where_seen(tmp_path: Path) -> None:
    columns = table(site=["A", "B", ""] * 20)
    columns["n"][3] = ""
    columns["x"][5:8] = ["?", "NaN", "desconhecido"]
    path = write(tmp_path, columns)
    project, notes = infer(path)
    fields = project.data.fields
    assert [fields[name].missing for name in ("x", "n", "site")] == ["allowed"] * 3
    assert project.source("train").nulls == ("?", "NaN", "desconhecido")
    assert any("read as missing" in note for note in notes)
    assert check(path, project).frame["x"].isna().sum() == 3


@pytest.mark.parametrize(
    "values",
    [
        ["0", "8.988465674311578e+307"],
        ["5e-324", "0"],
        ["1000000000000001", "1000000000000002"],
        ["1700000000001", "1700000000002"],
        ["-1e300", "1.5e300"],
        ["0.1", "0.30000000000000004"],
    ],
)
def test_no_size_of_number_falls_out_of_its_own_range(tmp_path: Path, values: list[str]) -> None:
    project, _ = infer(write(tmp_path, table(size=values * 30)))
    assert project.data.fields["size"].is_numeric


def test_ranges_leave_room_for_tomorrow_and_no_sign_is_invented(tmp_path: Path) -> None:
    columns = table(
        below=[str(-number) for number in range(ROWS)],
        both=[str(number - 30) for number in range(ROWS)],
        flag=["0", "1"] * 30,
        tiny=[f"{number * 1e-9:.3e}" for number in range(ROWS)],
    )
    fields = infer(write(tmp_path, columns))[0].data.fields
    ranges = {name: (field.min, field.max) for name, field in fields.items()}
    assert ranges["n"] == (51, 198)
    assert ranges["below"] == (-118, 0)
    assert ranges["both"] == (-89, 88)
    assert ranges["flag"] == (0, 1)
    assert ranges["tiny"] == (0, 1.18e-07)


@pytest.mark.parametrize(
    ("values", "kind", "classes", "positive"),
    [
        (["sim", "não", "não"], "binary", ("não", "sim"), "sim"),
        (["Yes", "No", "No"], "binary", ("No", "Yes"), "Yes"),
        (["bom", "ruim", "bom"], "binary", ("bom", "ruim"), "ruim"),
        (["1.0", "0.0", "0.0"], "binary", (0, 1), 1),
        (["-1", "1", "1"], "binary", (-1, 1), 1),
        (["0.5", "1.5", "1.5"], "binary", ("1.5", "0.5"), "0.5"),
        (["a", "b", "c"], "multiclass", ("a", "b", "c"), None),
        (["3", "10", "2"], "multiclass", (2, 3, 10), None),
        (["01", "02", "03"], "multiclass", ("01", "02", "03"), None),
    ],
)
def test_the_task_follows_from_the_target(
    tmp_path: Path, values: list[str], kind: str, classes: tuple[int | str, ...], positive: int | str | None
) -> None:
    project, _ = infer(write(tmp_path, table(y=values * 20)))
    assert (project.task.kind, project.classes, project.task.positive) == (kind, classes, positive)
    if kind == "multiclass":
        assert project.select.primary == "f1_macro"


@pytest.mark.parametrize(
    "values", [[f"{number}.25" for number in range(ROWS)], [str(number) for number in range(ROWS)]]
)
def test_a_quantity_is_a_regression(tmp_path: Path, values: list[str]) -> None:
    project, _ = infer(write(tmp_path, table(y=values)))
    assert (project.task.kind, project.select.primary, project.split.by) == ("regression", "mae", "random")
    assert list(project.candidate_params) == ["prior", "ridge", "random_forest", "lightgbm"]


def test_rows_without_the_target_are_left_out_and_counted(tmp_path: Path) -> None:
    columns = table()
    columns["y"][:4] = ["", "", "", ""]
    path = write(tmp_path, columns)
    project, notes = infer(path)
    assert project.task.missing == "left_out"
    assert "4 row(s) without y are left out" in notes
    assert (len(check(path, project).frame), check(path, project).left_out) == (ROWS - 4, 4)


@pytest.mark.parametrize("names", [("a", "b", "odd"), ("1", "2", "3")])
def test_classes_too_rare_to_learn_are_left_out_and_named(tmp_path: Path, names: tuple[str, ...]) -> None:
    path = write(tmp_path, table(y=[names[0], names[1]] * 28 + [names[2]] * 4))
    project, notes = infer(path)
    assert project.task.leave_out == (names[2],)
    assert any(names[2] in note and "too few rows" in note for note in notes)
    assert check(path, project).left_out == 4


def test_few_rows_of_a_class_mean_fewer_folds(tmp_path: Path) -> None:
    project, _ = infer(write(tmp_path, table(y=["1"] * 4 + ["0"] * 56)))
    assert project.select.folds == 3


def test_excel_is_inferred_as_well(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Custo", "Grupo", "Falhou"])
    for number in range(ROWS):
        sheet.append([number * 1.5, "AB"[number % 2], number % 3 == 0])
    book.save(tmp_path / "t.xlsx")
    project, _ = infer(tmp_path / "t.xlsx", "falhou")
    assert project.classes == ("false", "true")
    assert project.data.fields["custo"].type == "number"


@pytest.mark.parametrize(
    ("columns", "target", "error", "words"),
    [
        (table(), "Z", SourceError, "the target is not a column"),
        (table(), "yy", SourceError, "did you mean 'y'"),
        ({name: values[:19] for name, values in table().items()}, "y", DataError, "found: 19 rows"),
        (table(y=[""] * 50 + ["1"] * 10), "y", DataError, "too few rows"),
        (table(y=["1"] * ROWS), "y", DataError, "one value alone"),
        (table(y=["1", *["0"] * (ROWS - 1)]), "y", DataError, "a class has too few rows"),
        (table(y=[f"c{number // 2}" for number in range(ROWS)]), "y", DataError, "too few rows a class"),
        ({"a": ["1"] * ROWS, "y": table()["y"]}, "y", DataError, "no column can be an input"),
    ],
)
def test_what_cannot_be_learned_is_refused(
    tmp_path: Path, columns: Columns, target: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        infer_project("trial", write(tmp_path, columns), target)


def test_too_many_classes_are_refused(tmp_path: Path) -> None:
    columns = {name: values * 10 for name, values in table().items()}
    columns["y"] = [f"c{number % 40}" for number in range(ROWS * 10)]
    with pytest.raises(DataError, match="too many classes"):
        infer_project("trial", write(tmp_path, columns), "y")


def test_a_name_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="name"):
        infer_project("My Project", write(tmp_path, table()), "y")


def test_the_text_reads_well(tmp_path: Path) -> None:
    text, notes = infer_project("trial", write(tmp_path, table(id=[f"k{n}" for n in range(ROWS)])), "y")
    lines = text.splitlines()
    assert lines[0].startswith("# Made by zelo init")
    assert all(f"# {note}" in lines for note in notes)
    assert "task: {kind: binary, target: y, classes: [0, 1], positive: 1}" in lines
    assert "    n: {type: integer, min: 51, max: 198}" in lines
    assert not [line for line in lines if line != line.rstrip()]


texts = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=12)
cell = st.one_of(
    texts,
    st.integers(-(10**6), 10**6).map(str),
    st.floats(allow_nan=False, allow_infinity=True).map(str),
    st.sampled_from(["", "NA", "sim", "2024-02-30", "31/12/2024", "1,5", "1.000,00", "=1+1", "on", "~"]),
)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    headers=st.lists(texts, min_size=2, max_size=4),
    pools=st.lists(st.lists(cell, min_size=1, max_size=5), min_size=4, max_size=4),
    seed=st.integers(0, 1000),
)
def test_whatever_is_inferred_takes_the_rows_it_came_from(
    tmp_path: Path, headers: list[str], pools: list[list[str]], seed: int
) -> None:
    draw = random.Random(seed)
    columns: Columns = {"y": [str(number % 2) for number in range(ROWS)], "x": table()["x"]}
    for header, pool in zip(headers, pools, strict=False):
        if header.strip().casefold() not in {"x", "y", ""}:
            columns[header] = [draw.choice(pool) for _ in range(ROWS)]
    path = write(tmp_path, columns)
    refused = ""
    try:
        infer(path)
    except DataError as error:
        refused = error.what
    assert "contract" not in refused


@pytest.mark.parametrize(
    ("file", "target", "kind", "key"),
    [
        ("churn/dados_treino.csv", "saiu", "binary", "id_cliente"),
        ("machine_failure/ai4i2020.csv", "Machine failure", "binary", "udi"),
        ("failure_modes/excavator_mwo_2001_2007.csv", "FM", "multiclass", "id"),
        ("failure_modes/fmc_mwo2kg_train.csv", "failure_mode", "multiclass", None),
        ("man_hours/flight_school_down_events_2024_jan_aug.csv", "downed_reason", "multiclass", None),
        ("stock_price/CMIG4.SA_2000_2025_adjusted_with_glitches.csv.gz", "Close", "regression", None),
    ],
)
def test_real_tables_that_nobody_prepared(
    real_data: Path, file: str, target: str, kind: str, key: str | None
) -> None:
    project, _ = infer(real_data / file, target)
    assert (project.task.kind, project.data.key) == (kind, key)
