from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from zelo.errors import OverloadError
from zelo.serving.batching import Batcher


class Work:
    """Doubles numbers. The first batch waits until ``go`` is set."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.began = threading.Event()
        self.go = threading.Event()

    def __call__(self, questions: Sequence[int]) -> list[int | Exception]:
        self.batches.append(list(questions))
        self.began.set()
        assert self.go.wait(10)
        if any(question < 0 for question in questions):
            raise ArithmeticError
        return [ValueError(str(question)) if question == 13 else question * 2 for question in questions]


async def first_at_work(batcher: Batcher[int, int], work: Work, question: int = 1) -> asyncio.Task[int]:
    task = asyncio.create_task(batcher.submit(question, 1))
    assert await asyncio.to_thread(work.began.wait, 10)
    return task


def run(scenario: Any) -> None:
    async def whole() -> None:
        work = Work()
        batcher: Batcher[int, int] = Batcher(work, max_waiting_rows=10)
        try:
            await asyncio.wait_for(scenario(batcher, work), 20)
        finally:
            work.go.set()
            await batcher.close()

    asyncio.run(whole())


def test_what_waits_when_a_batch_is_done_is_taken_together() -> None:
    async def scenario(batcher: Batcher[int, int], work: Work) -> None:
        first = await first_at_work(batcher, work)
        rest = [asyncio.create_task(batcher.submit(number, 1)) for number in (2, 3, 4)]
        await asyncio.sleep(0)
        assert batcher.waiting_rows == 3
        work.go.set()

        assert [await first, *[await task for task in rest]] == [2, 4, 6, 8]
        assert work.batches == [[1], [2, 3, 4]]

    run(scenario)


def test_the_event_loop_goes_on_while_a_batch_is_at_work() -> None:
    async def scenario(batcher: Batcher[int, int], work: Work) -> None:
        task = await first_at_work(batcher, work)
        for _ in range(100):
            await asyncio.sleep(0)
        assert not task.done()
        work.go.set()
        assert await task == 2

    run(scenario)


def test_too_many_waiting_rows_are_refused_and_the_others_answered() -> None:
    async def scenario(batcher: Batcher[int, int], work: Work) -> None:
        first = await first_at_work(batcher, work)
        waiting = asyncio.create_task(batcher.submit(2, 9))
        await asyncio.sleep(0)
        with pytest.raises(OverloadError, match="too many rows"):
            await batcher.submit(3, 2)
        last = asyncio.create_task(batcher.submit(4, 1))
        work.go.set()

        assert [await first, await waiting, await last] == [2, 4, 8]
        assert batcher.waiting_rows == 0

    run(scenario)


def test_a_question_larger_than_the_bound_is_taken_when_none_waits() -> None:
    async def scenario(batcher: Batcher[int, int], work: Work) -> None:
        work.go.set()
        assert await batcher.submit(2, 11) == 4

    run(scenario)


def test_a_failing_batch_fails_only_its_own() -> None:
    async def scenario(batcher: Batcher[int, int], work: Work) -> None:
        first = await first_at_work(batcher, work, -1)
        later = asyncio.create_task(batcher.submit(5, 1))
        await asyncio.sleep(0)
        work.go.set()

        with pytest.raises(ArithmeticError):
            await first
        assert await later == 10

    run(scenario)


def test_each_caller_gets_its_own_exception() -> None:
    async def scenario(batcher: Batcher[int, int], work: Work) -> None:
        work.go.set()
        good, bad = await asyncio.gather(batcher.submit(5, 1), batcher.submit(13, 1), return_exceptions=True)
        assert good == 10
        assert isinstance(bad, ValueError)
        assert work.batches == [[5, 13]]

    run(scenario)


def test_a_cancelled_request_is_dropped_and_breaks_no_other() -> None:
    async def scenario(batcher: Batcher[int, int], work: Work) -> None:
        first = await first_at_work(batcher, work)
        dropped = asyncio.create_task(batcher.submit(2, 4))
        kept = asyncio.create_task(batcher.submit(3, 1))
        await asyncio.sleep(0)
        dropped.cancel()
        first.cancel()
        await asyncio.sleep(0)
        assert batcher.waiting_rows == 1
        work.go.set()

        assert await kept == 6
        assert work.batches == [[1], [3]]
        assert first.cancelled()

    run(scenario)


def test_work_that_loses_an_answer_leaves_nobody_waiting() -> None:
    async def scenario() -> None:
        batcher: Batcher[int, int] = Batcher(lambda _: [], max_waiting_rows=10)
        with pytest.raises(Exception, match="lost an answer"):
            await asyncio.wait_for(batcher.submit(1, 1), 10)
        await batcher.close()

    asyncio.run(scenario())


def test_closing_answers_those_who_wait_and_takes_no_more() -> None:
    async def scenario(batcher: Batcher[int, int], work: Work) -> None:
        first = await first_at_work(batcher, work)
        second = asyncio.create_task(batcher.submit(2, 1))
        await asyncio.sleep(0)
        closing = asyncio.create_task(batcher.close())
        await asyncio.sleep(0)
        with pytest.raises(OverloadError, match="stopping"):
            await batcher.submit(3, 1)
        work.go.set()
        await closing

        assert [await first, await second] == [2, 4]

    run(scenario)
