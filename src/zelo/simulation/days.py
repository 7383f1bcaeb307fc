"""Days of traffic in seconds: through the service itself, at made-up times, into the ledger."""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from zelo.ledger.records import OutcomeRecord
from zelo.ledger.store import Ledger
from zelo.serving.service import Service
from zelo.simulation.result import Driven
from zelo.simulation.traffic import Traffic
from zelo.spec.project import Label


@dataclass(frozen=True)
class Plan:
    """``days`` of traffic that end at ``until``; outcomes come for a ``known`` share of the rows.

    A truth is known ``delay`` days after its prediction, on average (exponentially distributed), and told at
    the end of that day, as a nightly job does. What is not known at ``until`` has not come yet.
    """

    until: datetime
    days: int
    known: float = 1.0
    delay: float = 1.0


class Clock:
    """A clock that is set."""

    def __init__(self, time: datetime) -> None:
        self.time = time

    def __call__(self) -> datetime:
        return self.time


def drive(
    open_service: Callable[[Callable[[], datetime]], Service],
    ledger: Ledger,
    traffic: Traffic,
    plan: Plan,
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Driven:
    """Ask every request of the traffic at its time, and tell the outcomes when they are known.

    Args:
        open_service: makes the service on a clock; it must write to ``ledger``.
        ledger: its clock is replaced for the time of the call, so that outcomes are recorded when they come.

    Raises:
        LedgerError: a prediction or an outcome cannot be recorded.
        RequestError: a row breaks the contract.
        ServingError: the model cannot answer.
    """
    start = plan.until - timedelta(days=plan.days)
    clock = Clock(start)
    service = open_service(clock)
    kept, ledger.now = ledger.now, clock
    driven, waiting = Driven(), _Waiting(ledger, service.name, traffic.seed, plan)
    try:
        night = start + timedelta(days=1)
        for number, at in enumerate(_times(traffic, plan, start)):
            while at >= night:
                clock.time = night
                driven.outcomes += waiting.tell(night)
                night += timedelta(days=1)
            clock.time = at
            request = traffic.request(number)
            question = service.ask_rows(json.dumps({"rows": request.rows}).encode())
            (answers,) = service.predict([question])
            if isinstance(answers, Exception):
                raise answers
            driven.requests += 1
            driven.rows += len(answers)
            waiting.add([answer["id"] for answer in answers], request.truths, at)
            progress(driven.rows, traffic.requests * traffic.rows_each)
        clock.time = plan.until
        driven.outcomes += waiting.tell(plan.until)
    finally:
        ledger.now = kept
    return driven


def _times(traffic: Traffic, plan: Plan, start: datetime) -> Iterator[datetime]:
    """When each request is asked, in order: as a Poisson process of so many in so long."""
    drawn = np.sort(np.random.default_rng((traffic.seed, traffic.requests)).random(traffic.requests))
    return (start + timedelta(days=plan.days) * float(share) for share in drawn)


class _Waiting:
    """Truths that are not told yet, the one that is known first on top."""

    def __init__(self, ledger: Ledger, project: str, seed: int, plan: Plan) -> None:
        self._ledger, self._project, self._plan = ledger, project, plan
        self._chance = np.random.default_rng((seed, plan.days))
        self._heap: list[tuple[datetime, str, Label | float]] = []

    def add(self, ids: list[str], truths: tuple[Label | float, ...], at: datetime) -> None:
        for prediction_id, truth in zip(ids, truths, strict=True):
            late = timedelta(days=self._plan.delay * self._chance.exponential())
            if self._chance.random() < self._plan.known:
                heapq.heappush(self._heap, (at + late, prediction_id, truth))

    def tell(self, until: datetime) -> int:
        records = []
        while self._heap and self._heap[0][0] <= until:
            known, prediction_id, truth = heapq.heappop(self._heap)
            records.append(OutcomeRecord(truth, known, prediction_id=prediction_id))
        return self._ledger.record_outcomes(self._project, records).joined if records else 0
