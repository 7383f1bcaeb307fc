from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zelo.data.contract import BadRow, Checked, bad_rows_json, check_table
from zelo.data.reading import read_table
from zelo.errors import SourceError
from zelo.spec.loading import load_project
from zelo.spec.project import Project

REPOSITORY = Path(__file__).parents[2]
Check = Callable[..., Checked]
MakeProject = Callable[..., Project]

GOOD = "p1,3,50.5,Norte,0\n"


def found(checked: Checked) -> list[tuple[int, str, str]]:
    return [(bad.row, bad.field, bad.found) for bad in checked.bad_rows]


def test_good_rows_come_in_the_agreed_types(check: Check) -> None:
    checked = check(GOOD + "0042,4,,Sul,1\n")
    assert checked.bad_rows == ()
    assert checked.rows_read == 2
    assert list(checked.frame.columns) == ["row__", "id", "age", "load", "site", "failed"]
    assert checked.frame["id"].tolist() == ["p1", "0042"]
    assert checked.frame["age"].dtype == np.float64
    assert np.isnan(checked.frame["load"][1])
    assert checked.frame["failed"].tolist() == [0, 1]
    assert checked.frame["failed"].dtype == np.int64


@pytest.mark.parametrize(
    ("row", "field", "text", "expected"),
    [
        ("a,abc,1,Sul,0", "age", "'abc'", "an integer from 0 to 50 anos"),
        ("a,3.5,1,Sul,0", "age", "'3.5'", "an integer from 0 to 50 anos"),
        ("a,6.7e153,1,Sul,0", "age", "'6.7e153'", "an integer from 0 to 50 anos"),
        ("a,51,1,Sul,0", "age", "'51'", "an integer from 0 to 50 anos"),
        ("a,-1,1,Sul,0", "age", "'-1'", "an integer from 0 to 50 anos"),
        ("a,,1,Sul,0", "age", "nothing", "an integer from 0 to 50 anos"),
        ("a,3,inf,Sul,0", "load", "'inf'", "a finite number from 0 to 100"),
        ("a,3,-Infinity,Sul,0", "load", "'-Infinity'", "a finite number from 0 to 100"),
        ("a,3,nan,Sul,0", "load", "'nan'", "a finite number from 0 to 100"),
        ("a,3,1e999,Sul,0", "load", "'1e999'", "a finite number from 0 to 100"),
        ("a,3,1_0,Sul,0", "load", "'1_0'", "a finite number from 0 to 100"),
        ("a,3,100.01,Sul,0", "load", "'100.01'", "a finite number from 0 to 100"),
        ("a,3,1,Leste,0", "site", "'Leste'", "one of Norte, Sul"),
        ("a,3,1,,0", "site", "nothing", "one of Norte, Sul"),
        ("a,3,1,Sul,2", "failed", "'2'", "one of 0, 1"),
        ("a,3,1,Sul,sim", "failed", "'sim'", "one of 0, 1"),
        ("a,3,1,Sul,", "failed", "nothing", "one of 0, 1"),
        ("p1,3,1,Sul,0", "id", "'p1'", "a key that no row above has"),
        (",3,1,Sul,0", "id", "nothing", "a key that no row above has"),
    ],
)
def test_a_bad_value_is_shown_as_it_was_written(
    check: Check, row: str, field: str, text: str, expected: str
) -> None:
    checked = check(GOOD + row + "\n")
    assert [bad.field for bad in checked.bad_rows] == [field]
    bad = checked.bad_rows[0]
    assert (bad.file, bad.row, bad.found) == ("pumps.csv", 2, text)
    assert bad.expected == expected
    assert checked.frame["id"].tolist() == ["p1"]


def test_all_bad_values_come_together_in_the_order_of_the_file(check: Check) -> None:
    checked = check("a,x,-1,Leste,9\n" + GOOD + "b,1,1,Sul,\n")
    assert found(checked) == [
        (1, "age", "'x'"),
        (1, "load", "'-1'"),
        (1, "site", "'Leste'"),
        (1, "failed", "'9'"),
        (3, "failed", "nothing"),
    ]
    assert checked.frame["row__"].tolist() == [2]


def test_one_bad_row_among_a_thousand_leaves_the_others(check: Check) -> None:
    rows = [f"k{number},3,1,Sul,{number % 2}" for number in range(1000)]
    rows[617] = "k617,3,abc,Sul,0"
    checked = check("\n".join(rows))
    assert found(checked) == [(618, "load", "'abc'")]
    assert len(checked.frame) == 999


def test_a_comma_decimal_says_how_to_declare_it(check: Check) -> None:
    checked = check('p1,3,"1,5",Sul,0\n')
    assert found(checked) == [(1, "load", "'1,5'")]
    assert "set decimal: ','" in checked.bad_rows[0].expected


def test_a_declared_comma_decimal_is_read_and_a_point_refused(check: Check) -> None:
    rows = "a;3;1,5;Sul;0\nb;3;1.5;Sul;0\nc;3;1.000,5;Sul;0\n"
    checked = check(rows, header="id;age;load;site;failed", decimal=",")
    assert checked.frame["load"].tolist() == [1.5]
    assert [bad.row for bad in checked.bad_rows] == [2, 3]
    assert "declares decimal: ','" in checked.bad_rows[0].expected


def test_a_latin_1_file_keeps_its_accents(check: Check, make_project: MakeProject) -> None:
    project = make_project(data__fields__site={"type": "category", "values": ["São Paulo", "Brasília"]})
    checked = check("p1,3,1,São Paulo,0\n", project=project, encoding="latin-1")
    assert checked.frame["site"].tolist() == ["São Paulo"]


def test_a_huge_text_is_clipped_in_the_report(check: Check) -> None:
    checked = check(f"p1,3,1,{'x' * 1_000_000},0\n")
    assert len(checked.bad_rows[0].found) < 200
    assert "(1000000 characters)" in checked.bad_rows[0].found


def test_a_missing_column_names_what_there_is(check: Check) -> None:
    with pytest.raises(SourceError) as caught:
        check("p1,3,1,Sul,0\n", header="id,Age,load,site,failed")
    assert "'age'" in caught.value.what
    assert caught.value.found == "columns id, Age, load, site, failed"
    assert caught.value.hint == "did you mean 'Age'?"


def test_a_column_that_is_there_twice_is_not_guessed(check: Check) -> None:
    with pytest.raises(SourceError, match=r"age \(1\)"):
        check("p1,3,1,Sul,0,4\n", header="id,age,load,site,failed,age")


def test_renamed_columns_are_reported_under_both_names(check: Check, make_project: MakeProject) -> None:
    project = make_project(data__fields__age={"type": "integer", "column": "Idade [anos]", "max": 50})
    checked = check("p1,99,1,Sul,0\n", header="id,Idade [anos],load,site,failed", project=project)
    assert found(checked) == [(1, "age (Idade [anos])", "'99'")]


def test_without_labels_the_target_is_neither_needed_nor_checked(check: Check) -> None:
    checked = check("p1,3,1,Sul\n", header="id,age,load,site", labelled=False)
    assert list(checked.frame.columns) == ["row__", "id", "age", "load", "site"]
    assert check("p1,3,1,Sul,what\n", labelled=False).bad_rows == ()


def test_metadata_may_be_absent_where_no_labels_are(check: Check, make_project: MakeProject) -> None:
    project = make_project(data__fields__note={"type": "text", "use": "metadata"})
    assert len(check("p1,3,1,Sul\n", header="id,age,load,site", project=project, labelled=False).frame) == 1
    with pytest.raises(SourceError, match="'note'"):
        check(GOOD, project=project)


def test_without_a_key_rows_may_repeat(check: Check, make_project: MakeProject) -> None:
    checked = check(GOOD + GOOD, project=make_project(data__key=None))
    assert checked.bad_rows == ()
    assert "id" not in checked.frame


def test_rows_without_the_target_are_left_out_where_the_task_says_so(
    check: Check, make_project: MakeProject
) -> None:
    project = make_project(task__missing="left_out", task__leave_out=["7"])
    checked = check(GOOD + "b,3,1,Sul,\nc,3,1,Sul,7\nd,3,1,Sul,7.0\n", project=project)
    assert checked.bad_rows == ()
    assert checked.frame["id"].tolist() == ["p1"]
    assert (checked.rows_read, checked.left_out) == (4, 3)


def test_classes_keep_the_type_that_they_are_declared_with(check: Check, make_project: MakeProject) -> None:
    words = make_project(task={"kind": "binary", "target": "failed", "classes": ["não", "sim"]})
    assert check("a,3,1,Sul,sim\n", project=words).frame["failed"].tolist() == ["sim"]
    numbers = make_project(task={"kind": "multiclass", "target": "failed", "classes": [0, 1, 2]})
    assert check("a,3,1,Sul,2.0\n", project=numbers).frame["failed"].tolist() == [2]


def test_a_regression_asks_for_a_finite_target(check: Check, make_project: MakeProject) -> None:
    project = make_project(
        task={"kind": "regression", "target": "failed"}, split={"by": "random"}, select={"primary": "mae"}
    )
    checked = check("a,3,1,Sul,2.5\nb,3,1,Sul,inf\nc,3,1,Sul,\n", project=project)
    assert checked.frame["failed"].tolist() == [2.5]
    assert [bad.found for bad in checked.bad_rows] == ["'inf'", "nothing"]


@pytest.mark.parametrize(
    ("layout", "good", "bad"),
    [
        (None, "2024-12-31", "31/12/2024"),
        ("%d/%m/%Y", "31/12/2024", "12/31/2024"),
        (None, "2024-12-31 13:05:00", "2024-13-01"),
    ],
)
def test_dates_are_read_as_declared(
    check: Check, make_project: MakeProject, layout: str | None, good: str, bad: str
) -> None:
    field = {"type": "date", "use": "metadata", "format": layout}
    header = "id,age,load,site,failed,day"
    checked = check(
        f"a,3,1,Sul,0,{good}\nb,3,1,Sul,0,{bad}\n",
        header=header,
        project=make_project(data__fields__day=field),
    )
    assert str(checked.frame["day"][0]).startswith("2024-12-31")
    assert checked.frame["day"].dtype == "datetime64[us]"
    assert found(checked) == [(2, "day", f"'{bad}'")]


def test_bad_rows_read_well_and_go_into_json() -> None:
    bad = BadRow("a.csv", 3, "age", "'x'", "an integer")
    assert str(bad) == "a.csv, row 3, age: found 'x'; expected an integer"
    assert bad_rows_json([bad]) == [
        {"file": "a.csv", "row": 3, "field": "age", "found": "'x'", "expected": "an integer"}
    ]


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.floats(0, 100), min_size=1, max_size=20))
def test_numbers_survive_the_way_from_text(check: Check, values: list[float]) -> None:
    rows = "".join(f"k{place},1,{value!r},Sul,0\n" for place, value in enumerate(values))
    assert check(rows).frame["load"].tolist() == values


@pytest.mark.parametrize(
    ("name", "source", "rows", "positives"),
    [("churn", "train", 6000, 1230), ("churn", "new", 2000, 409), ("machine_failure", "train", 6000, 235)],
)
def test_the_real_data_keep_the_contract(
    real_data: Path, name: str, source: str, rows: int, positives: int
) -> None:
    project = load_project(REPOSITORY / "projects" / name)
    described = project.source(source)
    path = real_data / name / described.file
    check_table(
        read_table(path, described), project, file=path.name, labelled=True
    )  # the imports it waits for
    start = time.process_time()
    checked = check_table(read_table(path, described), project, file=path.name, labelled=True)
    assert time.process_time() - start < 3, "6,000 rows take half a second of a processor"
    assert checked.bad_rows == ()
    assert len(checked.frame) == rows
    assert checked.frame[project.task.target].sum() == positives
