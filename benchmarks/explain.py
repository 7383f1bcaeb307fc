"""What an explanation costs over HTTP, beside the same prediction without one: a row alone, and a batch."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from typing import Any

import numpy as np

from benchmarks.figures import Figure, show
from benchmarks.latency import ACCEPTED, PORT, run_zelo, wait_until_ready
from benchmarks.tables import PROJECTS, project_table

CASES = (("churn", "catboost"), ("churn", "lightgbm"), ("churn", "seed_recipe"))
ASKED = 5.0
BATCH = 100
SECONDS = 6.0
_WARM = 20


def run() -> None:
    for name, candidate in CASES:
        with tempfile.TemporaryDirectory() as home:
            environment = {**os.environ, "ZELO_HOME": home, "ZELO_PROJECTS": str(PROJECTS)}
            run_zelo(environment, "train", name, "--candidates", candidate)
            gates = [part for code in ACCEPTED for part in ("--accept", code)]
            run_zelo(environment, "promote", name, *gates, "--reason", "benchmark")
            with served(environment, name):
                figures = [_figure(name, size) for size in (1, BATCH)]
        show(f"{name} ({candidate}): ?explain=true, a caller at a time, ledger durable", figures)


def _figure(name: str, size: int) -> Figure:
    plain, why = medians(name, size)
    what = "POST /predict" if size == 1 else f"POST /predict/batch of {size} rows"
    return Figure(
        f"{what}, median",
        f"{why / plain:.1f} times plain ({why:.2f} ms)",
        f"<= {ASKED:g} times",
        why <= ASKED * plain,
        f"without explain: {plain:.2f} ms",
    )


@contextmanager
def served(environment: dict[str, str], name: str) -> Iterator[None]:
    """A server of the project on :data:`benchmarks.latency.PORT`, which is stopped at the end."""
    command = [sys.executable, "-m", "zelo", "serve", name, "--port", str(PORT)]
    quiet = {**environment, "ZELO_LOG_LEVEL": "WARNING"}
    server = subprocess.Popen(command, env=quiet, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until_ready()
        yield
    finally:
        server.terminate()
        server.wait()


def medians(name: str, size: int) -> tuple[float, float]:
    """The median latency in ms without and with an explanation, asked in turn, each time for other rows."""
    bodies = cycle(_bodies(name, size))
    route = "/predict" if size == 1 else "/predict/batch"
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)
    latencies: dict[str, list[float]] = {route: [], f"{route}?explain=true": []}
    start = time.perf_counter()
    while time.perf_counter() < start + SECONDS:
        body = next(bodies)
        for path, found in latencies.items():
            asked = time.perf_counter()
            connection.request("POST", path, body, {"content-type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, answer.status
            found.append((time.perf_counter() - asked) * 1000)
    connection.close()
    plain, why = (float(np.median(found[_WARM // size :])) for found in latencies.values())
    return plain, why


def _bodies(name: str, size: int) -> list[bytes]:
    project, table, _ = project_table(name)
    rows: list[dict[str, Any]] = json.loads(table[list(project.inputs)].to_json(orient="records"))
    each = [rows[start : start + size] for start in range(0, min(len(rows), 1000 * size), size)]
    return [json.dumps(some[0] if size == 1 else {"rows": some}).encode() for some in each]


if __name__ == "__main__":
    run()
