"""Load on the other core: wrk in a closed loop for the peak, and an open loop for latencies."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.serving_peers.servers import LOAD_CORE, Server, awake

_HERE = Path(__file__).parent
_PINNED = ("taskset", "--cpu-list", str(LOAD_CORE))


def peak(server: Server, seconds: int, *, connections: int | None = None) -> dict[str, float]:
    """What wrk measured: ``rate`` in answers a second, ``answered``, ``p50_ms`` and ``p99_ms``.

    The server is suspended afterwards, as all are that are not asked.

    Raises:
        RuntimeError: a question was not answered, or not by a 2xx.
    """
    many = f"--connections={connections or server.connections}"
    script = f"--script={_HERE / 'serving_peers' / 'ask.lua'}"
    command = ("wrk", "--threads=1", many, f"--duration={seconds}s", "--timeout=60s", script, server.url)
    with awake(server):
        found = _told(*command, "--", str(server.bodies))
    _complain(server, found)
    return found | {"rate": found["answered"] / found["seconds"]}


def paced(server: Server, rate: float, seconds: int) -> dict[str, float]:
    """Latencies at ``rate`` questions a second, each from when it was due; see open_loop.

    Raises:
        RuntimeError: a question was not answered by a 200.
    """
    script = [sys.executable, "-m", "benchmarks.open_loop"]
    with awake(server):
        found = _told(*script, server.url, str(server.bodies), f"{rate:g}", str(seconds))
    _complain(server, found)
    return found


def _told(*command: str) -> dict[str, float]:
    done = subprocess.run([*_PINNED, *command], capture_output=True, text=True, cwd=_HERE.parent, check=True)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def _complain(server: Server, found: dict[str, float]) -> None:
    if found["failed"]:
        raise RuntimeError(f"{server.name}: {found['failed']:g} of {found} failed")
