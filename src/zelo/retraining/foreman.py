"""The thread of a worker that looks for jobs in the ledger and runs them, one after the other."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from zelo.errors import LedgerError
from zelo.ledger.jobs import Job, Jobs
from zelo.retraining.pace import Pace
from zelo.retraining.supervise import supervise

_LOG = logging.getLogger(__name__)


class Foreman:
    """Looks when it is woken and every ``pace.look`` seconds: a message that was lost loses no job.

    It is alive for as long as its process, which a child on Linux is bound to.
    """

    def __init__(
        self,
        jobs: Jobs,
        *,
        worker: str,
        command: Callable[[Job], Sequence[str]],
        environment: Mapping[str, str],
        pace: Pace,
        now: Callable[[], datetime],
    ) -> None:
        self._jobs = jobs
        self._worker = worker
        self._command = command
        self._environment = environment
        self._pace = pace
        self._now = now
        self._woken = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="foreman")

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Look now, if no job runs."""
        self._woken.set()

    def stop(self) -> None:
        """Give a running job back to the queue, and end."""
        self._stop.set()
        self._woken.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._woken.clear()
                if not self._looked_and_ran():
                    self._woken.wait(self._pace.look)
        finally:
            if not self._stop.is_set():
                # A worker that looks no more must not seem to work.
                os.kill(os.getpid(), signal.SIGTERM)

    def _looked_and_ran(self) -> bool:
        try:
            return self.run_next()
        except (LedgerError, OSError) as error:
            _LOG.error("%s", error)
            return False

    def run_next(self) -> bool:
        """Take back what was lost, and run the oldest job whose project is free; False without one."""
        for lost in self._jobs.requeue_lost(self._now() - timedelta(seconds=self._pace.lost)):
            _LOG.warning("job %s of %s was lost and is %s", lost.id, lost.project, lost.state)
        for waiting in self._jobs.queued():
            job = self._jobs.claim(waiting.id, self._worker)
            if job is None:
                continue
            _LOG.info("job %s of %s runs, attempt %d", job.id, job.project, job.attempt)
            supervise(
                self._jobs,
                job,
                self._command(job),
                environment=self._environment,
                pace=self._pace,
                stop=self._stop,
            )
            if (ended := self._jobs.job(job.id)) is not None:
                _LOG.info("job %s of %s is %s", job.id, job.project, ended.state)
            return True
        return False
