"""The verb: run a claimed job in a child process, beat for it, and see it to its end, whatever that is."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence

from zelo.errors import LedgerError
from zelo.ledger.jobs import Job, Jobs, Verdict
from zelo.retraining.output import Output
from zelo.retraining.pace import Pace

STOPPED = "the worker was stopped"
_LOG = logging.getLogger(__name__)


def supervise(
    jobs: Jobs,
    job: Job,
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    pace: Pace,
    stop: threading.Event,
) -> None:
    """Run ``command`` for the job until it ends, is cancelled or lost, or ``stop`` is set.

    The child writes down its own result. What is left to say when it is gone is said here: that it was
    cancelled, that it goes back to the queue because the worker stops, or that it failed and how.
    """
    child = _start(command, environment, pace.nice)
    assert child.stdout is not None
    output = Output(child.stdout)
    verdict: Verdict = "go"
    told_to_end: float | None = None
    while not _ended(child, pace.beat):
        verdict = _look(jobs, job, output) or verdict
        if verdict == "go" and not stop.is_set():
            continue
        if told_to_end is None:
            told_to_end = time.monotonic()
            child.terminate()
        elif time.monotonic() - told_to_end > pace.grace and not _registering(jobs, job):
            _kill(child)
    _say(jobs, job, output.rest(pace.grace))
    _conclude(jobs, job, child.returncode, verdict, output.last, stopped=stop.is_set())


def _start(command: Sequence[str], environment: Mapping[str, str], nice: int) -> subprocess.Popen[bytes]:
    child = subprocess.Popen(  # noqa: S603 - the worker's own command
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    # From here, before the child has threads: those that it starts later step back as it does.
    try:
        os.setpriority(os.PRIO_PROCESS, child.pid, nice)
    except ProcessLookupError:
        _LOG.debug("process %d ended before it could step back", child.pid)
    except OSError as error:
        _LOG.warning("process %d does not step back: %s", child.pid, error)
    return child


def _ended(child: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _look(jobs: Jobs, job: Job, output: Output) -> Verdict | None:
    """Write down what was said, and beat. None where the ledger does not answer now: the next beat may."""
    _say(jobs, job, output.new())
    try:
        return jobs.beat(job.id, job.attempt)
    except LedgerError as error:
        _LOG.warning("job %s: %s", job.id, error)
        return None


def _say(jobs: Jobs, job: Job, lines: Sequence[str]) -> None:
    if not lines:
        return
    try:
        jobs.line(job.id, *lines)
    except LedgerError as error:
        _LOG.warning("job %s: %s\nwhat it said:\n%s", job.id, error, "\n".join(lines))


def _registering(jobs: Jobs, job: Job) -> bool:
    """Also where the ledger does not answer now: what may be registering is not ended by force."""
    try:
        found = jobs.job(job.id)
    except LedgerError:
        return True
    return found is not None and found.attempt == job.attempt and found.registering


def _kill(child: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


def _conclude(
    jobs: Jobs, job: Job, status: int, verdict: Verdict, last: Sequence[str], *, stopped: bool
) -> None:
    if verdict == "cancel":
        jobs.finish(job.id, job.attempt, "cancelled")
    elif stopped:
        jobs.requeue(job.id, job.attempt, STOPPED)
    elif verdict == "go":
        error = {
            "what": "the job's process ended without a result",
            "found": f"exit status {status}" if status >= 0 else f"ended by {signal.Signals(-status).name}",
            "hint": "look at its log; SIGKILL that nobody sent means that the memory was full",
            "log": list(last),
        }
        jobs.finish(job.id, job.attempt, "failed", error=error)
