"""Files as people make them: what is read of each, and what is said of those that cannot be read."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from tests.data.pipeline.raw_files import (
    EVENTS,
    events_of,
    make_project,
    write_excel,
    write_hangar,
    write_text,
)

from zelo.data.pipeline.faults import Fault
from zelo.data.pipeline.ingest import Ingested, ingest
from zelo.data.pipeline.raw import find_raw
from zelo.errors import PipelineError

USE = "Data;Matrícula;Horas voadas\n01/01/2024;PR-AÇA;2,5\n02/01/2024;PR-AÇB;3:15\n"
CELLS = [("01/01/2024", "PR-AÇA", "2,5"), ("02/01/2024", "PR-AÇB", "3:15")]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """One week's workbook and one CSV."""
    return write_hangar(tmp_path / "project" / "data" / "raw", weeks=1)


def staged(root: Path, **changes: Any) -> Ingested:
    project = make_project(**changes)
    assert project.pipeline is not None
    folder = root.parents[1]
    raw = find_raw(project, folder=folder, data_dir=None, downloads=folder / "downloads")
    return ingest(project.pipeline, raw, folder / "work", progress=lambda *_: None)


def rows(found: Ingested, table: str) -> list[dict[str, Any]]:
    return [row for path in found.staged[table] for row in pq.read_table(path).to_pylist()]


def use(root: Path, text: str, encoding: str = "utf-8") -> list[dict[str, Any]]:
    write_text(root / "use" / "use.csv", text, encoding)
    return rows(staged(root), "use")


def events(root: Path, *table: Any, title: str = "Eventos") -> list[dict[str, Any]]:
    write_excel(root / "events" / "week00.xlsx", {title: table})
    return rows(staged(root), "events")


def faults(root: Path) -> tuple[Fault, ...]:
    with pytest.raises(PipelineError) as refused:
        staged(root)
    return refused.value.faults


def test_cells_are_text_with_the_place_they_came_from(root: Path) -> None:
    found = rows(staged(root), "events")
    assert found[1] == {
        "date": "2024-01-04 00:00:00",
        "acft": "PR-AAB",
        "origin": "Cabin",
        "HH": "1",
        "note": "lâmpada",
        "file__": "events/week00.xlsx",
        "sheet__": "Eventos",
        "row__": 3,
    }
    assert [row["row__"] for row in found] == [2, 3, 4]
    assert found[0]["note"] is None


def test_what_was_read_is_told(root: Path) -> None:
    found = staged(root)
    assert [(read.file.name, read.rows, read.encoding, read.sheets) for read in found.files] == [
        ("events/week00.xlsx", 3, None, {"Eventos": 3}),
        ("use/use.csv", 16, "cp1252", {}),
    ]
    assert found.notes == ()


@pytest.mark.parametrize(
    ("encoding", "named"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("cp1252", "cp1252"), ("latin-1", "cp1252"),
     ("utf-16", "utf-16")],
)  # fmt: skip
def test_encodings_are_found(root: Path, encoding: str, named: str) -> None:
    found = use(root, USE, encoding)
    assert [(row["date"], row["acft"], row["hours"]) for row in found] == CELLS
    assert staged(root).files[1].encoding == named


def test_a_big_endian_utf_16(root: Path) -> None:
    (root / "use" / "use.csv").write_bytes(b"\xfe\xff" + USE.encode("utf-16-be"))
    assert [row["acft"] for row in rows(staged(root), "use")] == ["PR-AÇA", "PR-AÇB"]


def test_what_windows_1252_lacks_is_latin_1(root: Path) -> None:
    use(root, USE.replace("PR-AÇB", "PR\x81"), "latin-1")
    assert staged(root).files[1].encoding == "latin-1"


def test_a_file_in_two_encodings_is_refused(root: Path) -> None:
    path = root / "use" / "use.csv"
    path.write_bytes(USE.encode() + "03/01/2024;PR-AÇC;1\n".encode("cp1252") + "04/01/2024;João;1\n".encode())
    (fault,) = faults(root)
    assert (fault.file, fault.row, fault.found) == (
        "use/use.csv", "4", "a byte that is no UTF-8, in a file that is UTF-8 elsewhere",
    )  # fmt: skip


@pytest.mark.parametrize("delimiter", [";", "\t", "|", ","])
def test_delimiters_are_found(root: Path, delimiter: str) -> None:
    found = use(root, USE.replace("2,5", "2.5").replace(";", delimiter))
    assert [(row["acft"], row["hours"]) for row in found] == [("PR-AÇA", "2.5"), ("PR-AÇB", "3:15")]


def test_reordered_renamed_and_other_columns(root: Path) -> None:
    text = "HORAS  VOADAS;Piloto;matricula;DATA\n2,5;Ana;PR-AÇA;01/01/2024\n"
    assert [(row["date"], row["acft"], row["hours"]) for row in use(root, text)] == CELLS[:1]
    found = events(
        root, ("H.H.", "PREFIXO", "dt do evento", "Turno", "origem"), (2, "PR-AAA", "x", "N", "PILOT")
    )
    assert [(row["HH"], row["acft"], row["date"], row["note"]) for row in found] == [
        ("2", "PR-AAA", "x", None)
    ]


def test_cells_are_trimmed_and_empty_ones_are_missing(root: Path) -> None:
    (row,) = use(root, 'Data;Matrícula;Horas voadas\n  01/01/2024\u00a0;"   ";"" \n')
    assert (row["date"], row["acft"], row["hours"]) == ("01/01/2024", None, None)


def test_rows_keep_the_number_that_a_spreadsheet_shows(root: Path) -> None:
    text = (
        "Relatório de utilização\n\nData;Matrícula;Horas voadas\n01/01/2024;A;1\n\n;;\n   \n"
        '02/01/2024;"B\nb";2\n03/01/2024;C;3'
    )
    assert [(row["acft"], row["row__"]) for row in use(root, text)] == [("A", 4), ("B\nb", 8), ("C", 9)]


def test_a_title_above_the_header_and_gaps_between_rows(root: Path) -> None:
    found = events(
        root, ("Eventos não programados",), (), EVENTS, *events_of(0)[1:2], (), (" ",), events_of(0)[2]
    )
    assert [(row["acft"], row["row__"]) for row in found] == [("PR-AAA", 4), ("PR-AAB", 7)]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (2.5, "2.5"),
        (0.1 + 0.2, "0.3"),
        (3.0, "3"),
        # Three decimals could be read as thousands.
        (1.234, "1.2340"),
        (1 / 3, "0.3333333333333333"),
        (True, "true"),
        ("#N/A", "#N/A"),
        ((dt.time(1, 30), "h:mm"), "1:30"),
        ((dt.time(1, 30, 20), "h:mm:ss"), "1:30:20"),
        ((dt.timedelta(hours=25, minutes=15), "[h]:mm"), "25:15"),
        ((dt.timedelta(hours=5000, minutes=1), "[h]:mm"), "5000:01"),
        ((0, "h:mm"), "0:00"),
        # 25:30 under a format that shows 1:30.
        ((1.0625, "h:mm"), "25:30"),
        ((75.5, "h:mm"), "1812:00"),
    ],
)
def test_cells_of_a_workbook_as_somebody_would_have_typed_them(root: Path, cell: Any, text: str) -> None:
    (row,) = events(root, EVENTS, (dt.date(2024, 1, 1), "PR-AAA", "PILOT", cell))
    assert row["HH"] == text


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (dt.datetime(2024, 5, 31, 13, 45), "2024-05-31 13:45:00"),
        ((dt.datetime(2024, 5, 31), "dd/mm/yyyy"), "2024-05-31 00:00:00"),
        ("31/05/2024", "31/05/2024"),
    ],
)
def test_dates_of_a_workbook(root: Path, cell: Any, text: str) -> None:
    (row,) = events(root, EVENTS, (cell, "PR-AAA", "PILOT", 1))
    assert row["date"] == text


def test_every_sheet_with_the_header_is_read_and_others_are_noted(root: Path) -> None:
    sheets = {
        "Resumo": [("Mês", "Total"), ("jan", 3)],
        "Janeiro": events_of(0),
        "Fevereiro": events_of(5),
        "Dezembro": [EVENTS],
        "Vazia": [],
    }
    write_excel(root / "events" / "week00.xlsx", sheets)
    found = staged(root)
    assert [row["sheet__"] for row in rows(found, "events")] == ["Janeiro"] * 3 + ["Fevereiro"] * 3
    assert found.files[0].sheets == {
        "Resumo": None,
        "Janeiro": 3,
        "Fevereiro": 3,
        "Dezembro": 0,
        "Vazia": None,
    }
    assert found.notes == (
        "not read, without the table's columns: events/week00.xlsx [Resumo], events/week00.xlsx [Vazia]",
        "read, without a row: events/week00.xlsx [Dezembro]",
    )


def test_a_size_that_a_workbook_tells_wrongly_is_not_believed(root: Path) -> None:
    path = root / "events" / "week00.xlsx"
    _change_member(path, "xl/worksheets/sheet1.xml", b'<dimension ref="A1:E4"', b'<dimension ref="A1:A1"')
    assert len(rows(staged(root), "events")) == 3


def test_locks_and_files_of_no_table_are_noted_and_not_read(root: Path) -> None:
    (root / "events" / "~$week00.xlsx").write_bytes(b"Ana")
    (root / "use" / "._use.csv").write_bytes(b"\0")
    (root / "use" / "old.xls").write_bytes(b"")
    (root / "use" / "notes.md").write_bytes(b"")
    assert staged(root).notes == (
        "not read, a lock or hidden file: events/~$week00.xlsx, use/._use.csv",
        "not read, the file of no table: use/old.xls",
    )


def test_a_name_in_capitals_is_the_same_kind_of_file(root: Path) -> None:
    (root / "use" / "use.csv").rename(root / "use" / "USE.CSV")
    assert len(rows(staged(root), "use")) == 16


def test_a_missing_column_names_the_headers_and_one_that_is_close(root: Path) -> None:
    write_excel(
        root / "events" / "week00.xlsx", {"Maio": [("Data", "Matrícla", "Origem", "HH"), (1, 2, 3, 4)]}
    )
    write_text(root / "use" / "use.csv", "Data;Horas voadas\n01/01/2024;1\n")
    assert faults(root) == (
        Fault(
            "events/week00.xlsx", "Maio", "1", "acft", "columns Data, Matrícla, Origem, HH",
            "a column 'acft' or 'Matrícula' or 'Prefixo'; did you mean 'Matrícla'?",
        ),
        Fault(
            "use/use.csv", "", "1", "acft", "columns Data, Horas voadas", "a column 'acft' or 'Matrícula'",
        ),
    )  # fmt: skip


def test_a_workbook_without_any_sheet_of_the_table(root: Path) -> None:
    write_excel(root / "events" / "week00.xlsx", {"A": [("Mês", "Total")], "B": [("Data", "Total")]})
    found = faults(root)
    assert {(fault.sheet, fault.found) for fault in found} == {("B", "columns Data, Total")}
    assert [fault.column for fault in found] == ["acft", "origin", "HH"]


def test_two_headers_for_one_column(root: Path) -> None:
    write_text(root / "use" / "use.csv", "Data;data;Matrícula;hours\n01/01/2024;02/01/2024;A;1\n")
    assert faults(root) == (
        Fault(
            "use/use.csv", "", "1", "date", "'Data' (column 1) and 'data' (column 2)", "one column for date",
        ),
    )  # fmt: skip


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b" \n\n", b"\xff\xfe"])
def test_an_empty_file(root: Path, content: bytes) -> None:
    (root / "use" / "use.csv").write_bytes(content)
    (fault,) = faults(root)
    assert (fault.file, fault.column) == ("use/use.csv", "(the file)")
    assert fault.found == f"{len(content)} bytes and no text"


@pytest.mark.parametrize("end", ["", "\n"])
def test_a_header_alone_is_noted(root: Path, end: str) -> None:
    assert use(root, f"Data;Matrícula;Horas voadas{end}") == []
    assert staged(root).notes == ("read, without a row: use/use.csv",)


def test_rows_with_more_or_fewer_cells_than_the_header(root: Path) -> None:
    write_text(root / "use" / "use.csv", f"{USE}03/01/2024;A\n04/01/2024;A;1;2\n05/01/2024;A;1\n")
    found = faults(root)
    assert [(fault.row, fault.column, fault.found) for fault in found] == [
        ("4", "(the row)", "2 cells: 03/01/2024;A"),
        ("5", "(the row)", "4 cells: 04/01/2024;A;1;2"),
    ]
    assert "3 cells, as in the header" in found[0].expected


def test_where_every_row_is_ragged_not_every_row_is_told(root: Path) -> None:
    write_text(root / "use" / "use.csv", "Data,Matrícula,Horas voadas\n" + "01/01/2024,A,1,5\n" * 200_000)
    assert len(faults(root)) == 100


@pytest.mark.parametrize("tail", ["", "03/01/2024;C;1\n", "03/01/2024;C;1\n" * 20_000])
def test_a_quote_that_is_never_closed(root: Path, tail: str) -> None:
    write_text(root / "use" / "use.csv", f'{USE}03/01/2024;B;"1\n{tail}')
    (fault,) = faults(root)
    assert (fault.file, fault.row, fault.found) == (
        "use/use.csv", "4", "a quote that is opened and not closed",
    )  # fmt: skip


def test_a_quote_within_a_cell_is_no_fault(root: Path) -> None:
    found = use(root, 'Data;Matrícula;Horas voadas;Tubo\n01/01/2024;A;1;de 5" só\n')
    assert [row["acft"] for row in found] == ["A"]


def test_a_nul_is_no_text(root: Path) -> None:
    write_text(root / "use" / "use.csv", f"{USE}\0")
    (fault,) = faults(root)
    assert (fault.row, fault.found) == ("4", "a NUL, which no text has")


def test_an_old_xls_and_a_kind_that_nobody_reads(root: Path) -> None:
    (root / "events" / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0 and so on")
    (root / "events" / "renamed.xlsx").write_bytes(b"\xd0\xcf\x11\xe0 and so on")
    assert [(fault.file, fault.found, fault.expected) for fault in faults(root)] == [
        ("events/old.xls", ".xls", "one of .csv, .tsv, .txt, .xlsx, .xlsm: save it so"),
        (
            "events/renamed.xlsx",
            "an old .xls, or a workbook with a password",
            "an .xlsx without a password: open it in Excel and save it so",
        ),
    ]


DAMAGE = {
    "cut short": lambda data: data[: len(data) // 2],
    "no workbook": lambda _: b"Data;HH",
    "empty": lambda _: b"",
    "garbled": lambda data: data[:200] + bytes(byte ^ 255 for byte in data[200:-2000]) + data[-2000:],
}


@pytest.mark.slow  # fifty workbooks, four times
@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_workbooks_among_fifty_are_named(tmp_path: Path, damage: str) -> None:
    root = write_hangar(tmp_path / "project" / "data" / "raw", weeks=50)
    for name in ("week17.xlsx", "week31.xlsx"):
        path = root / "events" / name
        path.write_bytes(DAMAGE[damage](path.read_bytes()))
        named = [fault.file for fault in faults(root)]
        assert named[-1] == f"events/{name}"
    assert named == ["events/week17.xlsx", "events/week31.xlsx"]
    with pytest.raises(PipelineError, match="2 of 51 files cannot be used"):
        staged(root)


def test_damage_inside_a_workbook(root: Path) -> None:
    path = root / "events" / "week00.xlsx"
    _change_member(path, "xl/worksheets/sheet1.xml", b"</sheetData>", b"</sheetDat>")
    (fault,) = faults(root)
    assert (fault.file, fault.sheet) == ("events/week00.xlsx", "Eventos")
    assert fault.found.startswith("no whole workbook (ParseError")


def test_a_file_that_changes_while_it_is_read(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "zelo.data.pipeline.raw.stamp_of", lambda path, seen=[]: (seen.append(path), len(seen))
    )
    with pytest.raises(PipelineError, match="it changed while it was read"):
        staged(root)


MEASURE = """
import sys
from tests.data.pipeline.test_ingest import Path, rows, staged
from zelo.data.pipeline import raw_csv

def peak():
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])

raw_csv.BLOCK = 1 << 18
before = peak()
found = staged(Path(sys.argv[1]))
print(found.files[1].rows, (peak() - before) // 1024)
"""


@pytest.mark.slow  # a million rows, then three, each read by a process of its own
@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
def test_memory_does_not_grow_with_the_file(root: Path) -> None:
    path, grown = root / "use" / "use.csv", {}
    rows = "".join(f"01/01/2024;PR-{number:07d};{number % 24},25\n" for number in range(1_000_000))
    for millions in (1, 3):
        write_text(path, f"Data;Matrícula;Horas voadas\n{rows * millions}")
        done = subprocess.run(
            [sys.executable, "-c", MEASURE, root], capture_output=True, text=True, check=True, cwd=Path.cwd()
        )
        read, grown[millions] = map(int, done.stdout.split())
        assert read == millions * 1_000_000
    assert path.stat().st_size > 80_000_000
    assert grown[3] < 1.2 * grown[1] < 80, grown


def _change_member(path: Path, member: str, old: bytes, new: bytes) -> None:
    with zipfile.ZipFile(path) as book:
        members = {name: book.read(name) for name in book.namelist()}
    assert old in members[member]
    members[member] = members[member].replace(old, new)
    with zipfile.ZipFile(path, "w") as book:
        for name, content in members.items():
            book.writestr(name, content)
