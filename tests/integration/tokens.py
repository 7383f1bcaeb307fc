"""The server of ``served.py`` in a process of its own, and callers with a token for every row."""

from __future__ import annotations

import random
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from zelo.ledger.store import Ledger

SERVED = Path(__file__).with_name("served.py")
CALLERS = 6


class Server:
    def __init__(self, ledger_url: str, *, busy_timeout: float = 5.0) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = subprocess.Popen(
            [sys.executable, str(SERVED), ledger_url, str(self.port), str(busy_timeout)],
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

    def wait_for_refusals(self, refusals: int) -> None:
        deadline = time.monotonic() + 30
        while len(self.refused) < refusals:
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
