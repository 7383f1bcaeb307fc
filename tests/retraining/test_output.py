from __future__ import annotations

import os
import threading
from typing import IO

from zelo.retraining.output import LAST_LINES, LONGEST_LINE, MOST_LINES, Output


def pipe(content: bytes) -> IO[bytes]:
    """The end to read of a pipe that another thread fills and closes."""
    reading, writing = os.pipe()

    def fill() -> None:
        with os.fdopen(writing, "wb") as stream:
            stream.write(content)

    threading.Thread(target=fill).start()
    return os.fdopen(reading, "rb")


def test_lines_come_once_and_in_order() -> None:
    output = Output(pipe("um\n\ndois: ação\nthree".encode()))

    assert output.rest(10) == ["um", "dois: ação", "three"]
    assert output.rest(10) == []
    assert output.last == ["um", "dois: ação", "three"]


def test_what_is_no_text_is_shown_all_the_same() -> None:
    assert Output(pipe(b"\xff\xfe broken\n")).rest(10) == ["�� broken"]


def test_a_line_without_end_is_cut_into_pieces() -> None:
    lines = Output(pipe(b"x" * (2 * LONGEST_LINE + 5))).rest(10)

    assert [len(line) for line in lines] == [LONGEST_LINE, LONGEST_LINE, 5]


def test_too_many_lines_are_counted_and_the_last_are_kept() -> None:
    total = MOST_LINES + 50
    output = Output(pipe(b"".join(b"%d\n" % number for number in range(total))))

    told = output.rest(10)

    assert len(told) == MOST_LINES + 1
    assert told[-1] == "... 50 more lines were left out"
    assert output.last == [str(number) for number in range(total - LAST_LINES, total)]
