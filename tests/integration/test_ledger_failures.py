"""The ledger's machine fails under a real server: no room on the disk, a database that is killed."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from tests.integration.tokens import Load, Server, assert_each_is_recorded_once
from tests.postgres import Postgres, postgres

from zelo.ledger.store import Ledger


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "none", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"a file system can be mounted by root alone: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture(scope="module")
def database() -> Iterator[Postgres]:
    with postgres() as server:
        yield server


def fill(disk: Path) -> None:
    """Not a byte is left."""
    with (disk / "filler").open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4 << 10))


def ended(server: Server, load: Load) -> None:
    load.end()
    server.send(signal.SIGKILL)


def test_a_full_disk_is_told_and_answering_goes_on_by_itself(small_disk: Path) -> None:
    url = f"sqlite:///{small_disk / 'ledger.db'}"
    server = Server(url, busy_timeout=1.0)
    load = Load(server, "full")
    try:
        load.wait(50)
        fill(small_disk)
        load.wait_for_refusals(10)
        refused = httpx.post(f"{server.url}/predict", json={"x": 0.5})
        health = httpx.get(f"{server.url}/health")
        (small_disk / "filler").unlink()
        load.wait(len(load.answered) + 50)
    finally:
        ended(server, load)

    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "1"
    assert refused.json()["detail"] == "the disk is full"
    assert health.status_code == 200
    assert set(load.refused) == {503}
    with Ledger.open(url) as ledger:
        assert_each_is_recorded_once(ledger, load.answered)
        with ledger.reading() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


def test_a_database_that_is_killed_comes_back_with_every_answer(database: Postgres) -> None:
    url = database.database("killed")
    server = Server(url)
    load = Load(server, "cut")
    try:
        load.wait(100)
        database.kill()
        load.wait_for_refusals(10)
        refused = httpx.post(f"{server.url}/predict", json={"x": 0.5})
        database.start()
        load.wait(len(load.answered) + 100)
    finally:
        ended(server, load)

    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "1"
    assert refused.json()["code"] == "ledger_unavailable"
    assert set(load.refused) == {503}
    with Ledger.open(url) as ledger:
        assert_each_is_recorded_once(ledger, load.answered)
        assert ledger.waiting().set_aside == 0


def test_what_was_answered_on_postgres_survives_kill_9(database: Postgres) -> None:
    url = database.database("served")
    server = Server(url)
    load = Load(server, "nine")
    load.wait(100)
    server.send(signal.SIGKILL)
    load.end()

    with Ledger.open(url) as ledger:
        assert_each_is_recorded_once(ledger, load.answered)
