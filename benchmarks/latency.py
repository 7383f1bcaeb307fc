"""One row, validated, predicted, durably logged and answered over HTTP, in an open loop."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from benchmarks.figures import Figure, show
from benchmarks.tables import PROJECTS, project_table
from zelo.features.columns import columns_from_frame, frame_from_columns
from zelo.models.candidate import Setting
from zelo.models.catalogue import CATALOGUE
from zelo.serving.schema import RequestSchema
from zelo.training.fit import fit_whole
from zelo.training.truth import truth_of

CASES = (
    ("machine_failure", "random_forest", 50, 20.0),
    ("churn", "catboost", 50, 20.0),
    ("churn", "seed_recipe", 50, 20.0),
    ("failure_modes", "svm_chars", 50, 50.0),
    # An encoder reads the comment once more without each of its words: one core is full before 50 a second.
    ("failure_modes", "lr_chars_sentence", 20, 50.0),
    ("failure_modes", "lr_chars_sentence", 50, 50.0),
    ("failure_modes", "transformer", 20, 200.0),
)
"""Project, candidate, requests a second, the p95 asked for in ms."""
ACCEPTED = ("G02", "G05", "G06", "G07", "G08")
"""What a candidate alone may fail, and what its speed does not hang on."""
SECONDS, PORT = 30, 8741


def run() -> None:
    for name, candidates, rate, asked in CASES:
        with tempfile.TemporaryDirectory() as home:
            environment = {**os.environ, "ZELO_HOME": home, "ZELO_PROJECTS": str(PROJECTS)}
            run_zelo(environment, "train", name, "--candidates", candidates)
            gates = [part for code in ACCEPTED for part in ("--accept", code)]
            run_zelo(environment, "promote", name, *gates, "--reason", "benchmark")
            latencies = _serve_and_ask(environment, name, rate)
        p50, p95, p99 = np.percentile(latencies, [50, 95, 99])
        show(
            f"{name} ({candidates}): open loop, {rate} a second, {len(latencies)} requests, ledger durable",
            [
                Figure(
                    "p95 of POST /predict",
                    f"{p95:.1f} ms (p50 {p50:.1f}, p99 {p99:.1f})",
                    f"< {asked:g} ms",
                    bool(p95 < asked),
                    _peer(name, candidates),
                )
            ],
        )


def _peer(name: str, candidates: str) -> str:
    """The same forest as the published pattern asks it: one pandas row, the fitted pipeline, no ledger."""
    if "forest" not in candidates and "recipe" not in candidates:
        return ""
    project, table, _ = project_table(name)
    frame, truth = frame_from_columns(columns_from_frame(project, table)), truth_of(table, project)
    params = project.candidate_params[candidates]
    model = fit_whole(CATALOGUE[candidates], Setting(project, project.split.seed, 2), params, frame, truth)
    assert isinstance(model.named_steps["model"], RandomForestClassifier)
    elapsed = []
    for turn in range(60):
        start = time.perf_counter()
        model.predict_proba(frame.iloc[[turn]])
        elapsed.append(time.perf_counter() - start)
    p95 = np.percentile(elapsed[10:], 95) * 1000
    return f"the fitted pipeline alone, no HTTP and no ledger: p95 {p95:.0f} ms"


def run_zelo(environment: dict[str, str], *arguments: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "zelo", *arguments], env=environment, check=True, stdout=subprocess.DEVNULL
    )


def _serve_and_ask(environment: dict[str, str], name: str, rate: int) -> list[float]:
    command = [sys.executable, "-m", "zelo", "serve", name, "--port", str(PORT)]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until_ready()
        body = json.dumps(RequestSchema(project_table(name)[0]).example()).encode()
        ask(body, rate, 2)
        return ask(body, rate, SECONDS)
    finally:
        server.terminate()
        server.wait()


def ask(body: bytes, rate: int, seconds: int) -> list[float]:
    """Latencies in ms, each from when the request was due, so that a slow answer delays no later count."""
    latencies: list[float] = []
    lock = threading.Lock()
    start = time.perf_counter() + 0.1

    def client(first: int, step: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=10)
        for turn in range(first, rate * seconds, step):
            due = start + turn / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            connection.request("POST", "/predict", body, {"content-type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, answer.status
            with lock:
                latencies.append((time.perf_counter() - due) * 1000)

    clients = [threading.Thread(target=client, args=(first, 8)) for first in range(8)]
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join()
    return latencies


def wait_until_ready() -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}/ready", timeout=2)
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the server did not start")


if __name__ == "__main__":
    run()
