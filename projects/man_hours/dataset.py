"""A fleet's unscheduled events in Excel and its utilisation in CSV, as people send them. SYNTHETIC.

No public data of this kind exist. ``fleet.py`` draws the truth; here it is written down by hand. A file has
the headers, dates, decimals and encoding of its time, and a share of rows is blank, sent twice or written in
another way. What the hands do is drawn apart, and changes nothing of the truth.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import openpyxl  # type: ignore[import-untyped]
import pandas as pd
from openpyxl.writer.excel import ExcelWriter  # type: ignore[import-untyped]

from zelo.spec.code import load_function

T = TypeVar("T")
Row = dict[str, Any]

# Shares of cells written in another way than the file's, of rows that come again in the file or in the next
# one, and of rows with a blank one above.
BY_ANOTHER_HAND, REPEATED, SENT_AGAIN, BLANK = 0.06, 0.01, 0.02, 0.01
# Runs of weeks whose file was never sent, and how near to the ends of its part of the years a run may begin.
MISSING_WEEKS, FROM_THE_ENDS = (1, 2, 1), 10
NOTICE = "Dados SINTÉTICOS, gerados por projects/man_hours/dataset.py: não são de nenhuma frota real."
STAMP = datetime(2026, 1, 1)
FORMATS = {datetime: "dd/mm/yyyy hh:mm", time: "h:mm", timedelta: "[h]:mm"}
DATES = ("cell", "brazilian", "iso", "stamp")
HOURS = ("number", "clock", "time", "point", "comma")
ORIGINS = {
    "PILOT": ("PILOT", "Pilot", "Piloto", "PILOTO ", "piloto"),
    "CABIN": ("CABIN", "Cabin", "Cabine", "CABINE ", " cabine"),
    "MAINTENANCE": ("MAINTENANCE", "Manutenção", "MANUTENCAO", "manutenção "),
    "SCHEDULED": ("SCHEDULED", "Programada", "PROGRAMADA", "programada"),
}
STATIONS = ("São José", "Goiânia", "Belém")


@dataclass(frozen=True)
class Edition:
    """How files were filled in for some time: headers in their order, and the usual way to write a cell."""

    periods: int
    dates: str
    hours: str
    headers: Mapping[str, str]
    encoding: str = ""
    delimiter: str = ""
    by_origin: bool = False


def _headers(text: str) -> dict[str, str]:
    return dict(part.split("=") for part in text.split("|"))


# A week is a file.
EVENT_EDITIONS = (
    Edition(
        40, "cell", "number",
        _headers("order=OS|date=Data|acft=Matrícula|origin=Origem|ata=ATA|description=Descrição|HH=HH"),
    ),
    Edition(
        30, "brazilian", "clock",
        _headers("date=DATA DO EVENTO|order=Nº OS|acft=PREFIXO|station=BASE|origin=ORIGEM|HH=HORAS-HOMEM"
                 "|ata=CAP.|description=DESCRICAO"),
    ),
    Edition(
        34, "cell", "time", by_origin=True, headers=_headers(
            "acft=Aeronave|date=dt_evento|ata=Capítulo|description=Discrepância|HH=H/H|origin=origem"
            "|order=Ordem de Serviço"),
    ),
    Edition(
        30, "iso", "point",
        _headers("order=Work Order|date=Date|acft=Tail|ata=ATA Chapter|description=Description|origin=Origin"
                 "|HH=Man-Hours|station=Station"),
    ),
    Edition(
        99, "stamp", "comma",
        _headers("order=ordem|origin=Origem do Reporte|acft=matricula|date=Data da Abertura|HH=Horas Homem"
                 "|description=Descrição do evento|ata=ATA"),
    ),
)  # fmt: skip
# A month is a file.
FLIGHT_EDITIONS = (
    Edition(
        12, "brazilian", "comma", encoding="utf-8", delimiter=";", headers=_headers(
            "date=Data|acft=Matrícula|fleet=Frota|flight_hours=Horas voadas|cycles=Ciclos|age=Idade (anos)"),
    ),
    Edition(
        9, "brazilian", "comma", encoding="cp1252", delimiter=";", headers=_headers(
            "fleet=FROTA|acft=MATRÍCULA|date=DATA|cycles=POUSOS|flight_hours=HORAS DE VOO|age=IDADE"),
    ),
    Edition(
        8, "iso", "point", encoding="utf-8-sig", delimiter=",", headers=_headers(
            "date=date|fleet=fleet|acft=tail|age=age|flight_hours=flight hours|cycles=cycles"),
    ),
    Edition(
        99, "brazilian", "clock", encoding="iso-8859-1", delimiter=";", headers=_headers(
            "acft=Aeronave|fleet=Frota|date=Data|flight_hours=Horas|cycles=Ciclos|age=Idade|station=Operação"),
    ),
)  # fmt: skip


def generate_files(folder: Path, seed: int) -> None:
    """Write ``events_unscheduled/*.xlsx`` and ``aircraft_utilization/*.csv`` below ``folder``.

    The same seed writes the same bytes.
    """
    fleet = Path(__file__).with_name("fleet.py")
    flown = load_function(fleet, "utilization", "(seed: int) -> pandas.DataFrame")(seed)
    found = load_function(fleet, "events", "(flown: pandas.DataFrame, seed: int) -> pandas.DataFrame")(
        flown, seed
    )
    hands = np.random.default_rng([seed, 3])
    _write_events(folder / "events_unscheduled", found, flown["date"].min(), hands)
    _write_flights(folder / "aircraft_utilization", flown, hands)
    (folder / "LEIA-ME.txt").write_text(NOTICE + "\n", encoding="utf-8")


def _write_events(folder: Path, found: pd.DataFrame, start: pd.Timestamp, hands: np.random.Generator) -> None:
    folder.mkdir(parents=True)
    week = (found["date"] - start).dt.days // 7
    missing = _missing(int(week.max()), hands)
    before: list[Row] = []
    for number, rows in found.groupby(week):
        records = [] if number in missing else rows.to_dict("records")
        if records:
            again = [row for row in before if hands.random() < SENT_AGAIN]
            twice = [row for row in records if hands.random() < REPEATED]
            book = _book(_edition(EVENT_EDITIONS, number), [*again, *records, *twice], hands)
            _save(book, folder / (start + timedelta(weeks=number)).strftime("eventos_sinteticos_%G-S%V.xlsx"))
        before = records


def _missing(weeks: int, hands: np.random.Generator) -> set[int]:
    part = weeks // len(MISSING_WEEKS)
    starts = [
        place * part + int(hands.integers(FROM_THE_ENDS, part - FROM_THE_ENDS))
        for place in range(len(MISSING_WEEKS))
    ]
    return {start + more for start, run in zip(starts, MISSING_WEEKS, strict=True) for more in range(run)}


def _edition(editions: Sequence[Edition], number: int) -> Edition:
    ends = np.cumsum([edition.periods for edition in editions])
    return editions[int(np.searchsorted(ends, number, side="right"))]


def _book(edition: Edition, rows: list[Row], hands: np.random.Generator) -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    book.properties.title = "Eventos não programados (dados SINTÉTICOS)"
    book.properties.creator, book.properties.description = "projects/man_hours", NOTICE
    book.properties.created = book.properties.modified = STAMP
    sheets = {"Eventos (sintético)": rows}
    if edition.by_origin:
        cabin = [row for row in rows if row["origin"] == "CABIN"]
        others = [row for row in rows if row["origin"] != "CABIN"]
        sheets = {"Cabine (sintético)": cabin, "Demais (sintético)": others}
    book.remove(book.active)
    for title, part in sheets.items():
        sheet = book.create_sheet(title)
        sheet.append(list(edition.headers.values()))
        lines = _lines(edition, (_event(row, edition, hands) for row in part), hands)
        for number, cells in enumerate(lines, start=2):
            for place, value in enumerate(cells, start=1):
                cell = sheet.cell(number, place, value)
                if type(value) in FORMATS:
                    cell.number_format = FORMATS[type(value)]
    return book


def _save(book: openpyxl.Workbook, path: Path) -> None:
    """The workbook without the moment at which it was written, which would make equal files differ."""
    dated = io.BytesIO()
    ExcelWriter(book, zipfile.ZipFile(dated, "w")).save()
    with zipfile.ZipFile(dated) as parts, zipfile.ZipFile(path, "w") as undated:
        for part in parts.infolist():
            undated.writestr(zipfile.ZipInfo(part.filename), parts.read(part), zipfile.ZIP_DEFLATED)


def _write_flights(folder: Path, flown: pd.DataFrame, hands: np.random.Generator) -> None:
    folder.mkdir(parents=True)
    yesterday: list[Row] = []
    for number, (month, rows) in enumerate(flown.groupby(flown["date"].dt.strftime("%Y-%m"))):
        edition = _edition(FLIGHT_EDITIONS, number)
        records = rows.to_dict("records")
        twice = [row for row in records if hands.random() < REPEATED]
        flights = (_flight(row, edition, hands) for row in [*yesterday, *records, *twice])
        path = folder / f"utilizacao_sintetica_{month}.csv"
        with path.open("w", encoding=edition.encoding, newline="") as file:
            writer = csv.writer(file, delimiter=edition.delimiter)
            writer.writerow(edition.headers.values())
            writer.writerows(_lines(edition, flights, hands))
        # The month's last day is sent once more with the next month.
        last = rows["date"].max()
        yesterday = [row for row in records if row["date"] == last]


def _lines(edition: Edition, rows: Iterable[Row], hands: np.random.Generator) -> Iterator[list[Any]]:
    """The cells of each row in the order of the headers, with a blank row here and there."""
    for row in rows:
        if hands.random() < BLANK:
            yield [None] * len(edition.headers)
        yield [row[column] for column in edition.headers]


def _event(row: Row, edition: Edition, hands: np.random.Generator) -> Row:
    dates, hours = (
        _one(hands, every) if hands.random() < BY_ANOTHER_HAND else usual
        for every, usual in ((DATES, edition.dates), (HOURS, edition.hours))
    )
    return row | {
        "date": _date(row["date"].to_pydatetime(), dates, hands),
        "acft": _tail(row["acft"], hands),
        "origin": _one(hands, ORIGINS[row["origin"]]),
        "HH": _hours(row["HH"], hours),
        "station": _one(hands, STATIONS),
    }


def _flight(row: Row, edition: Edition, hands: np.random.Generator) -> Row:
    age = str(row["age"])
    return row | {
        "date": _date(row["date"].to_pydatetime(), edition.dates, hands),
        "acft": _tail(row["acft"], hands),
        "flight_hours": _hours(row["flight_hours"], edition.hours),
        "age": age if edition.hours == "point" else age.replace(".", ","),
        "station": _one(hands, STATIONS),
    }


def _tail(tail: str, hands: np.random.Generator) -> str:
    return tail.lower() + " " if hands.random() < BY_ANOTHER_HAND else tail


def _date(day: datetime, how: str, hands: np.random.Generator) -> datetime | str:
    if how == "brazilian":
        return day.strftime("%d/%m/%Y")
    if how == "iso":
        return day.date().isoformat()
    return day if how == "cell" else day + timedelta(minutes=int(hands.integers(5 * 60, 23 * 60)))


def _hours(hours: float, how: str) -> float | str | time | timedelta:
    minutes = round(hours * 60)
    # A clock in Excel ends at midnight: what lasts longer is written as a duration.
    clock = time(*divmod(minutes, 60)) if minutes < 24 * 60 else timedelta(minutes=minutes)
    written: dict[str, float | str | time | timedelta] = {
        "number": hours,
        "clock": f"{minutes // 60}:{minutes % 60:02d}",
        "time": clock,
        "point": str(hours),
        "comma": str(hours).replace(".", ","),
    }
    return written[how]


def _one(random: np.random.Generator, choices: Sequence[T]) -> T:
    return choices[int(random.integers(len(choices)))]
