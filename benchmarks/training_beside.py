"""The latency of predictions while a worker trains the same project on the same machine, against idle."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

from benchmarks.figures import OUT, Figure, machine, show
from benchmarks.latency import PORT, ask, run_zelo, wait_until_ready
from benchmarks.tables import PROJECTS
from zelo.serving.schema import RequestSchema
from zelo.spec.loading import load_project

CASES = (("churn", "lightgbm"), ("stock_price", "persistence"))
"""Project and the candidate that answers; every candidate of the project is trained beside it."""
ACCEPTED = ("G02", "G05", "G06", "G07", "G08")
RATE, SECONDS, ROUNDS = 50, 15, 3
ASKED = 2.0


def run(*names: str) -> None:
    for name, candidate in CASES:
        if not names or name in names:
            _run(name, candidate)


def _run(name: str, candidate: str) -> None:
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "ZELO_HOME": home, "ZELO_PROJECTS": str(PROJECTS)}
        run_zelo(environment, "train", name, "--candidates", candidate)
        gates = [part for code in ACCEPTED for part in ("--accept", code)]
        run_zelo(environment, "promote", name, *gates, "--reason", "benchmark")
        with ExitStack() as stack:
            stack.enter_context(_running(environment, "serve", name, "--port", str(PORT)))
            stack.enter_context(_running(environment, "worker"))
            wait_until_ready()
            pairs = _measured(json.dumps(RequestSchema(load_project(PROJECTS / name)).example()).encode())
    idle, beside = (np.array([p95 for _, p95, _ in side]) for side in zip(*pairs, strict=True))
    ratios = beside / idle
    show(
        f"{name} ({candidate} answers): {RATE} requests a second in an open loop, {ROUNDS} interleaved "
        f"rounds of {SECONDS} s, medians",
        [
            Figure(
                "p95 of POST /predict during a training, over idle",
                f"{np.median(ratios):.2f}x ({', '.join(f'{ratio:.2f}' for ratio in ratios)})",
                f"<= {ASKED:g}x",
                bool(np.median(ratios) <= ASKED),
                f"idle p50, p95, p99: {_medians(pairs, 0)} ms; during: {_medians(pairs, 1)} ms",
            )
        ],
    )


def _measured(body: bytes) -> list[tuple[Any, Any]]:
    """A round's percentiles, idle and during a training, as many times as there are rounds."""
    ask(body, RATE, 3)
    pairs = []
    for _ in range(ROUNDS):
        idle = np.percentile(ask(body, RATE, SECONDS), [50, 95, 99])
        job = _call("POST", "/train")["url"]
        _wait_for(job, "done")
        beside = np.percentile(ask(body, RATE, SECONDS), [50, 95, 99])
        state = _call("GET", job)["state"]
        if state != "running":
            raise RuntimeError(f"the training was over before the measurement: {state}")
        _call("POST", f"{job}/cancel")
        _wait_for(job, "cancelled")
        time.sleep(2)
        pairs.append((idle, beside))
    return pairs


def _medians(pairs: list[tuple[Any, Any]], side: int) -> str:
    return ", ".join(f"{value:.1f}" for value in np.median([pair[side] for pair in pairs], axis=0))


def _wait_for(job: str, what: str) -> None:
    """Until the job is in a state, or its progress has a key: its first candidate is being fitted."""
    for _ in range(1_200):
        found = _call("GET", job)
        if found["state"] == what or what in found["progress"]:
            return
        time.sleep(0.1)
    raise TimeoutError(f"the job did not come to {what}")


def _call(method: str, path: str) -> Any:
    request = urllib.request.Request(f"http://127.0.0.1:{PORT}{path}", method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


@contextmanager
def _running(environment: dict[str, str], *arguments: str) -> Iterator[None]:
    command = [sys.executable, "-m", "zelo", *arguments]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    OUT.print(f"Machine: {machine()}\n")
    run(*sys.argv[1:])
