"""The real server in a process of its own: killed, stopped, and with its ledger locked."""

from __future__ import annotations

import random
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from zelo.ledger.store import Ledger

SERVED = Path(__file__).with_name("served.py")
CALLERS = 6


class Server:
    def __init__(self, ledger: Path, *, busy_timeout: float = 5.0) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = subprocess.Popen(
            [sys.executable, str(SERVED), str(ledger), str(self.port), str(busy_timeout)],
            stderr=subprocess.DEVNULL,
        )
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            assert self.process.poll() is None
            try:
                if httpx.get(f"{self.url}/ready").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.02)
        pytest.fail("the server did not become ready")

    def send(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)


Start = Callable[..., Server]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    servers: list[Server] = []

    def started(**options: Any) -> Server:
        servers.append(Server(tmp_path / "ledger.db", **options))
        return servers[-1]

    yield started
    for server in servers:
        if server.process.poll() is None:
            server.send(signal.SIGKILL)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}") as opened:
        yield opened


class Load:
    """Callers that ask one row or five at a time, each with a token of its own, until the server goes."""

    def __init__(self, server: Server, name: str) -> None:
        self.answered: list[tuple[str, float, dict[str, Any]]] = []
        self.refused: list[int] = []
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._call, args=(server.url, f"{name}-{number}"))
            for number in range(CALLERS)
        ]
        for thread in self._threads:
            thread.start()

    def _call(self, url: str, name: str) -> None:
        chance = random.Random(name)
        count = 0
        with httpx.Client(base_url=url) as client:
            while not self._stop.is_set():
                size = chance.choice([1, 5])
                rows = [{"token": f"{name}-{count + place}", "x": chance.random()} for place in range(size)]
                count += len(rows)
                try:
                    response = client.post("/predict/batch", json={"rows": rows})
                except httpx.TransportError:
                    return
                if response.status_code != 200:
                    self.refused.append(response.status_code)
                    continue
                for row, answer in zip(rows, response.json()["predictions"], strict=True):
                    self.answered.append((str(row["token"]), float(row["x"]), answer))

    def wait(self, answers: int) -> None:
        deadline = time.monotonic() + 30
        while len(self.answered) < answers:
            assert time.monotonic() < deadline
            time.sleep(0.005)

    def end(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)


def assert_each_is_recorded_once(ledger: Ledger, answered: list[tuple[str, float, dict[str, Any]]]) -> None:
    recorded = ledger.predictions("tokens")
    by_token = {record.entity: record for record in recorded}
    assert len(by_token) == len(recorded)
    for token, x, answer in answered:
        record = by_token[token]
        assert record.id == answer["id"]
        assert record.inputs == {"x": x, "token": token}
        assert record.score == answer["score"] == x
        assert record.version == answer["model_version"]


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
    assert code in (0, -signal.SIGTERM)
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
    before = ledger.count("tokens")
    response = httpx.post(f"{server.url}/predict", json={"x": 0.5})
    health = httpx.get(f"{server.url}/health")
    time.sleep(0.5)
    assert ledger.count("tokens") == before
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
