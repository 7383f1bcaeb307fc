"""The real server in a process of its own: killed, stopped, and with its ledger locked."""

from __future__ import annotations

import random
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.integration.tokens import Load, Server, assert_each_is_recorded_once

from zelo.ledger.store import Ledger

Start = Callable[..., Server]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    servers: list[Server] = []

    def started(**options: Any) -> Server:
        servers.append(Server(f"sqlite:///{tmp_path / 'ledger.db'}", **options))
        return servers[-1]

    yield started
    for server in servers:
        if server.process.poll() is None:
            server.send(signal.SIGKILL)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}") as opened:
        yield opened


def test_what_was_answered_survives_kill_9(start: Start, ledger: Ledger) -> None:
    answered: list[tuple[str, float, dict[str, Any]]] = []
    for round_number in range(3):
        server = start()
        load = Load(server, f"round-{round_number}")
        load.wait(150)
        time.sleep(random.Random(round_number).random() * 0.05)
        server.send(signal.SIGKILL)
        load.end()
        assert load.refused == []
        answered += load.answered

    server = start()

    assert_each_is_recorded_once(ledger, answered)
    with ledger.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    for _, _, answer in random.Random(0).sample(answered, 20):
        found = httpx.get(f"{server.url}/predictions/{answer['id']}").json()
        assert found["score"] == answer["score"]


def test_a_stop_answers_what_was_asked(start: Start, ledger: Ledger) -> None:
    server = start()
    load = Load(server, "stop")
    load.wait(100)

    code = server.send(signal.SIGTERM)

    load.end()
    assert code == 0
    assert set(load.refused) <= {503}
    assert_each_is_recorded_once(ledger, load.answered)
    # Nothing was recorded whose caller got no answer: the server waited for its last batch.
    assert ledger.count("tokens") == len(load.answered)


def test_a_ledger_locked_by_another_process_heals_by_itself(
    start: Start, ledger: Ledger, tmp_path: Path
) -> None:
    server = start(busy_timeout=0.2)
    other = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    load = Load(server, "lock")
    load.wait(20)

    other.execute("BEGIN IMMEDIATE")
    before = ledger.waiting()
    response = httpx.post(f"{server.url}/predict", json={"x": 0.5})
    health = httpx.get(f"{server.url}/health")
    time.sleep(0.5)
    assert ledger.waiting() == before
    other.execute("ROLLBACK")
    other.close()
    load.wait(len(load.answered) + 20)
    load.end()

    assert response.status_code == 503
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["retry-after"] == "1"
    assert response.json()["detail"] == "the ledger is locked"
    assert health.status_code == 200
    assert set(load.refused) == {503}
    assert_each_is_recorded_once(ledger, load.answered)
    assert ledger.count("tokens") == len(load.answered)
