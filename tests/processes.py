"""Real processes: commands typed in a home of their own, servers, and callers that load them."""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from zelo.ledger.store import Ledger

CALLERS = 4
PAUSE = 0.02
STOPPED = (0,)
Row = Mapping[str, Any]
Answer = dict[str, Any]


class World:
    """A machine with a home of its own, where commands are typed and servers run."""

    def __init__(self, root: Path, projects: Path) -> None:
        self.root = root
        self.environment = {
            **{
                name: value for name, value in os.environ.items() if not name.startswith(("ZELO_", "MLFLOW_"))
            },
            "ZELO_HOME": str(root / "home"),
            "ZELO_PROJECTS": str(projects),
            "ZELO_OFFLINE": "1",
            "ZELO_APPROVER": "Ana",
        }
        self.processes: list[subprocess.Popen[bytes]] = []

    def zelo(self, *arguments: object, accepted: Sequence[int] = (0,)) -> subprocess.CompletedProcess[str]:
        return self.python("-m", "zelo", *arguments, accepted=accepted)

    def python(self, *arguments: object, accepted: Sequence[int] = (0,)) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *map(str, arguments)]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode in accepted, done.stdout + done.stderr
        return done

    def json(self, *arguments: object, accepted: Sequence[int] = (0,)) -> Any:
        return json.loads(self.zelo(*arguments, "--json", accepted=accepted).stdout)

    def serve(self, name: str, *options: str) -> Server:
        server = Server(self, name, *options)
        self.processes.append(server.process)
        server.wait_until_ready()
        return server

    def worker(self) -> Worker:
        worker = Worker(self)
        self.processes.append(worker.process)
        return worker

    def ledger(self) -> Ledger:
        return Ledger.open(f"sqlite:///{self.root / 'home' / 'ledger.db'}")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Server:
    def __init__(self, world: World, name: str, *options: str) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.log = world.root / f"server-{port}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "zelo", "serve", name, "--port", str(port), *options],
                env=world.environment,
                stdout=log,
                stderr=log,
            )

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text(encoding="utf-8")
            try:
                if httpx.get(f"{self.url}/ready").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        pytest.fail(self.log.read_text(encoding="utf-8"))

    def send(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)


class Worker:
    """A worker that runs jobs."""

    def __init__(self, world: World) -> None:
        self.log = world.root / f"worker-{len(world.processes)}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "zelo", "worker"], env=world.environment, stdout=log, stderr=log
            )

    def send(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


class Redis:
    """Debian's redis-server on a port of its own, that keeps nothing on the disk."""

    PASSWORD = "not-to-be-told"

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://:{self.PASSWORD}@127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--requirepass", self.PASSWORD]
        self.process = subprocess.Popen(
            ["redis-server", *options, "--save", "", "--appendonly", "no"], stdout=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            assert self.process.poll() is None
            with socket.socket() as caller:
                if caller.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        pytest.fail("redis-server does not answer")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(30)


class Load:
    """Callers that ask one row or three at a time, until told to stop or the server goes."""

    def __init__(self, server: Server, rows: Sequence[Row]) -> None:
        self.answered: list[tuple[Row, Answer]] = []
        self.refused: list[str] = []
        self.broken = 0
        self._rows = rows
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._call, args=(server.url, seed)) for seed in range(CALLERS)
        ]
        for thread in self._threads:
            thread.start()

    def _call(self, url: str, seed: int) -> None:
        chance = random.Random(seed)
        with httpx.Client(base_url=url, timeout=30) as client:
            while not self._stop.is_set():
                time.sleep(PAUSE)
                some = chance.choices(self._rows, k=chance.choice([1, 3]))
                try:
                    response = client.post("/predict/batch", json={"rows": some})
                except httpx.TransportError:
                    self.broken += 1
                    return
                if response.status_code != 200:
                    self.refused.append(response.text)
                    continue
                self.answered.extend(zip(some, response.json()["predictions"], strict=True))

    def wait(self, answers: int) -> None:
        deadline = time.monotonic() + 60
        while len(self.answered) < answers:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def end(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)


@contextmanager
def opened_world(root: Path, projects: Path) -> Iterator[World]:
    """A world in the folder ``root``; servers and workers that still run at its end are killed."""
    made = World(root, projects)
    try:
        yield made
    finally:
        for process in made.processes:
            if process.poll() is None:
                process.kill()
                process.wait(30)
