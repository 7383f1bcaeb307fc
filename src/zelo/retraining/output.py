"""What a child process says, line by line, bounded in length and in number."""

from __future__ import annotations

import threading
from collections import deque
from typing import IO

LONGEST_LINE = 2_000
MOST_LINES = 2_000
LAST_LINES = 20


class Output:
    """Reads a stream to its end in a thread, so that the child never waits for a reader."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._new: deque[str] = deque()
        self._last: deque[str] = deque(maxlen=LAST_LINES)
        self._left_out = 0
        self._told = 0
        self._thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._thread.start()

    def _read(self, stream: IO[bytes]) -> None:
        with stream:
            for part in iter(lambda: stream.readline(LONGEST_LINE), b""):
                if text := part.decode(errors="replace").rstrip():
                    self._last.append(text)
                    if self._told < MOST_LINES:
                        self._told += 1
                        self._new.append(text)
                    else:
                        self._left_out += 1

    def new(self) -> list[str]:
        """The lines since the last call."""
        return [self._new.popleft() for _ in range(len(self._new))]

    def rest(self, seconds: float) -> list[str]:
        """The lines since the last call, when the child has ended; with how many were left out."""
        self._thread.join(seconds)
        left = [f"... {self._left_out} more lines were left out"] if self._left_out else []
        return self.new() + left

    @property
    def last(self) -> list[str]:
        """The last lines, also of those that were left out."""
        return list(self._last)
