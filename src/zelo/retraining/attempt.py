"""One attempt at a job, from inside its process: what it tells the ledger, and whether it may still go on."""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from zelo.errors import ConflictError, LedgerError, ZeloError
from zelo.ledger.jobs import Ending, Job, Jobs
from zelo.retraining.lifeline import outlive

TELL_SECONDS = 0.5
PATIENCE = 60
"""Beats for which a result waits for a ledger that is locked or full."""
Said = TypeVar("Said")
_LOG = logging.getLogger(__name__)


class Attempt:
    """Tells progress at most twice a second, and holds the line while the result is registered."""

    def __init__(
        self, jobs: Jobs, job: Job, *, beat: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._jobs = jobs
        self._job = job
        self._beat = beat
        self._clock = clock
        self._told = -TELL_SECONDS
        self._facts: Mapping[str, Any] = {}
        self._ended = threading.Event()

    def progress(self, candidate: str, done: int, total: int) -> None:
        """A candidate's fits. Raises ConflictError where the job is another attempt's by now."""
        now = self._clock()
        facts = {"stage": "training", "candidate": candidate, "done": done, "total": total}
        if facts == self._facts or (now - self._told < TELL_SECONDS and done < total):
            return
        self._told, self._facts = now, facts
        try:
            mine = self._jobs.progress(self._job.id, self._job.attempt, facts)
        except LedgerError as error:
            _LOG.warning("progress was not written: %s", error)
            return
        if not mine:
            raise self._withdrawn("it is not this attempt's any more")

    def guard(self) -> None:
        """The last question before anything is registered; from here on nobody ends this process but itself.

        Raises:
            ConflictError: the job was cancelled, or is another attempt's by now.
        """
        outlive()
        verdict = self._patiently(lambda: self._jobs.seal(self._job.id, self._job.attempt))
        if verdict != "go":
            raise self._withdrawn("it was cancelled" if verdict == "cancel" else "it is another attempt's")
        threading.Thread(target=self._live_on, daemon=True).start()

    def run(self, work: Callable[[], Mapping[str, Any]]) -> None:
        """Do the work and write down what came of it. Raises what the work raised."""
        try:
            self._finish("succeeded", result=work())
        except ZeloError as error:
            self._failed(error.as_dict())
            raise
        except Exception as error:
            lines = traceback.format_exc().splitlines()
            self._patiently(lambda: self._jobs.line(self._job.id, *lines))
            self._failed({"what": "the job broke", "found": f"{type(error).__name__}: {error}"})
            raise
        finally:
            self._ended.set()

    def _failed(self, error: Mapping[str, str]) -> None:
        found = self._patiently(lambda: self._jobs.job(self._job.id))
        if found is not None and found.cancel_requested:
            self._finish("cancelled")
        else:
            self._finish("failed", error=error)

    def _finish(self, state: Ending, **said: Mapping[str, Any]) -> None:
        self._patiently(lambda: self._jobs.finish(self._job.id, self._job.attempt, state, **said))

    def _patiently(self, write: Callable[[], Said]) -> Said:
        for _ in range(PATIENCE):
            try:
                return write()
            except LedgerError as error:
                _LOG.warning("the ledger is asked again: %s", error)
                time.sleep(self._beat)
        return write()

    def _live_on(self) -> None:
        while not self._ended.wait(self._beat):
            try:
                self._jobs.beat(self._job.id, self._job.attempt)
            except LedgerError as error:
                _LOG.warning("a beat was not written: %s", error)

    def _withdrawn(self, found: str) -> ConflictError:
        return ConflictError("the job was withdrawn", where=f"job {self._job.id}", found=found)
