"""The parent of several workers; they are real processes that serve nothing."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from tests.serving.at_work import deaf, mortal, obedient, sickly, stillborn, stubborn

from zelo.serving import workers as module
from zelo.serving.workers import Place, Workers


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def stop_after(tmp_path: Path) -> Iterator[Callable[[int, int], None]]:
    """Sends this process so many signals when so many workers have begun."""
    threads: list[threading.Thread] = []

    def wait(begun: int, signals: int) -> None:
        deadline = time.monotonic() + 20
        while len(list(tmp_path.glob("*-*"))) < begun and time.monotonic() < deadline:
            time.sleep(0.02)
        for _ in range(signals):
            # Time for the parent to see what has begun, or to pass the signal on.
            time.sleep(0.4)
            os.kill(os.getpid(), signal.SIGTERM)

    def started(begun: int, signals: int = 1) -> None:
        threads.append(threading.Thread(target=wait, args=(begun, signals)))
        threads[-1].start()

    yield started
    for thread in threads:
        thread.join()


def ran(
    folder: Path, work: Callable[[Path, Place], None], port: int, count: int = 2
) -> tuple[int, list[int]]:
    """The status, and the processes that were told to be gone."""
    gone: list[int] = []
    status = Workers(partial(work, folder), count, 0.0, gone.append).run("127.0.0.1", port)
    with socket.socket() as caller:
        assert caller.connect_ex(("127.0.0.1", port)) != 0
    return status, gone


def numbers(folder: Path) -> list[str]:
    return sorted(path.name.partition("-")[0] for path in folder.glob("*-*"))


def test_a_signal_ends_them_all(
    tmp_path: Path, port: int, stop_after: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    stop_after(2)
    status, gone = ran(tmp_path, obedient, port)
    assert status == 0
    assert sorted(path.name for path in tmp_path.glob("*-*")) == sorted(
        f"{number}-{process}" for number, process in zip((0, 1), sorted(gone), strict=True)
    )
    assert not caplog.records


def test_one_that_is_killed_is_replaced(tmp_path: Path, port: int, stop_after: Callable[..., None]) -> None:
    stop_after(3)
    status, gone = ran(tmp_path, mortal, port)
    assert (status, numbers(tmp_path), len(gone)) == (0, ["0", "0", "1"], 3)


def test_one_that_cannot_begin_is_tried_again_after_a_while(
    tmp_path: Path, port: int, stop_after: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    stop_after(2)
    status, gone = ran(tmp_path, sickly, port)
    assert (status, numbers(tmp_path), len(gone)) == (0, ["0", "1"], 3)
    assert "ended with status 3" in caplog.text


def test_a_first_one_that_cannot_begin_ends_it(tmp_path: Path, port: int) -> None:
    status, gone = ran(tmp_path, stillborn, port, count=3)
    assert (status, len(gone)) == (7, 1)


def test_a_second_signal_makes_them_hurry(
    tmp_path: Path, port: int, stop_after: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    stop_after(1, signals=2)
    assert ran(tmp_path, stubborn, port, count=1)[0] == 0
    assert "killed" not in caplog.text


def test_one_that_does_not_stop_is_killed(
    tmp_path: Path,
    port: int,
    stop_after: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(module, "_KILLED_AFTER", 0.3)
    stop_after(1)
    assert ran(tmp_path, deaf, port, count=1)[0] == 0
    assert "does not stop, and is killed" in caplog.text


def test_an_address_that_is_taken_is_refused(tmp_path: Path, port: int) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        with pytest.raises(OSError, match="in use"):
            Workers(partial(obedient, tmp_path), 1, 0.0, print).run("127.0.0.1", port)
