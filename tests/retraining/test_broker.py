from __future__ import annotations

import importlib.util
import json
import shutil
import stat
import threading
import time
from pathlib import Path
from queue import Empty

import pytest

from zelo.errors import SpecError
from zelo.retraining.broker import NOTIFY_SECONDS, QUEUE, make_app, notify


def test_the_folders_are_this_user_s_alone(tmp_path: Path) -> None:
    home = tmp_path / "home" / "broker"
    app = make_app(None, home)

    assert notify(app, "j1")

    for folder in (home, home / "messages", home / "control"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_message_is_json_and_carries_the_id_alone(tmp_path: Path) -> None:
    app = make_app(None, tmp_path)

    notify(app, "j1")

    (message,) = (tmp_path / "messages").glob(f"*.{QUEUE}.msg")
    told = json.loads(message.read_text(encoding="utf-8"))
    assert told["content-type"] == "application/json"
    assert told["headers"]["task"] == "zelo.wake"
    assert told["headers"]["argsrepr"] == "['j1']"
    assert list(app.conf.accept_content) == ["json"]
    assert app.conf.worker_enable_remote_control is False


def test_a_broker_that_is_not_there_is_told_soon_and_without_its_password(
    caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    pytest.importorskip("redis")
    app = make_app("redis://:secret@127.0.0.1:1/0", tmp_path)
    start = time.monotonic()

    assert not notify(app, "j1")

    assert time.monotonic() - start < NOTIFY_SECONDS + 3
    assert "job j1 waits for a worker's next look" in caplog.text
    assert "secret" not in caplog.text + app.connection().as_uri()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    app = make_app(None, tmp_path)
    (tmp_path / "messages").rmdir()
    (tmp_path / "messages").write_text("in its place")

    assert not notify(app, "j1")


def test_folders_that_were_deleted_come_back(tmp_path: Path) -> None:
    home = tmp_path / "broker"
    app = make_app(None, home)
    with app.connection() as connection, connection.SimpleQueue(QUEUE) as queue:
        shutil.rmtree(home)
        with pytest.raises(Empty):
            queue.get(block=False)

    assert notify(app, "j1")

    assert len(list((home / "messages").iterdir())) == 1
    for folder in (home, home / "messages", home / "control"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"null",
        b"{}",
        b'{"properties": {"delivery_tag": "1"}}',
        b'{"properties": {"delivery_tag": "1", "body_encoding": "base64"}, "body": "?"}',
        b'{"properties": {"delivery_tag": "1"}, "headers": {"task": "zelo.wake"}}',
    ],
)
def test_a_message_that_cannot_be_read_is_skipped(
    garbage: bytes, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    app = make_app(None, tmp_path)
    bad = tmp_path / "messages" / f"0.{QUEUE}.msg"
    bad.write_bytes(garbage)
    notify(app, "j1")

    with app.connection() as connection, connection.SimpleQueue(QUEUE) as queue:
        told = queue.get(block=False)

    assert told.headers["argsrepr"] == "['j1']"
    assert "cannot be read" in caplog.text
    assert not bad.exists()


def test_a_table_of_queues_that_cannot_be_read_is_made_again(tmp_path: Path) -> None:
    app = make_app(None, tmp_path)
    (tmp_path / "control" / f"{QUEUE}.exchange").write_bytes(b"")

    assert notify(app, "j1")

    assert len(list((tmp_path / "messages").iterdir())) == 1


def test_many_threads_of_a_server_may_announce(tmp_path: Path) -> None:
    app = make_app(None, tmp_path)
    threads = [threading.Thread(target=notify, args=(app, f"j{number}")) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(list((tmp_path / "messages").iterdir())) == 8


@pytest.mark.parametrize(
    "url",
    [
        "amqp://ana:secret@host//",
        "redis.host:6379",
        "memory://",
        "nothing",
        "redis://:secret@localhost:abc/0",
        "redis://:secret@localhost:99999/0",
        "redis://:secret@[bad/0",
        "redis://:secret@localhost:1/zero",
        "redis://:sec#ret@localhost:1/0",
        "localhost:1/zero",
    ],
)
def test_a_broker_that_is_not_ours(url: str, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="broker's URL cannot be used") as caught:
        make_app(url, tmp_path)
    assert "secret" not in str(caught.value)
    assert caught.value.where == "ZELO_BROKER_URL"


def test_redis_without_its_library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)

    with pytest.raises(SpecError, match="not installed") as caught:
        make_app("redis://127.0.0.1/0", tmp_path)
    assert "zelo[redis]" in caught.value.hint
