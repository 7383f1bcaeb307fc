"""The tie of a job's process to its worker; without Linux a lost attempt finds out before it registers."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

from zelo.errors import ConflictError

_PR_SET_PDEATHSIG = 1


def die_with(parent: int) -> None:
    """Have the system end this process by force when ``parent`` ends.

    Raises:
        ConflictError: the parent has ended already.
    """
    _on_death_of_parent(signal.SIGKILL)
    if os.getppid() != parent:
        raise ConflictError(
            "a job's process runs under its worker alone",
            found=f"parent process {os.getppid()}",
            expected=f"process {parent}",
            hint="start zelo worker; it runs the jobs",
        )


def outlive() -> None:
    """From here on neither the end of the worker nor its wish ends this process."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _on_death_of_parent(0)


def _on_death_of_parent(number: int) -> None:
    if sys.platform != "linux":
        return
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
