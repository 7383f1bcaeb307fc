from __future__ import annotations

import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import zelo.ledger.engine
from zelo.errors import LedgerError
from zelo.ledger.engine import HEAD
from zelo.ledger.records import PredictionRecord, new_id
from zelo.ledger.schema import metadata
from zelo.ledger.store import Ledger

OPEN_AND_WRITE = """
import sys
from zelo.ledger.records import PredictionRecord, new_id, utc_now
from zelo.ledger.store import Ledger
with Ledger.open(sys.argv[1]) as ledger:
    for _ in range(20):
        ledger.record_predictions([PredictionRecord(new_id(), "p", "1", utc_now(), {}, {})])
"""


def record() -> PredictionRecord:
    return PredictionRecord(new_id(), "p", "1", datetime(2026, 1, 1, tzinfo=UTC), {"text": "x" * 2000}, {})


def url(path: Path) -> str:
    return f"sqlite:///{path}"


def test_migrations_make_the_tables_that_the_code_knows(tmp_path: Path) -> None:
    with Ledger.open(url(tmp_path / "a.db")) as ledger, ledger.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        assert ledger.revision() == HEAD


def test_head_is_the_last_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(zelo.ledger.engine.__file__).with_name("migrations")))
    config.set_main_option("path_separator", "os")

    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_every_commit_reaches_the_disk(tmp_path: Path) -> None:
    with Ledger.open(url(tmp_path / "a.db")) as ledger, ledger.engine.connect() as connection:
        settings = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        ]

    assert settings == ["wal", 2, 5000, 1]


def test_a_second_opening_finds_what_the_first_wrote(tmp_path: Path) -> None:
    written = record()
    with Ledger.open(url(tmp_path / "deep" / "a.db")) as ledger:
        ledger.record_predictions([written])

    with Ledger.open(url(tmp_path / "deep" / "a.db")) as ledger:
        assert ledger.prediction(written.id) == written


def test_processes_that_start_together_take_turns(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    processes = [
        subprocess.Popen([sys.executable, "-c", OPEN_AND_WRITE, url(path)], stderr=subprocess.PIPE)
        for _ in range(3)
    ]

    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors.decode()
    with Ledger.open(url(path)) as ledger:
        assert ledger.count("p") == 60


def test_a_locked_ledger_says_so_and_recovers(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    other = sqlite3.connect(path, isolation_level=None)
    with Ledger.open(url(path), busy_timeout=0.05) as ledger:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerError, match="the ledger is locked") as caught:
            ledger.record_predictions([record()])
        assert ledger.count("p") == 0
        other.execute("ROLLBACK")

        ledger.record_predictions([record()])

        assert ledger.count("p") == 1
    other.close()
    assert caught.value.where == str(path)
    assert caught.value.expected == "the write lock within 0.05 s"
    assert "nothing was written" in caught.value.hint


def test_a_ledger_that_another_writes_to_is_opened_and_read(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    written = record()
    with Ledger.open(url(path)) as ledger:
        ledger.record_predictions([written])
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with Ledger.open(url(path), busy_timeout=0.05) as ledger:
        assert ledger.prediction(written.id) == written

    other.execute("ROLLBACK")
    other.close()


def test_a_full_disk_says_so_and_recovers(tmp_path: Path) -> None:
    with Ledger.open(url(tmp_path / "a.db")) as ledger:
        limit = {"pages": 1}
        sa.event.listen(
            ledger.engine,
            "begin",
            lambda connection: connection.exec_driver_sql(f"PRAGMA max_page_count = {limit['pages']}"),
        )
        with pytest.raises(LedgerError, match="the disk is full") as caught:
            ledger.record_predictions([record() for _ in range(100)])
        limit["pages"] = 1_000_000
        assert ledger.count("p") == 0

        ledger.record_predictions([record()])

        assert ledger.count("p") == 1
    assert "make room" in caught.value.hint


def test_a_file_that_is_no_ledger(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(b"no database" * 500)

    with pytest.raises(LedgerError, match="damaged or no ledger"):
        Ledger.open(url(path))
    assert path.read_bytes() == b"no database" * 500


def test_a_folder_instead_of_a_file(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="cannot be opened"):
        Ledger.open(url(tmp_path))


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(LedgerError, match="folder cannot be made"):
        Ledger.open(url(tmp_path / "file" / "below" / "a.db"))


@pytest.mark.parametrize("wrong", ["ledger.db", "oracle9://x/y", "postgresql+nodriver://a:secret@b/c"])
def test_a_url_that_is_not_understood(wrong: str) -> None:
    with pytest.raises(LedgerError, match="URL cannot be used") as caught:
        Ledger.open(wrong)
    assert "secret" not in str(caught.value)


def test_a_ledger_of_a_newer_version(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with Ledger.open(url(path)) as ledger, ledger.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(LedgerError, match="another Zelo") as caught:
        Ledger.open(url(path))
    assert caught.value.found == "revision 9999"
