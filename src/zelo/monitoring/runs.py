"""Whether the jobs ran that keep a forecast alive: ``zelo data`` and ``zelo predict``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from zelo.ledger.records import Event
from zelo.ledger.store import Ledger
from zelo.monitoring.alarms import Alarm

JOBS = {"data": "data", "forecast": "predict"}
"""The kind of the event that a run leaves, and the command that runs."""
FAILED = "failed"


@dataclass(frozen=True)
class Job:
    """The last run of a command and its last good one; ``None`` where there is none.

    ``status`` is what the run said of itself; a run that says nothing went well. ``days`` is how long ago the
    last good run was, ``latest`` how many days ago it may be.
    """

    command: str
    last: datetime | None
    status: str | None
    last_good: datetime | None
    days: float | None
    latest: int

    def alarms(self) -> tuple[Alarm, ...]:
        """The last run failed, or the last good one is too long ago, or there is none."""
        failed = (
            (Alarm("run_failed", self.command, on=self.last.date()),)
            if self.last is not None and self.status == FAILED
            else ()
        )
        if self.last_good is None or self.days is None:
            return (*failed, Alarm("run_never", self.command))
        if self.days <= self.latest:
            return failed
        late = Alarm(
            "run_late", self.command, on=self.last_good.date(), found=self.days, expected=self.latest
        )
        return (*failed, late)


def last_runs(ledger: Ledger, project: str, now: datetime, latest: timedelta) -> tuple[Job, ...]:
    """Each job's last runs; ``latest``: after how long one is late. Raises LedgerError."""
    return tuple(
        _job(command, ledger.events(project, kind=kind), now, latest) for kind, command in JOBS.items()
    )


def _job(command: str, newest_first: list[Event], now: datetime, latest: timedelta) -> Job:
    last = newest_first[0] if newest_first else None
    good = next((event for event in newest_first if _status(event.payload) != FAILED), None)
    return Job(
        command=command,
        last=last.at if last else None,
        status=_status(last.payload) if last else None,
        last_good=good.at if good else None,
        days=(now - good.at) / timedelta(days=1) if good else None,
        latest=latest.days,
    )


def _status(payload: Any) -> str:
    return str(payload.get("status", "done"))
