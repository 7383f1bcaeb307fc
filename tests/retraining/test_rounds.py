from __future__ import annotations

import logging
import sys
import time
from pathlib import Path

import pytest

from zelo.retraining.rounds import Rounds

WRITE = "import sys; open(sys.argv[1], 'a').write('round\\n')"


def until(found: object, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not found():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_one_round_after_the_other(tmp_path: Path) -> None:
    file = tmp_path / "rounds"
    rounds = Rounds([sys.executable, "-c", WRITE, str(file)], seconds=0.05, environment={})
    rounds.start()

    until(lambda: file.exists() and len(file.read_text().splitlines()) >= 2)
    rounds.stop()

    made = file.read_text()
    time.sleep(0.3)
    assert file.read_text() == made


def test_a_round_that_fails_is_told_and_the_next_one_comes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "rounds"
    code = f"{WRITE}; sys.exit('no ledger')"
    rounds = Rounds([sys.executable, "-c", code, str(file)], seconds=0.05, environment={})
    with caplog.at_level(logging.ERROR):
        rounds.start()
        until(lambda: file.exists() and len(file.read_text().splitlines()) >= 2)
        rounds.stop()

    assert "status 1" in caplog.text
    assert "no ledger" in caplog.text


def test_a_round_that_runs_is_ended(tmp_path: Path) -> None:
    file = tmp_path / "rounds"
    rounds = Rounds(
        [sys.executable, "-c", f"{WRITE}; import time; time.sleep(60)", str(file)],
        seconds=0.05,
        environment={},
    )
    rounds.start()
    until(file.exists)

    started = time.monotonic()
    rounds.stop()

    assert time.monotonic() - started < 15


def test_no_rounds(tmp_path: Path) -> None:
    rounds = Rounds([sys.executable, "-c", WRITE, str(tmp_path / "rounds")], seconds=0, environment={})
    rounds.start()
    time.sleep(0.3)
    rounds.stop()

    assert not (tmp_path / "rounds").exists()
