"""Messages through the real brokers: folders, and Debian's Redis."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.processes import Redis
from tests.retraining.fake_jobs import until

from zelo.retraining.broker import QUEUE, make_app, notify

pytestmark = pytest.mark.slow
LISTEN = """
import sys
from pathlib import Path
from zelo.retraining.broker import listen, make_app
app = make_app(sys.argv[1] or None, Path(sys.argv[2]))
sys.exit(listen(app, lambda: print("woken", flush=True), name="zelo@test"))
"""


class Listener:
    def __init__(self, url: str, folder: Path) -> None:
        self.log = folder / "listener.log"
        self.app = make_app(url or None, folder / "broker")
        with self.log.open("wb") as log:
            command = [sys.executable, "-c", LISTEN, url, str(folder / "broker")]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)

    def woken(self) -> int:
        return self.log.read_text(encoding="utf-8").splitlines().count("woken")

    def told(self, job_id: str) -> None:
        """A message reaches it: tried again, as what is sent while the broker is away is lost."""
        before = self.woken()
        until(lambda: notify(self.app, job_id) and self.woken() > before)

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


@pytest.fixture
def redis() -> Iterator[Redis]:
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    server = Redis()
    yield server
    server.kill()


def test_over_folders(tmp_path: Path) -> None:
    app = make_app(None, tmp_path / "broker")
    assert notify(app, "before the worker is there")
    listener = Listener("", tmp_path)
    try:
        until(lambda: listener.woken() == 1)
        assert notify(app, "one")
        until(lambda: listener.woken() == 2)
        (tmp_path / "broker" / "messages" / ".half.zelo.msg").write_text('{"body', encoding="utf-8")
        assert notify(app, "two")
        until(lambda: listener.woken() == 3)
    finally:
        assert listener.end() == 0
    assert [path.name for path in (tmp_path / "broker" / "messages").iterdir()] == [".half.zelo.msg"]


GARBAGE = (
    "",
    "{",
    "[]",
    '{"a": 1}',
    '{"properties": {"delivery_tag": "1"}, "headers": {"task": "zelo.wake", "id": "1"}}',
    '{"properties": {"delivery_tag": "2"}, "headers": {"task": "zelo.wake", "id": "2"}, "body": "?",'
    ' "content-type": "application/json", "content-encoding": "utf-8"}',
    '{"properties": {"delivery_tag": "3"}, "headers": {"task": "another", "id": "3"}, "body": "[[],{},{}]",'
    ' "content-type": "application/json", "content-encoding": "utf-8"}',
)


def test_garbage_and_deleted_folders_end_no_worker(tmp_path: Path) -> None:
    listener = Listener("", tmp_path)
    messages = tmp_path / "broker" / "messages"
    try:
        listener.told("before")
        for number, text in enumerate(GARBAGE):
            half = tmp_path / "half"
            half.write_text(text, encoding="utf-8")
            half.rename(messages / f"0{number}.{QUEUE}.msg")
        listener.told("after garbage")
        until(lambda: not list(messages.glob(f"0?.{QUEUE}.msg")))

        # Away in one step: a folder that is emptied file by file fills again while the worker looks.
        messages.rename(tmp_path / "messages that were")
        listener.told("without its messages")
        messages.parent.rename(tmp_path / "broker that was")
        listener.told("without its folder")
    finally:
        assert listener.end() == 0


def test_over_redis_that_goes_away_and_comes_back(redis: Redis, tmp_path: Path) -> None:
    listener = Listener(redis.url, tmp_path)
    try:
        listener.told("one")
        redis.kill()
        assert not notify(listener.app, "two")
        redis.start()
        listener.told("three")
    finally:
        assert listener.end() == 0
    assert Redis.PASSWORD not in listener.log.read_text(encoding="utf-8")
