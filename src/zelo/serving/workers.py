"""Several processes that answer at one address; one that ends by itself is started again."""

from __future__ import annotations

import logging
import multiprocessing
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from time import monotonic
from types import FrameType
from typing import Any

READY, STOP, NOW = "ready", "stop", "now"
"""What a worker tells its parent, and what its parent tells it."""
GRACE_SECONDS = 30
"""How long requests in progress may take once nothing new is taken."""
_TICK_SECONDS = 0.1
_LONGEST_PAUSE = 30.0
_KILLED_AFTER = GRACE_SECONDS + 5.0
_LOG = logging.getLogger(__name__)
# A fork would take along threads and locks of the ledger and the runtime in the middle of what they do.
_SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Place:
    """What a worker is given: its number from 0 on, the socket, and the line to its parent."""

    number: int
    first: bool
    """Whether it is the first process of all: it says what is served."""
    listening: socket.socket
    line: Connection


Work = Callable[[Place], None]
"""Serves until it is told to stop; it is pickled, and called in a process of its own."""


@dataclass
class _Worker:
    process: SpawnProcess
    line: Connection
    ready: bool = False

    def tell(self, order: str) -> None:
        with suppress(OSError):
            self.line.send(order)


@dataclass
class _Number:
    """A worker's place: who has it now, and when the next one may have it."""

    worker: _Worker | None = None
    start_at: float = 0.0
    failures: int = 0
    """Processes in a row that ended before they were ready."""

    def fail(self) -> None:
        self.start_at = monotonic() + min(_LONGEST_PAUSE, 2.0**self.failures)
        self.failures += 1


@dataclass
class Workers:
    """The parent: it binds, starts, watches and stops, and answers nothing itself.

    The first worker is started alone, so that what cannot be served is said once; when it is ready the others
    follow. From then on a worker that ends is started again, at once if it was ready, else after a pause that
    doubles up to half a minute. Connections that nobody has taken yet wait in the socket, and are lost with
    no worker.
    """

    work: Work
    count: int
    drain_seconds: float
    gone: Callable[[int], None]
    """Called with the process id of a worker that has ended."""
    _numbers: list[_Number] = field(init=False)
    _signals: int = field(init=False, default=0)
    _served: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self._numbers = [_Number() for _ in range(self.count)]

    def run(self, host: str, port: int) -> int:
        """Serve until SIGTERM or SIGINT: 0, or the status of a first worker that could not begin.

        Raises:
            OSError: the address is taken, or is none of this machine's.
        """
        with _bound(host, port) as listening, self._listening_to_signals():
            try:
                while not self._signals:
                    status = self._mend(listening)
                    if status:
                        return status
                    self._rest()
            finally:
                # Copies in the workers are the only ones from now on: the last to leave closes the address.
                listening.close()
                self._stop()
        return 0

    def _mend(self, listening: socket.socket) -> int:
        """Start who is due and see who has ended: the status to end with, if the first one has failed."""
        for number, place in enumerate(self._numbers):
            worker = place.worker
            if worker is None:
                if (number == 0 or self._served) and monotonic() >= place.start_at:
                    place.worker = self._started(number, place, listening)
                continue
            if not worker.ready and _has_said(worker.line, READY):
                worker.ready = self._served = True
                place.failures = 0
            if worker.process.exitcode is not None:
                status = self._ended(number, place, worker)
                if not self._served:
                    return status if status > 0 else 1
        return 0

    def _started(self, number: int, place: _Number, listening: socket.socket) -> _Worker | None:
        ours, theirs = _SPAWN.Pipe()
        given = Place(number, number == 0 and not self._served, listening, theirs)
        process = _SPAWN.Process(target=self.work, args=(given,), name=f"zelo-worker-{number}")
        try:
            process.start()
        except OSError:
            if not self._served:
                raise
            # No memory or no process is left: the others go on answering, and this one is tried again.
            _LOG.exception("worker %s cannot be started", number)
            place.fail()
            ours.close()
            return None
        finally:
            theirs.close()
        return _Worker(process, ours)

    def _ended(self, number: int, place: _Number, worker: _Worker) -> int:
        status = worker.process.exitcode or 0
        if not worker.ready:
            place.fail()
        _LOG.error("worker %s (process %s) ended with %s", number, worker.process.pid, _told(status))
        self._forget(worker)
        return status

    def _stop(self) -> None:
        """Tell every worker to stop, wait, and kill those that do not."""
        told, until = 0, monotonic() + self.drain_seconds + _KILLED_AFTER
        for worker in self._running():
            if worker.ready:
                worker.tell(STOP)
            else:
                worker.process.terminate()
        while running := self._running():
            for worker in running:
                if worker.process.exitcode is not None:
                    self._forget(worker)
                elif monotonic() > until:
                    _LOG.error("process %s does not stop, and is killed", worker.process.pid)
                    worker.process.kill()
                elif self._signals > 1 and told < self._signals:
                    worker.tell(NOW)
            told = self._signals
            self._rest()

    def _forget(self, worker: _Worker) -> None:
        worker.process.join()
        worker.line.close()
        for place in self._numbers:
            if place.worker is worker:
                place.worker = None
        try:
            self.gone(worker.process.pid or 0)
        except OSError:
            _LOG.exception("what process %s has counted is lost", worker.process.pid)

    def _running(self) -> list[_Worker]:
        return [place.worker for place in self._numbers if place.worker is not None]

    def _rest(self) -> None:
        wait([worker.process.sentinel for worker in self._running()], timeout=_TICK_SECONDS)

    @contextmanager
    def _listening_to_signals(self) -> Iterator[None]:
        def count(_signal: int, _frame: FrameType | None) -> None:
            self._signals += 1

        before: dict[signal.Signals, Any] = {
            one: signal.signal(one, count) for one in (signal.SIGTERM, signal.SIGINT)
        }
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)


@contextmanager
def _bound(host: str, port: int) -> Iterator[socket.socket]:
    """A socket at the address. It is its workers who listen: before them callers are refused, not kept."""
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    with socket.socket(family, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        yield listening


def _has_said(line: Connection, word: str) -> bool:
    try:
        return bool(line.poll() and line.recv() == word)
    except (EOFError, OSError):
        return False


def _told(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"status {status}"
