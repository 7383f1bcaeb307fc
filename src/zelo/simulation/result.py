"""What became of simulated traffic."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Driven:
    """Rows that were answered, requests that were not by reason, and outcomes that came.

    ``latencies_ms`` are those of answered requests over HTTP, each from when the request was due.
    """

    requests: int = 0
    rows: int = 0
    outcomes: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    latencies_ms: list[float] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For JSON: the latencies as percentiles."""
        import numpy as np

        found = asdict(self)
        latencies = found.pop("latencies_ms")
        if latencies:
            p50, p95, p99 = np.percentile(latencies, [50, 95, 99])
            found["latency_ms"] = {"p50": round(p50, 2), "p95": round(p95, 2), "p99": round(p99, 2)}
        return found
