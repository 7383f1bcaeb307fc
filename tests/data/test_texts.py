"""Texts as inputs, spellings of a target, and columns that need not be there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from zelo.data.contract import Checked, check_table
from zelo.data.prepare import Places, append, prepare
from zelo.data.reading import read_table
from zelo.data.snapshot import BATCH
from zelo.data.split import split
from zelo.errors import ContractError, SourceError
from zelo.spec.project import Project, Source

Check = Callable[..., Checked]
AT = datetime(2026, 1, 1, tzinfo=UTC)
FIELDS: dict[str, Any] = {
    "note": {"type": "text", "column": "Note"},
    "remark": {"type": "text", "missing": "allowed"},
    "day": {"type": "date", "use": "metadata", "missing": "allowed"},
    "unit": {"type": "category", "use": "metadata", "missing": "allowed"},
    "hours": {"type": "number", "use": "metadata", "missing": "allowed"},
    "shift": {"type": "category", "use": "metadata"},
}
GOOD = "leaks at hose,,2024-05-01,u1,3.5,day,Leak\n"
HEADER = "Note,remark,day,unit,hours,shift,mode"


def make(**task: Any) -> Project:
    document = {
        "name": "orders",
        "title": "Orders",
        "task": {"kind": "multiclass", "target": "mode", "classes": ["Leak", "Noise", "Not known"], **task},
        "data": {"sources": {"train": "pumps.csv"}, "fields": FIELDS},
        "candidates": ["prior"],
        "select": {"primary": "accuracy"},
    }
    return Project.model_validate(document)


def modes(*texts: str) -> str:
    return "".join(GOOD.replace("Leak\n", f"{text}\n") for text in texts)


def test_case_and_spaces_make_no_other_class(check: Check) -> None:
    checked = check(modes("Leak", "LEAK", " noise ", "not   known"), header=HEADER, project=make())
    assert checked.bad_rows == ()
    assert checked.frame["mode"].tolist() == ["Leak", "Leak", "Noise", "Not known"]
    assert checked.others == 0


def test_a_spelling_is_its_class(check: Check) -> None:
    project = make(spellings={"leaking oil": "Leak", "NOISY": "Noise"})
    checked = check(modes("Leaking  Oil", "noisy", "noise"), header=HEADER, project=project)
    assert checked.frame["mode"].tolist() == ["Leak", "Noise", "Noise"]


def test_a_target_that_is_neither_names_the_classes_and_a_close_one(check: Check) -> None:
    project = make(spellings={"weeping": "Leak"})
    checked = check(modes("Leak", "Noize", "wheeping", "42", ""), header=HEADER, project=project)
    assert [(bad.row, bad.found) for bad in checked.bad_rows] == [
        (2, "'Noize'"),
        (3, "'wheeping'"),
        (4, "'42'"),
        (5, "nothing"),
    ]
    assert checked.bad_rows[0].expected == "one of Leak, Noise, Not known; did you mean 'Noise'?"
    assert "did you mean 'weeping'?" in checked.bad_rows[1].expected
    assert checked.bad_rows[2].expected == "one of Leak, Noise, Not known"
    assert checked.frame["mode"].tolist() == ["Leak"]


def test_what_is_neither_becomes_the_other_class_and_is_counted(check: Check) -> None:
    project = make(other="Not known", spellings={"weeping": "Leak"})
    checked = check(modes("x", "weeping", "NOT KNOWN", "y", "x"), header=HEADER, project=project)
    assert checked.frame["mode"].tolist() == ["Not known", "Leak", "Not known", "Not known", "Not known"]
    assert checked.others == 3
    empty = check(modes("Leak", ""), header=HEADER, project=project)
    assert [bad.found for bad in empty.bad_rows] == ["nothing"]


def test_what_is_left_out_is_not_the_other_class(check: Check) -> None:
    project = make(other="Not known", missing="left_out", leave_out=["test"])
    checked = check(modes("Leak", "test", "", "x"), header=HEADER, project=project)
    assert (checked.frame["mode"].tolist(), checked.left_out, checked.others) == (["Leak", "Not known"], 2, 1)


@pytest.mark.parametrize("text", ["1", "1.0", "01", "+1", "sim", "SIM"])
def test_a_class_that_is_a_number_may_be_written_as_one(check: Check, text: str) -> None:
    project = make(kind="binary", classes=[0, 1], spellings={"sim": "1"})
    checked = check(modes(text, "0"), header=HEADER, project=project)
    assert checked.frame["mode"].tolist() == [1, 0]
    assert checked.frame["mode"].dtype == "int64"
    assert len(check(modes("1.5", "0"), header=HEADER, project=project).bad_rows) == 1


@pytest.mark.parametrize("text", ["", "   ", "\u00a0\u2003", "\u200b", "x" * 20_001])
def test_a_text_that_nobody_can_read_is_bad(check: Check, text: str) -> None:
    checked = check(GOOD + GOOD.replace("leaks at hose", text), header=HEADER, project=make())
    (bad,) = checked.bad_rows
    assert (bad.row, bad.field) == (2, "note (Note)")
    assert bad.expected == "a text of 1 to 20,000 characters, NUL not among them"
    assert len(bad.found) < 120
    assert len(checked.frame) == 1


def test_any_language_sign_and_length_up_to_the_limit_is_a_text(check: Check) -> None:
    texts = ["x" * 20_000, "🔧🔥", "泵漏油", "<b>hot</b>", "12", "-", "ção", "مضخة"]
    rows = "".join(GOOD.replace("leaks at hose", text) for text in texts)
    checked = check(rows, header=HEADER, project=make())
    assert checked.bad_rows == ()
    assert checked.frame["note"].tolist() == texts
    assert checked.frame["remark"].tolist() == [""] * len(texts)


def test_nul_in_a_table_that_can_hold_it_is_bad(tmp_path: Path) -> None:
    path = tmp_path / "orders.parquet"
    names = ["leaks", "le\0aks"]
    pd.DataFrame({"Note": names, "remark": "", "shift": "day", "mode": "Leak"}).to_parquet(path)
    table = read_table(path, Source(file=path.name))
    checked = check_table(table, make(), file=path.name, labelled=True)
    assert [(bad.row, bad.found) for bad in checked.bad_rows] == [(2, "'le\\x00aks'")]


def test_metadata_that_may_be_missing_may_be_no_column_at_all(check: Check) -> None:
    checked = check("leaks,,day,Leak\n", header="Note,remark,shift,mode", project=make())
    assert checked.bad_rows == ()
    assert checked.absent == ("day", "unit", "hours")
    whole = check(GOOD, header=HEADER, project=make())
    assert whole.absent == ()
    assert list(checked.frame.columns) == list(whole.frame.columns)
    assert checked.frame.dtypes.tolist() == whole.frame.dtypes.tolist()
    row = checked.frame.iloc[0]
    assert pd.isna(row["day"])
    assert pd.isna(row["hours"])
    assert row["unit"] == ""


@pytest.mark.parametrize(
    ("column", "labelled", "refused"),
    [
        ("Note", True, True),
        ("Note", False, True),
        ("remark", True, True),
        ("remark", False, False),
        ("shift", True, True),
        ("shift", False, False),
        ("unit", False, False),
        ("mode", True, True),
        ("mode", False, False),
    ],
)
def test_which_columns_may_be_absent(check: Check, column: str, labelled: bool, refused: bool) -> None:
    names = HEADER.split(",")
    place = names.index(column)
    header = ",".join(name for name in names if name != column)
    row = ",".join(cell for number, cell in enumerate(GOOD.strip().split(",")) if number != place)
    if refused:
        with pytest.raises(SourceError, match=column):
            check(row, header=header, project=make(), labelled=labelled)
    else:
        checked = check(row, header=header, project=make(), labelled=labelled)
        assert (checked.bad_rows, len(checked.frame)) == ((), 1)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    raw = tmp_path / "orders" / "data" / "raw"
    raw.mkdir(parents=True)
    (raw / "pumps.csv").write_text("Note,remark,shift,mode\nhot,,day,Leak\ncold,,day,odd\n", encoding="utf-8")
    kept = (tmp_path / name for name in ("downloads", "snapshots", "datasets"))
    return Places(tmp_path / "orders", None, *kept, offline=True)


def test_a_person_is_told_what_became_other_and_what_is_absent(places: Places, tmp_path: Path) -> None:
    project = make(other="Not known")
    prepared = prepare(project, places, created=AT)
    assert prepared.notes == (
        "1 rows have a mode that is no class and no spelling: Not known",
        "there is no column 'day': day is missing in every row",
        "there is no column 'unit': unit is missing in every row",
        "there is no column 'hours': hours is missing in every row",
    )
    more = tmp_path / "more.csv"
    more.write_text(f"{HEADER}\nloud,,2024-05-01,u1,2,day,new\n", encoding="utf-8")
    added = append(project, more, places, created=AT)
    assert added.notes == ("1 rows have a mode that is no class and no spelling: Not known",)
    frame = added.snapshot.frame()
    assert frame["day"].isna().tolist() == [True, True, False]
    assert frame["mode"].tolist() == ["Leak", "Not known", "Not known"]


def test_without_an_other_class_the_unknown_one_stops_the_snapshot(places: Places) -> None:
    with pytest.raises(ContractError, match="'odd'"):
        prepare(make(), places, created=AT)
    assert not list(places.snapshots.rglob("*.parquet"))


def test_rows_of_the_date_at_the_border_are_all_tested() -> None:
    days = pd.to_datetime(["2024-01-01"] * 6 + ["2024-02-01"] * 3 + ["2024-03-01"])
    frame = pd.DataFrame({"row__": range(1, 11), "day": days, "mode": "Leak", BATCH: 0})
    timed = make().model_copy(
        update={"split": make().split.model_copy(update={"by": "time", "column": "day", "test": 0.2})}
    )
    sides = split(frame, timed)
    assert sides.train.tolist() == [0, 1, 2, 3, 4, 5]
    assert sides.test.tolist() == [6, 7, 8, 9]
