"""How soon ``zelo serve`` is ready, how much memory it holds, and how fast its runtimes are, by champion."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import psutil

from benchmarks.figures import OUT, Figure, machine, show
from benchmarks.latency import ACCEPTED, PORT, ask, run_zelo, wait_until_ready
from benchmarks.tables import PROJECTS, project_table
from zelo.features.columns import columns_from_frame
from zelo.registry.bundle import Bundle, load_bundle
from zelo.registry.compiled import ONNX
from zelo.registry.pace import pace
from zelo.registry.runtime import load_onnx
from zelo.serving.schema import RequestSchema

PROJECT = "churn"
CANDIDATES = ("catboost", "lightgbm", "seed_recipe")
STARTS, RATE, SECONDS = 5, 50, 5
MOST_SECONDS, MOST_MEGABYTES, MOST_BATCH = 3.0, 300.0, 2.0
"""The last: ms for 1,000 rows of the CatBoost champion."""


def run() -> None:
    OUT.print(f"Machine: {machine()}\n")
    for candidate in CANDIDATES:
        with TemporaryDirectory() as home:
            environment = {
                **os.environ,
                "ZELO_HOME": home,
                "ZELO_PROJECTS": str(PROJECTS),
                "ZELO_LOG_LEVEL": "WARNING",
            }
            run_zelo(environment, "train", PROJECT, "--candidates", candidate)
            gates = [part for code in ACCEPTED for part in ("--accept", code)]
            run_zelo(environment, "promote", PROJECT, *gates, "--reason", "benchmark")
            starts = [_start(environment) for _ in range(STARTS)]
            (path,) = (Path(home) / "bundles" / PROJECT).iterdir()
            show(f"{PROJECT}, {candidate}", [*_started(candidate, starts), *_paces(load_bundle(path))])


def _start(environment: dict[str, str]) -> tuple[float, float]:
    """Seconds until /ready says yes, and MB resident once requests were answered."""
    body = json.dumps(RequestSchema(project_table(PROJECT)[0]).example()).encode()
    command = [sys.executable, "-m", "zelo", "serve", PROJECT, "--port", str(PORT)]
    began = time.perf_counter()
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until_ready()
        seconds = time.perf_counter() - began
        ask(body, RATE, SECONDS)
        return seconds, psutil.Process(server.pid).memory_info().rss / 1e6
    finally:
        server.terminate()
        server.wait()


def _started(candidate: str, starts: list[tuple[float, float]]) -> list[Figure]:
    seconds, megabytes = (median(values) for values in zip(*starts, strict=True))
    large = candidate == "seed_recipe"
    return [
        Figure(
            f"from the command to /ready, median of {STARTS}",
            f"{seconds:.2f} s (slowest {max(one for one, _ in starts):.2f})",
            f"< {MOST_SECONDS:g} s",
            seconds < MOST_SECONDS,
        ),
        Figure(
            f"resident after {RATE * SECONDS} requests",
            f"{megabytes:.0f} MB",
            "–" if large else f"< {MOST_MEGABYTES:g} MB",
            None if large else megabytes < MOST_MEGABYTES,
        ),
    ]


def _paces(bundle: Bundle) -> list[Figure]:
    """What is served, by rows, beside ONNX Runtime on the same graph in the same run."""
    project, table, _ = project_table(PROJECT)
    rows = columns_from_frame(project, table)
    served = pace(bundle.predictor, rows, seed=0)
    onnx = pace(load_onnx(bundle.path, bundle.project), rows, seed=0)
    asked = bundle.manifest["candidate"] == "catboost"
    return [
        Figure(
            f"{size} rows, {bundle.predictor.runtime}",
            f"{served[size] / 1000:.2f} ms, {served[size] / size:.1f} µs a row",
            f"<= {MOST_BATCH:g} ms" if asked and size == 1000 else "–",
            bool(served[size] <= MOST_BATCH * 1000) if asked and size == 1000 else None,
            f"{ONNX}: {onnx[size] / 1000:.2f} ms",
        )
        for size in served
    ]


if __name__ == "__main__":
    run()
