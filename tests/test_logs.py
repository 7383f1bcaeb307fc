"""Lines for people and for programs, with the request's id, and with nobody's values."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from loguru import logger

from zelo.errors import LedgerError, RequestError, SpecError
from zelo.logs import REQUEST, message_of, set_up

SECRET = "Maria Aparecida 123.456.789-09"
LOG = logging.getLogger("zelo.serving.something")


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """The root's handlers and levels, which belong to the process."""
    root, levels = logging.getLogger(), {name: logging.getLogger(name).level for name in ("zelo", "uvicorn")}
    handlers = list(root.handlers)
    yield
    logger.remove()
    root.handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


def entries(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_people_read_the_time_the_level_where_from_and_the_request(stream: io.StringIO) -> None:
    set_up(stream=stream)
    token = REQUEST.set("abc-1")
    LOG.warning("the ledger is %s {braces} <and> more", "slow")
    REQUEST.reset(token)
    LOG.info("later")

    first, second = stream.getvalue().splitlines()
    assert first.endswith("WARNING zelo.serving.something [abc-1] the ledger is slow {braces} <and> more")
    assert second.endswith("INFO    zelo.serving.something later")


def test_programs_read_an_object_a_line(stream: io.StringIO) -> None:
    set_up(stream=stream, form="json")
    REQUEST.set("abc-2")
    LOG.info("answered\nin two lines", extra={"facts": {"status": 200, "ms": 3.1}})
    REQUEST.set("")

    (entry,) = entries(stream.getvalue())
    assert entry["message"] == "answered\nin two lines"
    assert (entry["level"], entry["logger"]) == ("INFO", "zelo.serving.something")
    assert (entry["request"], entry["status"], entry["ms"]) == ("abc-2", 200, 3.1)
    assert "error" not in entry


def test_the_level_is_zelos_own_and_libraries_only_warn(stream: io.StringIO) -> None:
    set_up(stream=stream, level="DEBUG")
    library = logging.getLogger("some.library")
    library.setLevel(logging.DEBUG)
    LOG.debug("own detail")
    library.info("chatter")
    library.warning("careful")
    assert "own detail" in stream.getvalue()
    assert "careful" in stream.getvalue()
    assert "chatter" not in stream.getvalue()


def failing() -> None:
    value = SECRET
    raise ValueError(f"could not convert string to float: {value!r}")


@pytest.mark.parametrize("form", ["human", "json"])
def test_an_error_tells_its_place_and_no_value(stream: io.StringIO, form: Any) -> None:
    set_up(stream=stream, form=form)
    try:
        try:
            failing()
        except ValueError as error:
            raise LedgerError("the ledger cannot be used", found=SECRET, expected="a database") from error
    except LedgerError:
        LOG.exception("the request failed")

    text = stream.getvalue()
    assert "in failing" in text
    assert "ValueError (its message is withheld" in text
    assert "LedgerError: the ledger cannot be used; expected a database" in text
    for part in SECRET.split():
        assert part not in text


@pytest.mark.parametrize(
    ("message", "args"),
    [
        ("job %s: %s", ("j1", ValueError(SECRET))),
        ("job %s: %s", ("j1", RequestError("the row is not valid", found=SECRET))),
        (ValueError(SECRET), ()),
    ],
)
def test_an_error_among_what_is_said_is_told_without_its_values(
    stream: io.StringIO, message: Any, args: tuple[Any, ...]
) -> None:
    set_up(stream=stream)
    LOG.warning(message, *args)
    assert stream.getvalue()
    assert "Maria" not in stream.getvalue()


def test_of_a_librarys_message_the_first_line_is_kept(stream: io.StringIO) -> None:
    set_up(stream=stream)
    logging.getLogger("asyncio").error(
        "Task exception was never retrieved\nfuture: <Task exception=ValueError('%s')>", SECRET
    )
    assert "never retrieved" in stream.getvalue()
    assert "Maria" not in stream.getvalue()


def test_the_file_is_json_and_rotates(tmp_path: Path, stream: io.StringIO) -> None:
    path = tmp_path / "logs" / "zelo.log"
    set_up(stream=stream, file=path, rotation="2 KB", retention="1 day")
    for number in range(40):
        LOG.info("line %d of a log that grows and grows", number)
    logger.remove()

    files = sorted(path.parent.iterdir())
    assert len(files) > 1
    said = [entry["message"] for file in files for entry in entries(file.read_text(encoding="utf-8"))]
    assert sorted(said) == sorted(f"line {number} of a log that grows and grows" for number in range(40))
    assert len(stream.getvalue().splitlines()) == 40


@pytest.mark.parametrize("wrong", [{"rotation": "sometimes"}, {"retention": "a while"}])
def test_a_rotation_that_cannot_be_read_is_told(tmp_path: Path, wrong: dict[str, str]) -> None:
    with pytest.raises(SpecError, match="rotation or retention"):
        set_up(file=tmp_path / "zelo.log", **wrong)


def test_setting_up_again_says_everything_once(stream: io.StringIO) -> None:
    set_up(stream=stream)
    set_up(stream=stream)
    LOG.info("once")
    assert stream.getvalue().count("once") == 1


def test_a_line_that_is_written_wrongly_fails_nobody() -> None:
    record = logging.LogRecord("library", logging.WARNING, "", 0, "%d rows", ("many",), None)

    assert message_of(record) == "%d rows"
