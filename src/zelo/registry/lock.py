"""One move of a project's versions at a time, whichever process makes it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def one_at_a_time(registry: Path, project: str) -> Iterator[None]:
    """Waits until no other process moves the project's versions. The system lets go where a process ends."""
    folder = registry / project
    folder.mkdir(parents=True, exist_ok=True)
    with _held(os.open(folder, os.O_RDONLY)):
        yield


@contextmanager
def one_round(registry: Path, project: str) -> Iterator[None]:
    """Waits until no other process makes a round over the project: what one has begun the next one sees."""
    folder = registry / project
    folder.mkdir(parents=True, exist_ok=True)
    with _held(os.open(folder / "round.lock", os.O_RDWR | os.O_CREAT, 0o600)):
        yield


@contextmanager
def _held(lock: int) -> Iterator[None]:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
