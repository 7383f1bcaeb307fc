"""Asks at times that were drawn beforehand, whatever the server does: an open loop, by asyncio.

A latency counts from when its question was due, so that a server that stops for a moment is charged with all
who would have asked meanwhile. Gaps are exponential: nobody asks in step. Between two questions the loop
polls, for a timer of a millisecond would be later than the answers; it wants a core of its own.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections import deque
from pathlib import Path
from urllib.parse import urlsplit

import httptools
import numpy as np
import uvloop

CONNECTIONS = 128
_SEED = 7


class _Connection(asyncio.Protocol):
    """One question at a time; free again when its answer is whole."""

    def __init__(self, free: deque[_Connection], latencies: list[float], failed: list[int]) -> None:
        self._free, self._latencies, self._failed = free, latencies, failed
        self._parser = httptools.HttpResponseParser(self)
        self._due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._free.append(self)

    def ask(self, question: bytes, due: float) -> None:
        self._due = due
        self._transport.write(question)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        self._latencies.append(time.perf_counter() - self._due)
        if self._parser.get_status_code() != 200:
            self._failed.append(self._parser.get_status_code())
        self._parser = httptools.HttpResponseParser(self)
        self._free.append(self)


async def ask(url: str, bodies: Path, rate: float, seconds: float) -> dict[str, float]:
    """Percentiles in ms of ``rate`` questions a second, and how late this client itself was."""
    place = urlsplit(url)
    lines = bodies.read_bytes().splitlines()
    head = f"POST {place.path} HTTP/1.1\r\nhost: {place.netloc}\r\ncontent-type: application/json\r\n"
    questions = [head.encode() + b"content-length: %d\r\n\r\n" % len(line) + line for line in lines]
    gaps = np.random.default_rng(_SEED).exponential(1 / rate, size=int(rate * seconds))
    free: deque[_Connection] = deque()
    latencies: list[float] = []
    failed: list[int] = []
    late = []
    loop = asyncio.get_running_loop()
    for _ in range(CONNECTIONS):
        await loop.create_connection(lambda: _Connection(free, latencies, failed), place.hostname, place.port)
    started = time.perf_counter() + 0.1
    for turn, due in enumerate(started + np.cumsum(gaps)):
        while time.perf_counter() < due or not free:
            await asyncio.sleep(0)
        late.append(time.perf_counter() - due)
        free.popleft().ask(questions[turn % len(questions)], due)
    while len(free) < CONNECTIONS:
        await asyncio.sleep(0.001)
    p50, p99, p999 = np.percentile(latencies, [50, 99, 99.9]) * 1000
    return {
        "asked": len(latencies),
        "failed": len(failed),
        "p50_ms": p50,
        "p99_ms": p99,
        "p999_ms": p999,
        "largest_ms": max(latencies) * 1000,
        "late_p99_ms": float(np.percentile(late, 99)) * 1000,
    }


if __name__ == "__main__":
    gc.disable()
    asked_url, file, asked_rate, length = sys.argv[1:]
    print(json.dumps(uvloop.run(ask(asked_url, Path(file), float(asked_rate), float(length)))))
