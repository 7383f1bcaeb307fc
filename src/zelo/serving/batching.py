"""Waiting requests are taken together: whatever waits when the last batch is done. There is no timer.

Under little load a request is a batch of its own and waits for nobody; under much load batches grow by
themselves, and the cost of a predictor call and of a commit is shared.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from zelo.errors import OverloadError, ServingError
from zelo.logs import REQUEST

Asked = TypeVar("Asked")
Answered = TypeVar("Answered")
Work = Callable[[Sequence[Asked]], Sequence[Answered | Exception]]
_IDS_TOLD = 20


@dataclass(eq=False, slots=True)
class _Ticket(Generic[Asked, Answered]):
    question: Asked
    rows: int
    future: asyncio.Future[Answered]
    request: str


class Batcher(Generic[Asked, Answered]):
    """Hands waiting questions to ``work`` in one thread, so that the event loop is never blocked.

    ``work`` takes questions and gives, in their order, for each its answer or the exception that is its
    caller's. What it raises instead fails the questions of that batch, and no others.
    One event loop uses one batcher.
    """

    def __init__(self, work: Work[Asked, Answered], *, max_waiting_rows: int) -> None:
        self._work = work
        self._max_waiting_rows = max_waiting_rows
        self._waiting: deque[_Ticket[Asked, Answered]] = deque()
        self._waiting_rows = 0
        self._runner: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="zelo-batch")
        self._closed = False

    @property
    def waiting_rows(self) -> int:
        """Rows that wait for the batch at work to end."""
        return self._waiting_rows

    async def submit(self, question: Asked, rows: int) -> Answered:
        """The answer to a question of that many rows.

        Raises:
            OverloadError: too many rows wait, or the batcher is closed.
        """
        if self._closed:
            raise OverloadError("the server is stopping", hint="ask another instance, or again in a moment")
        # A question is never too large where none waits: it could not be answered later either.
        if self._waiting and self._waiting_rows + rows > self._max_waiting_rows:
            raise OverloadError(
                "too many rows are waiting",
                found=f"{self._waiting_rows} waiting, {rows} more asked for",
                expected=f"at most {self._max_waiting_rows} waiting",
                hint="ask again in a moment, or with fewer rows",
            )
        ticket = _Ticket(question, rows, asyncio.get_running_loop().create_future(), REQUEST.get())
        self._waiting.append(ticket)
        self._waiting_rows += rows
        if self._runner is None:
            self._runner = asyncio.create_task(self._run())
        try:
            answer: Answered = await ticket.future
        except asyncio.CancelledError:
            self._forget(ticket)
            raise
        return answer

    async def close(self) -> None:
        """Take no more questions, answer those that wait, and let the thread go."""
        self._closed = True
        if self._runner is not None:
            await self._runner
        self._thread.shutdown()

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch = tuple(self._waiting)
                self._waiting.clear()
                self._waiting_rows = 0
                await self._answer(batch)
                # Let callers have their answers, and take in who has come meanwhile: batches grow under load.
                await asyncio.sleep(0)
        finally:
            self._runner = None

    async def _answer(self, batch: Sequence[_Ticket[Asked, Answered]]) -> None:
        loop = asyncio.get_running_loop()
        questions = [ticket.question for ticket in batch]
        work = partial(_working, _requests(batch), self._work, questions)
        results: Sequence[Answered | Exception]
        try:
            results = await loop.run_in_executor(self._thread, work)
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to the callers of this batch
            results = [error] * len(batch)
        if len(results) != len(batch):
            results = [ServingError("the work lost an answer")] * len(batch)
        for ticket, result in zip(batch, results, strict=True):
            if ticket.future.done():
                continue
            if isinstance(result, Exception):
                ticket.future.set_exception(result)
            else:
                ticket.future.set_result(result)

    def _forget(self, ticket: _Ticket[Asked, Answered]) -> None:
        if ticket in self._waiting:
            self._waiting.remove(ticket)
            self._waiting_rows -= ticket.rows


def _requests(batch: Sequence[_Ticket[Asked, Answered]]) -> str:
    """The ids of the requests in a batch, for its log."""
    named = [ticket.request for ticket in batch if ticket.request]
    more = f" and {len(named) - _IDS_TOLD} more" if len(named) > _IDS_TOLD else ""
    return ",".join(named[:_IDS_TOLD]) + more


def _working(
    request: str, work: Work[Asked, Answered], questions: Sequence[Asked]
) -> Sequence[Answered | Exception]:
    """``work`` in the batch's thread, which lives on and knows no request by itself."""
    token = REQUEST.set(request)
    try:
        return work(questions)
    finally:
        REQUEST.reset(token)
