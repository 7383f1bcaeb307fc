"""What the workers of one server tell each other, by files in a folder of their own."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from zelo.serving.summed import counted, summed

TELL_SECONDS = 1.0
"""How often each worker writes down what it has counted: what a killed one may not have told."""
_SUFFIX = ".metrics"
_GONE = "gone"
_CALL = "call"
_LOCK = "lock"


class Siblings:
    """One worker's view of the folder. Thread-safe.

    What is told of a worker is what its file says, and never more than that: so a total never falls when the
    worker is killed and its file is all that is left.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._own = _file(folder, str(os.getpid()))
        self._telling = threading.Lock()
        self._count: Callable[[], bytes] = bytes

    def join(self, count: Callable[[], bytes]) -> None:
        """``count`` gives what this worker has counted; it is never called twice at a time."""
        self._count = count

    def tell(self) -> bytes:
        """Write down what this worker has counted. Raises OSError."""
        with self._telling:
            exposition = self._count()
            _write(self._own, exposition)
        return exposition

    def together(self) -> bytes:
        """What all have counted: this one until now, the others until their last second. Raises OSError."""
        exposition = self.tell()
        with _locked(self._folder, fcntl.LOCK_SH):
            found = {path: path.read_bytes() for path in self._folder.glob(f"*{_SUFFIX}")}
        gone = found.pop(_file(self._folder, _GONE), None)
        others = [text for path, text in found.items() if path != self._own]
        return summed(exposition, others, [gone] if gone else [])

    def call(self) -> None:
        """Let every sibling look at the registry again. Raises OSError."""
        (self._folder / _CALL).touch()

    def called(self) -> int | None:
        """When somebody called last, in nanoseconds."""
        try:
            return (self._folder / _CALL).stat().st_mtime_ns
        except FileNotFoundError:
            return None


def bury(folder: Path, process: int) -> None:
    """Keep what a worker that has ended had counted, and let go of its file. Raises OSError."""
    left, gone = _file(folder, str(process)), _file(folder, _GONE)
    with _locked(folder, fcntl.LOCK_EX):
        if left.exists():
            _write(gone, counted([path.read_bytes() for path in (gone, left) if path.exists()]))
            left.unlink()


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}{_SUFFIX}"


def _write(path: Path, content: bytes) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_bytes(content)
    fresh.replace(path)


@contextmanager
def _locked(folder: Path, how: int) -> Iterator[None]:
    with (folder / _LOCK).open("a") as lock:
        fcntl.flock(lock, how)
        yield
