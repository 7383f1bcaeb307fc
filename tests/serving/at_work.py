"""What workers do that serve nothing; a process of its own finds it by its name."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from zelo.serving.workers import NOW, READY, Place


def obedient(folder: Path, place: Place) -> None:
    """Is ready, and goes when it is told to."""
    _begin(folder, place)
    place.line.recv()


def stubborn(folder: Path, place: Place) -> None:
    """Goes when it is told twice."""
    _begin(folder, place)
    while place.line.recv() != NOW:
        pass


def deaf(folder: Path, place: Place) -> None:
    """Hears nothing."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _begin(folder, place)
    time.sleep(600)


def mortal(folder: Path, place: Place) -> None:
    """The first process of all is killed once it is ready."""
    _begin(folder, place)
    if place.first:
        os.kill(os.getpid(), signal.SIGKILL)
    place.line.recv()


def sickly(folder: Path, place: Place) -> None:
    """The second worker fails once before it is ready."""
    if place.number == 1 and not (folder / "failed").exists():
        (folder / "failed").touch()
        raise SystemExit(3)
    obedient(folder, place)


def stillborn(folder: Path, place: Place) -> None:
    raise SystemExit(7)


def _begin(folder: Path, place: Place) -> None:
    place.listening.listen()
    place.line.send(READY)
    (folder / f"{place.number}-{os.getpid()}").touch()
