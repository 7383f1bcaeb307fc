from __future__ import annotations

import datetime as dt
import gzip
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from zelo.data.reading import read_table
from zelo.errors import ContractError, SourceError
from zelo.spec.project import Source


def read(path: Path, **source: Any) -> pd.DataFrame:
    return read_table(path, Source(file=path.name, **source)).order_by("row__").to_pandas()


def cells(frame: pd.DataFrame) -> list[list[str | None]]:
    texts = frame.drop(columns="row__").astype(object)
    return texts.where(texts.notna(), None).to_numpy().tolist()


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    path = write(tmp_path / "a.csv", "a;b,c\n1;2,3\n".replace(";", delimiter).replace(",", delimiter))
    assert cells(read(path)) == [["1", "2", "3"]]


def test_a_decimal_comma_is_not_taken_for_the_delimiter(tmp_path: Path) -> None:
    assert cells(read(write(tmp_path / "a.csv", "a;b\n1,5;2,5\n3,25;4,75\n"))) == [
        ["1,5", "2,5"],
        ["3,25", "4,75"],
    ]


def test_cells_are_trimmed_text_and_empty_ones_are_null(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'a,b\n  x , \n"",007\nNA,"two\nlines"\n')
    assert cells(read(path)) == [["x", None], [None, "007"], ["NA", "two\nlines"]]
    assert cells(read(path, nulls=["NA"]))[2] == [None, "two\nlines"]


def test_spaces_of_every_script_are_trimmed_and_no_other_character(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "a,b\n\u00a0x\u3000,\u2003\t\n\u200bx\x1f,\ufeff\n")
    assert cells(read(path)) == [["x", None], ["\u200bx\x1f", "\ufeff"]]


def test_a_byte_order_mark_and_windows_line_ends_are_no_data(tmp_path: Path) -> None:
    frame = read(write(tmp_path / "a.csv", b"\xef\xbb\xbfa,b\r\n1,2\r\n"))
    assert list(frame.columns) == ["row__", "a", "b"]
    assert cells(frame) == [["1", "2"]]


def test_gzip_is_read_as_what_it_holds(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv.gz", gzip.compress(b"a,b\n1,2\n"))
    assert cells(read(path)) == [["1", "2"]]


def test_a_gzip_cut_short_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv.gz", gzip.compress(b"a,b\n1,2\n" * 100)[:-20])
    with pytest.raises(SourceError, match=r"a\.csv\.gz") as caught:
        read(path)
    assert "cut short" in caught.value.hint


def test_a_wrong_encoding_names_the_byte_and_the_way_out(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "a,b\n1,x\n2,Não\n".encode("latin-1"))
    with pytest.raises(SourceError) as caught:
        read(path)
    assert caught.value.where.endswith("a.csv:3")
    assert caught.value.found == "byte 0xe3 at position 11 (line 3)"
    assert "set encoding: latin-1" in caught.value.hint
    assert cells(read(path, encoding="latin-1")) == [["1", "x"], ["2", "Não"]]


def test_utf_16_is_suggested_where_its_mark_is_seen(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "a,b\n1,2\n".encode("utf-16"))
    with pytest.raises(SourceError, match="set encoding: utf-16"):
        read(path)
    assert cells(read(path, encoding="utf-16")) == [["1", "2"]]


def test_an_unknown_encoding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="latin-one"):
        read(write(tmp_path / "a.csv", "a\n1\n"), encoding="latin-one")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("", "the file is empty"),
        (" \n\n", "the file is empty"),
        ("a,b\n", "the file holds no rows"),
        ("a,b", "the file holds no rows"),
    ],
)
def test_nothing_to_read_is_an_error(tmp_path: Path, content: str, what: str) -> None:
    with pytest.raises(SourceError, match=what):
        read(write(tmp_path / "a.csv", content))


def test_every_ragged_row_is_reported_with_its_number(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'a,b\n1,2\n\n3\n4,5,6\n"x,y",8\n')
    with pytest.raises(ContractError) as caught:
        read(path)
    assert [(bad.row, bad.found) for bad in caught.value.bad_rows] == [
        (2, "1 cells: 3"),
        (3, "3 cells: 4,5,6"),
    ]
    assert caught.value.bad_rows[0].expected.startswith("2 cells")


def test_columns_of_one_name_get_their_place(tmp_path: Path) -> None:
    frame = read(write(tmp_path / "a.csv", "a,b,A,,row__\n1,2,3,4,5\n"))
    assert list(frame.columns) == ["row__", "a (1)", "b", "A (2)", "column 4", "row__ (1)"]
    assert cells(frame) == [["1", "2", "3", "4", "5"]]


def test_a_nul_is_no_text(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"NUL at character 6 \(line 2\)"):
        read(write(tmp_path / "a.csv", "a,b\n1,\0\n"))
    with pytest.raises(SourceError, match="set encoding: utf-16"):
        read(write(tmp_path / "b.csv", "a,b\n1,2\n".encode("utf-16-le")))


def test_a_folder_a_missing_file_and_a_strange_kind_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").mkdir()
    with pytest.raises(SourceError, match="a folder is in the place of a file"):
        read(tmp_path / "a.csv")
    with pytest.raises(SourceError, match="the file cannot be read"):
        read(tmp_path / "b.csv")
    with pytest.raises(SourceError, match=r"found: \.pdf"):
        read(write(tmp_path / "c.pdf", "a\n1\n"))


def test_a_delimiter_of_two_characters_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="not one character"):
        read(write(tmp_path / "a.csv", "a||b\n1||2\n"), delimiter="||")


def test_a_text_of_three_megabytes_is_one_cell(tmp_path: Path) -> None:
    long = "x" * 3_000_000
    assert cells(read(write(tmp_path / "a.csv", f"a,b\n1,{long}\n"))) == [["1", long]]


def test_where_keeps_rows_and_their_numbers(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "Type,x\nM,1\nL,2\nH,3\nL,4\n")
    frame = read(path, where={"Type": "L"})
    assert frame["row__"].tolist() == [2, 4]
    with pytest.raises(SourceError, match="did you mean 'Type'"):
        read(path, where={"type": "L"})
    with pytest.raises(SourceError, match="found: Type: H, L, M"):
        read(path, where={"Type": "Q"})


def test_parquet_values_become_the_text_that_a_csv_would_hold(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pd.DataFrame(
        {
            "n": [1.5, float("nan")],
            "i": [1, 2],
            "t": ["x", None],
            "d": pd.to_datetime(["2024-01-31", "2024-02-01"]),
            "b": [True, False],
            "c": pd.Categorical(["u", "v"]),
        }
    ).to_parquet(path)
    rows = cells(read(path))
    assert rows[0][:3] == ["1.5", "1", "x"]
    assert rows[1][:3] == [None, "2", None]
    assert str(rows[0][3]).startswith("2024-01-31")
    assert rows[0][4:] == ["true", "u"]
    assert cells(read(path, decimal=","))[0][0] == "1,5"


def test_a_parquet_cut_short_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pd.DataFrame({"a": [1]}).to_parquet(path)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(SourceError, match="cannot be read as a table"):
        read(path)


def test_nested_parquet_columns_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pd.DataFrame({"a": [[1, 2], [3]]}).to_parquet(path)
    with pytest.raises(SourceError, match="nested"):
        read(path)


def test_excel_cells_become_text_and_blank_rows_keep_the_count(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in [("a", "b", "d"), (1, 1.5, dt.datetime(2024, 1, 31)), (), (True, "x", None)]:
        sheet.append(row)
    book.save(path)
    frame = read(path)
    assert frame["row__"].tolist() == [1, 3]
    assert cells(frame) == [["1", "1.5", "2024-01-31 00:00:00"], ["true", "x", None]]


def test_what_is_no_workbook_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no valid Excel"):
        read(write(tmp_path / "a.xlsx", "a,b\n1,2\n"))
