"""Requests made by schemathesis from a served project's own document: no 5xx, every answer as documented.

python -m benchmarks.fuzz [--requests 100000]
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.figures import Figure, show
from benchmarks.latency import ACCEPTED, PORT, run_zelo, wait_until_ready
from benchmarks.tables import PROJECTS

NAME, CANDIDATE = "churn", "lightgbm"
CHECKS = Path(__file__).parents[1] / "tests" / "schemathesis.toml"
A_ROUND = 100
"""Requests a route that a round makes at random."""


def run(requests: int = 3_000) -> None:
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "ZELO_HOME": home, "ZELO_PROJECTS": str(PROJECTS)}
        run_zelo(environment, "train", NAME, "--candidates", CANDIDATE)
        gates = [part for code in ACCEPTED for part in ("--accept", code)]
        run_zelo(environment, "promote", NAME, *gates, "--reason", "benchmark")
        command = [sys.executable, "-m", "zelo", "serve", NAME, "--port", str(PORT)]
        server = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            wait_until_ready()
            made, told = _rounds(requests, environment, home)
        finally:
            server.terminate()
            server.wait()
    found = re.findall(r"^- (ST\d+ .*)$", told, re.MULTILINE)
    if found:
        sys.stdout.write(told)
    title = f"{NAME} ({CANDIDATE}): requests generated from the OpenAPI document, server and ledger real"
    value = f"{len(found)} in {made:,} requests" + (f": {', '.join(sorted(set(found)))}" if found else "")
    show(title, [Figure("answers that break the document", value, "0", not found)])


def _rounds(requests: int, environment: dict[str, str], folder: str) -> tuple[int, str]:
    """Rounds, each with a seed of its own, until that many were made; and what those with a fault said."""
    made, seed, told = 0, 0, ""
    while made < requests:
        seed += 1
        # The edges of every value are the same in every round.
        phases = "coverage,fuzzing" if seed == 1 else "fuzzing"
        what = ["--include-path-regex", "^/(projects|v2)", "--phases", phases, "--no-color"]
        size = ["--max-examples", str(A_ROUND), "--seed", str(seed)]
        ran = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CHECKS), "run"),
                *(f"http://127.0.0.1:{PORT}/openapi.json", *what, *size),
            ],
            cwd=folder,
            env={**environment, "ZELO_FUZZ_MODEL": NAME},
            capture_output=True,
            text=True,
            check=False,
        )
        counted = re.search(r"(\d+) generated", ran.stdout)
        if counted is None:
            raise RuntimeError(ran.stdout + ran.stderr)
        made += int(counted[1])
        told += ran.stdout if ran.returncode else ""
    return made, told


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=100_000)
    run(parser.parse_args().requests)
