"""Requests that are being answered, and the end of their time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from time import perf_counter

from zelo.serving.exchange import Exchange

_LOOK_SECONDS = 0.5


class Deadlines:
    """Answers in their stead where no answer has begun after ``seconds``.

    What works on such a request goes on and is not waited for: a thread cannot be stopped. One look over all
    of them costs a request less than a timer of its own.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._open: set[Exchange] = set()
        self.begin = self._open.add
        self.end = self._open.discard

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Look every so often, until left."""
        task = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(min(_LOOK_SECONDS, self._seconds / 4))
            late = perf_counter() - self._seconds
            for one in [one for one in self._open if one.started < late and not one.status]:
                await one.give_up()
