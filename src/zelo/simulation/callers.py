"""Traffic over HTTP in an open loop: a slow answer delays no later request."""

from __future__ import annotations

import heapq
import http.client
import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from zelo.errors import ServingError
from zelo.simulation.result import Driven
from zelo.simulation.traffic import Request, Traffic
from zelo.spec.project import Label

CALLERS = 8
TIMEOUT = 30.0
_JSON = {"content-type": "application/json"}
_OUTCOMES_AT_ONCE = 1_000
_TELL_EVERY = 0.1


@dataclass(frozen=True)
class Pace:
    """``rate`` requests a second on average; outcomes for a ``known`` share of the rows, ``delay`` seconds
    after their answer, on average (exponentially distributed, at most three times that)."""

    rate: float
    known: float = 1.0
    delay: float = 0.0


def call(
    url: str,
    name: str,
    traffic: Traffic,
    pace: Pace,
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Driven:
    """Send every request to a served project, and each truth when it is known; return when all are sent.

    Raises:
        ServingError: nobody answers at ``url``.
    """
    return _Callers(url, name, traffic, pace, progress).run()


class _Callers:
    def __init__(
        self, url: str, name: str, traffic: Traffic, pace: Pace, progress: Callable[[int, int], None]
    ) -> None:
        self._place = urlsplit(url)
        self._url, self._root = url, f"/projects/{name}"
        self._traffic, self._pace, self._progress = traffic, pace, progress
        self._driven = Driven()
        self._lock = threading.Lock()
        self._truths: list[tuple[float, str, Label | float]] = []
        self._ended, self._stopped = threading.Event(), threading.Event()
        gaps = np.random.default_rng((traffic.seed, 1)).exponential(1 / pace.rate, traffic.requests)
        self._due = np.cumsum(gaps)

    def run(self) -> Driven:
        self._refuse_nobody()
        start = time.monotonic()
        teller = threading.Thread(target=self._tell)
        callers = [threading.Thread(target=self._ask, args=(first, start)) for first in range(CALLERS)]
        for thread in (teller, *callers):
            thread.start()
        try:
            for thread in callers:
                while thread.is_alive():
                    thread.join(0.5)
                    self._progress(self._driven.rows, self._traffic.requests * self._traffic.rows_each)
        except BaseException:
            # Who stops it does not wait for what was to come.
            self._stopped.set()
            with self._lock:
                self._truths.clear()
            raise
        finally:
            self._ended.set()
            teller.join()
        return self._driven

    def _refuse_nobody(self) -> None:
        connection = self._connected()
        try:
            connection.request("GET", "/ready")
            connection.getresponse().read()
        except OSError as error:
            raise ServingError(
                "nobody answers",
                where=self._url,
                found=str(error) or type(error).__name__,
                expected="a served project",
                hint="zelo serve starts one; --url names its address",
            ) from error
        finally:
            connection.close()

    def _connected(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(
            self._place.hostname or "127.0.0.1", self._place.port, timeout=TIMEOUT
        )

    def _ask(self, first: int, start: float) -> None:
        """One caller: every eighth request, over a connection that it keeps."""
        connection = self._connected()
        for number in range(first, self._traffic.requests, CALLERS):
            request = self._traffic.request(number)
            due = start + self._due[number]
            if self._stopped.wait(max(0.0, due - time.monotonic())):
                break
            ids = self._answered(connection, request)
            with self._lock:
                self._driven.requests += 1
                if ids:
                    self._driven.rows += len(ids)
                    self._driven.latencies_ms.append((time.monotonic() - due) * 1000)
            self._remember(ids, request.truths, number)
        connection.close()

    def _answered(self, connection: http.client.HTTPConnection, request: Request) -> list[str]:
        """The ids of the answers; none where it was refused, which is counted."""
        one = len(request.rows) == 1
        path, body = ("/predict", request.rows[0]) if one else ("/predict/batch", {"rows": request.rows})
        answer = self._posted(connection, path, body)
        if answer is None:
            return []
        return [answer["id"]] if one else [entry["id"] for entry in answer["predictions"]]

    def _posted(self, connection: http.client.HTTPConnection, path: str, body: Any) -> Any:
        try:
            connection.request("POST", self._root + path, json.dumps(body).encode(), _JSON)
            response = connection.getresponse()
            content = response.read()
            if response.status < 300:
                return json.loads(content)
            reason = str(response.status)
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            reason = type(error).__name__
        with self._lock:
            self._driven.refused[reason] += 1
        return None

    def _remember(self, ids: Sequence[str], truths: Sequence[Label | float], number: int) -> None:
        chance = np.random.default_rng((self._traffic.seed, number, 2))
        now = time.monotonic()
        for prediction_id, truth in zip(ids, truths, strict=False):
            late = self._pace.delay * min(chance.exponential(), 3.0)
            if chance.random() < self._pace.known:
                with self._lock:
                    heapq.heappush(self._truths, (now + late, prediction_id, truth))

    def _tell(self) -> None:
        """Bring the truths that are known, until nobody asks any more and none is left."""
        connection = self._connected()
        while not self._ended.wait(_TELL_EVERY) or self._truths:
            if self._ended.is_set():
                time.sleep(_TELL_EVERY)
            known = self._known_by(time.monotonic())
            if not known:
                continue
            outcomes = [{"prediction_id": found, "value": truth} for _, found, truth in known]
            answer = self._posted(connection, "/outcomes", {"outcomes": outcomes})
            self._driven.outcomes += answer["joined"] if answer else 0
        connection.close()

    def _known_by(self, now: float) -> list[tuple[float, str, Label | float]]:
        found: list[tuple[float, str, Label | float]] = []
        with self._lock:
            while self._truths and self._truths[0][0] <= now and len(found) < _OUTCOMES_AT_ONCE:
                found.append(heapq.heappop(self._truths))
        return found
