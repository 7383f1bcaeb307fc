"""What a served process tells the ledger of its versions, for whoever watches them from another process."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from zelo.errors import LedgerError
from zelo.ledger.records import utc_now
from zelo.ledger.store import Ledger
from zelo.serving.service import Committed

KIND = "serving"
EVERY = timedelta(minutes=1)
_LOG = logging.getLogger(__name__)


@dataclass
class _Minute:
    """Sums since the last event, by version; ``milliseconds`` one by one, a predictor call each."""

    since: datetime
    scored: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    milliseconds: dict[str, list[float]] = field(default_factory=dict)

    def payload(self, until: datetime) -> dict[str, Any]:
        versions = {
            version: {
                "rows": rows,
                "answered": self.answered[version],
                "failed": self.failed[version],
                "calls": len(self.milliseconds[version]),
                "p95_ms": round(float(np.percentile(self.milliseconds[version], 95)), 3),
            }
            for version, rows in sorted(self.scored.items())
        }
        return {"since": self.since.isoformat(), "until": until.isoformat(), "versions": versions}


class Minutes:
    """An event ``serving`` at most once a minute, and as soon as a version begins to fail.

    ``committed`` only counts, so that no answer waits; ``look`` writes, and is to be called every second or
    so. Thread-safe.
    """

    def __init__(self, ledger: Ledger, project: str, *, now: Callable[[], datetime] = utc_now) -> None:
        self._ledger = ledger
        self._project = project
        self._now = now
        self._lock = threading.Lock()
        self._minute: _Minute | None = None
        self._failing = False

    def committed(self, committed: Committed) -> None:
        """Count what became of rows that were answered together."""
        with self._lock:
            minute = self._minute = self._minute or _Minute(self._now())
            minute.scored.update(committed.scored)
            minute.failed.update(committed.failed)
            for (version, _, _), rows in committed.labels.items():
                minute.answered[version] += rows
            for version, seconds in committed.seconds_of.items():
                minute.milliseconds.setdefault(version, []).append(1_000 * seconds)

    def look(self) -> None:
        """Write the event if it is time. Where the ledger cannot be written, that is logged."""
        with self._lock:
            minute, until = self._minute, self._now()
            begins = minute is not None and minute.failed.total() > 0 and not self._failing
            if minute is None or (until - minute.since < EVERY and not begins):
                return
            self._minute = None
            self._failing = minute.failed.total() > 0
        self._write(minute, until)

    def close(self) -> None:
        """Write what is left."""
        with self._lock:
            minute, self._minute = self._minute, None
        if minute is not None:
            self._write(minute, self._now())

    def _write(self, minute: _Minute, until: datetime) -> None:
        rows, failed = minute.scored.total(), minute.failed.total()
        reason = f"{rows} rows scored, {failed} of them failed"
        try:
            self._ledger.record_event(self._project, KIND, "zelo serve", reason, minute.payload(until))
        except LedgerError as error:
            _LOG.error("a minute of %s is not in the ledger: %s", self._project, error)
