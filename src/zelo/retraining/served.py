"""How a version served while the traffic was divided: what the serving processes left in the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from zelo.ledger.store import Ledger

EVENT = "serving"
FEWEST_CALLS = 20
"""Of the predictor in a window, for their 95th percentile to say something."""
_MOST_EVENTS = 10_000


@dataclass(frozen=True)
class Served:
    """Rows that a version was asked for and ``failed`` on, and in how many windows of time it was ``slow``.

    Of a window's failures those count that are more than the other version's: where neither can answer, the
    rows are at fault. A window is slow where its 95th percentile is above the limit; one in which the other
    version was slow too tells of the machine, and is left out. ``p95_ms`` is the newest window's.
    """

    rows: int = 0
    failed: int = 0
    windows: int = 0
    slow: int = 0
    p95_ms: float | None = None


def served_since(
    ledger: Ledger, project: str, version: str, other: str, *, since: datetime, slow_ms: float
) -> Served:
    """Add up the events ``serving`` from ``since`` on.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    events = ledger.events(project, kind=EVENT, limit=_MOST_EVENTS)
    told = [event.payload["versions"] for event in events if event.at >= since]
    mine = [versions[version] for versions in told if version in versions]
    judged = [
        versions[version]["p95_ms"] > slow_ms
        for versions in told
        if version in versions
        and versions[version]["calls"] >= FEWEST_CALLS
        and not (other in versions and versions[other]["p95_ms"] > slow_ms)
    ]
    return Served(
        rows=sum(window["rows"] for window in mine),
        failed=sum(
            max(0, versions[version]["failed"] - versions.get(other, {}).get("failed", 0))
            for versions in told
            if version in versions
        ),
        windows=len(judged),
        slow=sum(judged),
        p95_ms=mine[0]["p95_ms"] if mine else None,
    )
