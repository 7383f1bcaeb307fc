"""Real workers behind one address: nothing lost and nothing mixed, whatever happens to them under load."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
import numpy as np
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.homes import NAME, Home, answered
from tests.processes import Server, World, free_port, opened_world

from zelo.features.columns import columns_from_rows
from zelo.registry.bundle import Bundle

MakeHome = Callable[[str], Home]
CALLERS = 6
BAD = {"pump": "bad", "age": "old", "load": 1.0, "site": "North"}


class Callers:
    """Each asks for rows that nobody else asks for: one, or a few with a bad one among them."""

    def __init__(self, server: Server) -> None:
        self.answered: list[tuple[Mapping[str, Any], Mapping[str, Any]]] = []
        self.refused: list[str] = []
        self.broken: list[str] = []
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._call, args=(server.url, number)) for number in range(CALLERS)
        ]
        for thread in self._threads:
            thread.start()

    def _call(self, url: str, number: int) -> None:
        chance, asked = random.Random(number), 0
        with httpx.Client(base_url=url, timeout=30) as client:
            while not self._stop.is_set():
                rows = [
                    {
                        "pump": f"caller-{number}-{asked + place}",
                        "age": chance.randrange(61),
                        "load": round(chance.uniform(0, 200), 9),
                        "site": chance.choice(["North", "South"]),
                    }
                    for place in range(chance.choice([1, 4]))
                ]
                asked += len(rows)
                try:
                    self._ask(client, rows, bad=chance.randrange(len(rows) + 1))
                except httpx.TransportError as error:
                    self.broken.append(repr(error))
                    time.sleep(0.02)

    def _ask(self, client: httpx.Client, rows: list[dict[str, Any]], *, bad: int) -> None:
        if len(rows) == 1:
            response = client.post("/predict", json=rows[0])
            answers = [response.json()]
        else:
            response = client.post("/predict/batch", json={"rows": [*rows[:bad], BAD, *rows[bad:]]})
            answers = response.json().get("predictions", [])
            assert response.is_error or {error["index"] for error in response.json()["errors"]} == {bad}
        if response.status_code == 200:
            self.answered.extend(zip(rows, answers, strict=True))
        else:
            self.refused.append(response.text)

    def wait(self, more: int) -> None:
        until, deadline = len(self.answered) + more, time.monotonic() + 60
        while len(self.answered) < until:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def end(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)


@contextmanager
def called(server: Server) -> Iterator[Callers]:
    callers = Callers(server)
    try:
        yield callers
    finally:
        callers.end()


@pytest.fixture
def home(make_home: MakeHome) -> Home:
    """Version 1 is champion, and version 2 challenger."""
    return make_home("retrained")


@pytest.fixture
def world(home: Home) -> Iterator[World]:
    with opened_world(home.root, home.root / "projects") as made:
        yield made


def processes(server: Server) -> list[psutil.Process]:
    """The workers."""
    children = psutil.Process(server.process.pid).children()
    return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


def counted(server: Server, name: str) -> float:
    """The sum of a metric over all of its labels, as whichever worker is asked tells it."""
    families = text_string_to_metric_families(httpx.get(f"{server.url}/metrics").text)
    return sum(sample.value for family in families for sample in family.samples if sample.name == name)


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def assert_each_is_recorded_once_and_right(
    world: World, callers: Callers, bundles: dict[str, Bundle]
) -> None:
    """What a caller got is of its own row, by the version that it names, and is in the ledger."""
    with world.ledger() as ledger:
        recorded = ledger.predictions(NAME)
    by_entity = {record.entity: record for record in recorded}
    assert len(by_entity) == len(recorded)
    for version, bundle in bundles.items():
        of_it = [(row, answer) for row, answer in callers.answered if answer["model_version"] == version]
        if not of_it:
            continue
        offline = bundle.predictor.scores(columns_from_rows(bundle.project, [row for row, _ in of_it]))
        np.testing.assert_allclose([answer["score"] for _, answer in of_it], offline[:, 1], atol=1e-6)
    for row, answer in callers.answered:
        record = by_entity[row["pump"]]
        assert (record.id, record.version) == (answer["id"], answer["model_version"])
        assert record.score == answer["score"]
        assert {name: record.inputs[name] for name in ("age", "load", "site")} == {
            name: row[name] for name in ("age", "load", "site")
        }


def test_nothing_is_lost_or_mixed_by_a_promotion_a_killed_worker_and_a_stop(world: World, home: Home) -> None:
    bundles = {"1": home.bundle("champion"), "2": home.bundle("challenger")}
    server = world.serve(NAME, "--workers", "2", "--drain-seconds", "1")
    with called(server) as callers:
        wait_until(lambda: counted(server, "zelo_workers") == 2)
        callers.wait(100)
        answered("promote", NAME)
        httpx.post(f"{server.url}/model/reload").raise_for_status()
        # Whoever was not asked to reload has seen the registry by itself.
        wait_until(lambda: {answer["model_version"] for _, answer in callers.answered[-60:]} == {"2"})
        answered("rollback", NAME, "--reason", "complaints")
        wait_until(lambda: {answer["model_version"] for _, answer in callers.answered[-60:]} == {"1"})
        assert not callers.broken

        told = counted(server, "zelo_predictions_total")
        processes(server)[0].kill()
        callers.wait(100)
        wait_until(lambda: counted(server, "zelo_workers") == 2)
        assert counted(server, "zelo_predictions_total") > told
        # Only what the killed one had in hand was cut off.
        broken = len(callers.broken)
        assert broken <= CALLERS

        # Readiness goes first: for a second requests are still answered.
        server.process.send_signal(signal.SIGTERM)
        wait_until(lambda: httpx.get(f"{server.url}/ready").status_code == 503)
        assert len(callers.broken) == broken
        callers.wait(10)
    assert server.process.wait(30) == 0

    assert not callers.refused
    assert {answer["model_version"] for _, answer in callers.answered} == {"1", "2"}
    assert_each_is_recorded_once_and_right(world, callers, bundles)


def test_what_cannot_be_served_is_said_once(world: World, home: Home) -> None:
    next(iter(home.bundle_path("champion").glob("*.onnx"))).write_bytes(b"damaged")
    ran = world.zelo("serve", NAME, "--workers", "3", "--port", free_port(), accepted=(2,))
    assert (ran.stdout + ran.stderr).count("BundleError") == 1


def test_overload_is_refused_and_takes_no_memory_and_no_worker_outlives_its_parent(world: World) -> None:
    world.environment["ZELO_MAX_WAITING_ROWS"] = "2000"
    server = world.serve(NAME, "--workers", "2")
    workers = processes(server)
    row = {"pump": "p", "age": 3, "load": 1.5, "site": "North"}
    body = httpx.Request("POST", server.url, json={"rows": [row] * 1_000}).content
    stop, statuses = threading.Event(), []

    def ask() -> None:
        headers = {"content-type": "application/json"}
        with httpx.Client(base_url=server.url, timeout=60) as client:
            while not stop.is_set():
                response = client.post("/predict/batch", content=body, headers=headers)
                statuses.append((response.status_code, response.headers.get("retry-after")))

    threads = [threading.Thread(target=ask) for _ in range(24)]
    for thread in threads:
        thread.start()
    used = []
    for _ in range(3):
        time.sleep(1)
        used.append(sum(worker.memory_info().rss for worker in workers) / 2**20)
    stop.set()
    for thread in threads:
        thread.join(60)

    assert {status for status, _ in statuses} == {200, 503}
    assert all(after for status, after in statuses if status == 503)
    assert used[-1] - used[0] < 60

    # The next server shall find the address free.
    workers = processes(server)
    server.send(signal.SIGKILL)
    _, left = psutil.wait_procs(workers, timeout=20)
    assert not left
