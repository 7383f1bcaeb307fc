"""A long run: whether memory grows, whether every answer is in the ledger, whether the journal keeps up."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import statsmodels.api as sm

from benchmarks.serving_load import peak
from benchmarks.serving_peers.servers import Server

BURST_SECONDS = 2
WARM_UP = 1 / 3
"""The part of the bursts in which allocators and caches still fill."""
LAGS = 4
_IN_FLIGHT = 64
"""Answers a burst that wrk may leave unread when its time is over."""
_RECORDED = "SELECT (SELECT count(*) FROM predictions) + (SELECT coalesce(sum(rows), 0) FROM journal)"
_WAITING = "SELECT coalesce(sum(rows), 0) FROM journal"


@dataclass(frozen=True)
class LongRun:
    """Growth is in bytes a request, with its 95 % interval; ``waiting`` rows were still in the journal."""

    answered: int
    rate: float
    growth: float
    low: float
    high: float
    largest_mb: float
    recorded: int
    waiting: int

    @property
    def complete(self) -> bool:
        """Each answer that was read is recorded, and nothing that nobody asked for."""
        bursts = self.answered / (self.rate * BURST_SECONDS)
        return self.answered <= self.recorded <= self.answered + _IN_FLIGHT * (bursts + 1)


def long_run(server: Server, ledger: Path, seconds: int) -> LongRun:
    """Bursts of load one after the other, the anonymous memory of all the server's processes after each.

    Growth is the slope of memory on requests. Neighbouring bursts are alike, and so its interval is by the
    errors of Newey and West (1987).
    """
    before = _count(ledger, _RECORDED)
    answered, memory = [], [_memory(server)]
    for _ in range(seconds // BURST_SECONDS):
        answered.append(peak(server, BURST_SECONDS)["answered"])
        memory.append(_memory(server))
    waiting = _count(ledger, _WAITING)
    first = round(len(answered) * WARM_UP)
    requests = np.cumsum([0.0, *answered])[first:]
    fit = sm.OLS(memory[first:], sm.add_constant(requests)).fit(
        cov_type="HAC", cov_kwds={"maxlags": LAGS, "use_correction": True}, use_t=True
    )
    low, high = fit.conf_int()[1]
    return LongRun(
        answered=int(sum(answered)),
        rate=sum(answered) / (len(answered) * BURST_SECONDS),
        growth=float(fit.params[1]),
        low=float(low),
        high=float(high),
        largest_mb=max(memory) / 2**20,
        recorded=_count(ledger, _RECORDED) - before,
        waiting=waiting,
    )


def _count(ledger: Path, query: str) -> int:
    connection = sqlite3.connect(f"file:{ledger}?mode=ro", uri=True, timeout=30)
    try:
        return int(connection.execute(query).fetchone()[0])
    finally:
        connection.close()


def _memory(server: Server) -> int:
    """Bytes that are the processes' own: pages of files come and go as the system likes."""
    return sum(_anonymous(process.pid) for process in server.processes())


def _anonymous(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (kilobytes,) = (line.split()[1] for line in lines if line.startswith("RssAnon:"))
    return int(kilobytes) * 1024
