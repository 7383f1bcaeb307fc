"""zelo serve is killed again and again under load, and every answered prediction is looked for."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, show
from benchmarks.tables import PROJECTS
from zelo.ledger.store import Ledger
from zelo.serving.schema import RequestSchema
from zelo.spec.loading import load_project

NAME, CANDIDATES = "churn", "prior,catboost"
KILLS, CALLERS = 100, 6
SIZES = (0, 0, 0, 1, 7, 50, 400)
"""Rows a request; 0 is a single row by itself."""
MOST_SECONDS, LOCK_SECONDS = 1.0, 10.0
Row = dict[str, Any]
Answer = dict[str, Any]


@dataclass
class Told:
    """What callers were told, and what they asked without an answer. Each row has an entity of its own."""

    answered: list[tuple[Row, Answer]] = field(default_factory=list)
    batches: list[list[str]] = field(default_factory=list)
    """The entities of each request, answered or not."""
    statuses: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0


class Load:
    """Callers in threads, until they are told to stop or the server goes."""

    def __init__(self, port: int, told: Told, name: str) -> None:
        self._example = RequestSchema(load_project(PROJECTS / NAME)).example()
        self._told = told
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._call, args=(port, f"{name}-{number}")) for number in range(CALLERS)
        ]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def _call(self, port: int, name: str) -> None:
        chance, asked = random.Random(name), 0
        caller = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while not self._stop.is_set():
            size = chance.choice(SIZES)
            rows = [self._row(f"{name}-{asked + place}", chance) for place in range(max(size, 1))]
            asked += len(rows)
            self._told.batches.append([str(row["id_cliente"]) for row in rows])
            path, body = ("/predict/batch", {"rows": rows}) if size else ("/predict", rows[0])
            started = time.perf_counter()
            try:
                caller.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
                response = caller.getresponse()
                found = json.loads(response.read())
            except (OSError, http.client.HTTPException, ValueError):
                return
            self._told.slowest = max(self._told.slowest, time.perf_counter() - started)
            self._told.statuses[response.status] += 1
            if response.status == 200:
                answers = found["predictions"] if size else [found]
                self._told.answered.extend(zip(rows, answers, strict=True))

    def _row(self, entity: str, chance: random.Random) -> Row:
        return {
            **self._example,
            "id_cliente": entity,
            "idade": chance.randint(18, 90),
            "saldo_conta": round(chance.random() * 1e5, 2),
        }


class Server:
    """``zelo serve`` in a session of its own: a kill reaches each of its processes."""

    def __init__(self, environment: dict[str, str], workers: int) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        started = time.perf_counter()
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "zelo",
                "serve",
                NAME,
                "--port",
                str(self.port),
                "--workers",
                str(workers),
            ],
            env=environment,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while not self._ready():
            assert self._process.poll() is None, "the server did not start again by itself"
            assert time.perf_counter() - started < 60, "the server is not ready"
            time.sleep(0.02)
        self.seconds = time.perf_counter() - started

    def _ready(self) -> bool:
        caller = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            caller.request("GET", "/ready")
            return caller.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False

    def kill(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def run(kills: int = KILLS) -> None:
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "ZELO_HOME": folder, "ZELO_LOG_LEVEL": "ERROR", "ZELO_APPROVER": "chaos"}
        for command in (["train", NAME, "--candidates", CANDIDATES], ["promote", NAME]):
            subprocess.run(
                [sys.executable, "-m", "zelo", *command], env=environment, check=True, capture_output=True
            )
        ledger = Path(folder) / "ledger.db"
        told, chance, starts = Told(), random.Random(0), []
        for number in range(kills):
            server = Server(environment, workers=chance.choice([1, 2]))
            starts.append(server.seconds)
            load = Load(server.port, told, f"kill-{number}")
            time.sleep(chance.random() * MOST_SECONDS)
            server.kill()
            load.end()
        killed = Counter(told.statuses)
        locked = _locked(environment, ledger, told)
        _judge(ledger, told, starts, killed, locked)


def _locked(environment: dict[str, str], ledger: Path, told: Told) -> Counter[int]:
    """Another process holds the ledger's lock for ten seconds."""
    server = Server(environment, workers=1)
    before = Counter(told.statuses)
    load = Load(server.port, told, "lock")
    time.sleep(1)
    other = sqlite3.connect(ledger, isolation_level=None, timeout=30)
    other.execute("BEGIN IMMEDIATE")
    time.sleep(LOCK_SECONDS)
    other.execute("ROLLBACK")
    other.close()
    time.sleep(2)
    load.end()
    server.kill()
    return told.statuses - before


def _judge(path: Path, told: Told, starts: list[float], killed: Counter[int], locked: Counter[int]) -> None:
    with Ledger.open(f"sqlite:///{path}") as ledger:
        started = time.perf_counter()
        recorded = ledger.predictions(NAME)
        settled = time.perf_counter() - started
        by_entity = {record.entity: record for record in recorded}
        lost = sum(
            not _is(by_entity.get(str(row["id_cliente"])), row, answer) for row, answer in told.answered
        )
        torn = sum(0 < sum(entity in by_entity for entity in batch) < len(batch) for batch in told.batches)
        with ledger.reading() as connection:
            damaged = connection.exec_driver_sql("PRAGMA integrity_check").scalar() != "ok"
            damaged |= bool(connection.exec_driver_sql("PRAGMA foreign_key_check").all())
        waiting = ledger.waiting()
    twice = len(recorded) - len(by_entity)
    show(
        f"{len(starts)} times SIGKILL under load, of zelo serve with one and two workers; then a lock",
        [
            _none("answered predictions that are not there as answered", lost, f"of {len(told.answered)}"),
            _none("predictions that are there twice", twice, f"of {len(recorded)}"),
            _none("requests recorded in part", torn, f"of {len(told.batches)}"),
            _none("a damaged file, or entries set aside", damaged + waiting.set_aside, ""),
            _none(
                "answers but 200 and 503", sum(killed.values()) - killed[200] - killed[503], str(dict(killed))
            ),
            Figure(
                f"locked for {LOCK_SECONDS:g} s by another process",
                str(dict(locked)),
                "200 and 503, no more",
                set(locked) == {200, 503},
                f"slowest answer {told.slowest:.1f} s",
            ),
            Figure(
                "ready again after a kill, median and worst",
                f"{sorted(starts)[len(starts) // 2]:.1f} s, {max(starts):.1f} s",
                "",
                None,
                f"reading all of them at the end took {settled:.1f} s",
            ),
        ],
    )


def _is(record: Any, row: Row, answer: Answer) -> bool:
    return (
        record is not None
        and record.id == answer["id"]
        and record.version == answer["model_version"]
        and record.decision == {name: answer[name] for name in record.decision}
        and all(record.inputs[name] == row[name] for name in ("idade", "saldo_conta"))
    )


def _none(name: str, found: int, of: str) -> Figure:
    return Figure(name, str(found), "0", found == 0, of)


if __name__ == "__main__":
    run(*map(int, sys.argv[1:]))
