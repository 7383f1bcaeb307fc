"""The thread of a worker that has every project looked at, one round after the other, in a child process."""

from __future__ import annotations

import logging
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence

_LOG = logging.getLogger(__name__)
_GRACE_SECONDS = 10.0
_LAST_SIGNS = 2_000


class Rounds:
    """Runs ``command`` every ``seconds``; never where they are 0. A round that is late delays the next one.

    In a process of its own, a round that breaks or fills the memory takes no job with it.
    """

    def __init__(self, command: Sequence[str], *, seconds: float, environment: Mapping[str, str]) -> None:
        self._command = command
        self._seconds = seconds
        self._environment = environment
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rounds")

    def start(self) -> None:
        if self._seconds > 0:
            self._thread.start()

    def stop(self) -> None:
        """End a round that runs, and make no other."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._seconds):
            try:
                self._once()
            except OSError as error:
                _LOG.error("a round could not be begun: %s", error)

    def _once(self) -> None:
        with subprocess.Popen(  # noqa: S603 - the worker's own command
            self._command,
            env=dict(self._environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        ) as child:
            said = b""
            while child.poll() is None:
                try:
                    _, said = child.communicate(timeout=0.5)
                except subprocess.TimeoutExpired:
                    if self._stop.is_set():
                        _end(child)
                        return
        # One that is stopped from outside, with its worker, has broken nothing.
        if child.returncode and child.returncode != -signal.SIGTERM:
            text = said.decode(errors="replace").strip()[-_LAST_SIGNS:]
            _LOG.error("a round ended with status %d:\n%s", child.returncode, text)


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.communicate(timeout=_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
