from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.postgres import postgres

from zelo.errors import LedgerError
from zelo.ledger import journal
from zelo.ledger.journal import ROWS_AT_ONCE
from zelo.ledger.records import PredictionRecord, ShadowRecord, new_id
from zelo.ledger.schema import metadata
from zelo.ledger.store import Ledger

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
SETTLERS = 2
SETTLE = """
import sys
from zelo.ledger.store import Ledger
with Ledger.open(sys.argv[1]) as ledger:
    while ledger.waiting().rows:
        ledger.settle()
"""


def record(place: int = 0, **changes: Any) -> PredictionRecord:
    return PredictionRecord(new_id(), "p", "1", START, {"x": place}, {"score": 0.5}, 0.5)._replace(**changes)


def shadow(of: PredictionRecord) -> ShadowRecord:
    return ShadowRecord(of.id, of.project, "2", of.at, {"score": 0.25}, 0.25)


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with postgres() as server:
        yield server.database("journal")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """Of an empty ledger, of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    found = str(request.getfixturevalue("database"))
    with Ledger.open(found) as ledger, ledger.writing() as connection:
        connection.exec_driver_sql(f"TRUNCATE {', '.join(metadata.tables)}")
    return found


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    with Ledger.open(url) as opened:
        yield opened


def tables(ledger: Ledger) -> tuple[int, int]:
    """Rows of predictions and of shadows, as they are: nothing is settled for it."""
    with ledger.reading() as connection:
        count = [connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one() for name in NAMES]
    return count[0], count[1]


NAMES = ("predictions", "shadows")


def test_an_answer_waits_in_the_journal_and_is_found_there(ledger: Ledger) -> None:
    written = record(at=START.replace(microsecond=1), inputs={"é": [0.1, 1e-7, None, True]}, entity="ana")

    ledger.record_predictions([written, record()], [shadow(written)])

    assert tables(ledger) == (0, 0)
    assert ledger.prediction(written.id) == written
    assert ledger.prediction(new_id()) is None
    assert ledger.waiting().rows == 3
    ledger.settle()
    assert tables(ledger) == (2, 1)
    assert (ledger.waiting().rows, ledger.waiting().since) == (0, None)
    assert ledger.prediction(written.id) == written


def test_who_reads_answers_settles_first(ledger: Ledger) -> None:
    some = [record(place) for place in range(3 * ROWS_AT_ONCE + 1)]
    ledger.record_predictions(some, [shadow(one) for one in some])
    assert tables(ledger) == (0, 0)

    assert ledger.predictions("p", order="oldest") == some

    assert tables(ledger) == (len(some), len(some))


def test_each_entry_is_moved_once_whoever_settles(ledger: Ledger, url: str) -> None:
    some = [record(place) for place in range(20 * ROWS_AT_ONCE)]
    for start in range(0, len(some), 40):
        ledger.record_predictions(some[start : start + 40])
    settlers = [
        subprocess.Popen([sys.executable, "-c", SETTLE, url], stderr=subprocess.PIPE) for _ in range(SETTLERS)
    ]

    more = [record(place) for place in range(30)]
    for one in more:
        ledger.record_predictions([one])
        assert ledger.predictions("p", order="newest", limit=1)

    for settler in settlers:
        _, errors = settler.communicate(timeout=60)
        assert settler.returncode == 0, errors.decode()
    assert {one.id for one in ledger.predictions("p")} == {one.id for one in some + more}
    assert ledger.waiting().set_aside == 0


def test_threads_that_append_read_and_settle(ledger: Ledger) -> None:
    wrong: list[str] = []

    def append() -> None:
        for place in range(40):
            one = record(place)
            ledger.record_predictions([one])
            if not any(found.id == one.id for found in ledger.predictions("p", limit=1000)):
                wrong.append(one.id)

    threads = [threading.Thread(target=append) for _ in range(3)]
    threads += [threading.Thread(target=ledger.settle) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
    assert ledger.count("p") == 120


def test_what_cannot_be_moved_is_set_aside_and_the_others_are_not(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    first, last, twice = record(), record(), record()
    ledger.record_predictions([first])
    ledger.record_predictions([record()])
    with ledger.writing() as connection:
        connection.exec_driver_sql(
            "UPDATE journal SET content = substr(content, 1, 9) WHERE rows = 1 AND id = "
            "(SELECT max(id) FROM journal)"
        )
    ledger.record_predictions([twice])
    ledger.record_predictions([record(), twice])
    ledger.record_predictions([last])

    assert {one.id for one in ledger.predictions("p")} == {first.id, twice.id, last.id}

    assert ledger.waiting().set_aside == 2
    assert ledger.waiting().rows == 0
    assert "cannot be moved and is set aside" in caplog.text
    with ledger.reading() as connection:
        faults = connection.exec_driver_sql("SELECT fault FROM journal ORDER BY id").scalars().all()
    assert "EOF" in faults[0]
    assert "nique" in faults[1].replace("UNIQUE", "unique")


def test_a_full_journal_takes_no_more_until_it_is_settled(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "MOST_ROWS", 10)
    ledger.record_predictions([record() for _ in range(8)])

    with pytest.raises(LedgerError, match="journal is full") as caught:
        ledger.record_predictions([record() for _ in range(3)])

    assert caught.value.found.startswith("8 rows")
    assert ledger.waiting().rows == 8
    ledger.settle()
    ledger.record_predictions([record() for _ in range(3)])
    assert ledger.count("p") == 11


def test_a_record_that_is_no_json_leaves_nothing(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="no JSON"):
        ledger.record_predictions([record(), record(inputs={"x": object()})])

    assert ledger.waiting().rows == 0


def test_a_reader_waits_for_the_lock_and_an_answer_by_its_id_does_not(tmp_path: Path) -> None:
    path, written = tmp_path / "a.db", record()
    other = sqlite3.connect(path, isolation_level=None)
    with Ledger.open(f"sqlite:///{path}", busy_timeout=0.05) as ledger:
        ledger.record_predictions([written])
        other.execute("BEGIN IMMEDIATE")

        assert ledger.prediction(written.id) == written
        with pytest.raises(LedgerError, match="the ledger is locked"):
            ledger.count("p")

        other.execute("ROLLBACK")
        assert ledger.count("p") == 1
    other.close()


def test_the_log_of_sqlite_does_not_grow_while_another_process_goes_on_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "_ROWS_A_CHECKPOINT", 50)
    monkeypatch.setattr(journal, "_LONG_LOG", 400)
    path = tmp_path / "a.db"
    checkpoint = journal.checkpoint

    def disturbed(engine: Any, *, alone: bool = False) -> tuple[int, int]:
        pages, copied = checkpoint(engine, alone=alone)
        with Ledger.open(f"sqlite:///{path}") as other:
            other.record_predictions([record()])
        # As where another process has written while the log was copied.
        return (pages, copied) if alone else (pages, copied - 1)

    monkeypatch.setattr(journal, "checkpoint", disturbed)
    with Ledger.open(f"sqlite:///{path}") as ledger:
        sizes = []
        for _ in range(8):
            ledger.record_predictions([record() for _ in range(200)])
            ledger.predictions("p", limit=1)
            sizes.append(Path(f"{path}-wal").stat().st_size)

    assert sizes[-1] < 1.5 * sizes[3]
