"""Logs: lines for people, JSON for programs, the request's id in each, and no value of anybody's record.

Every room logs by the standard library; what it says goes to loguru here, and nowhere else. An error may
carry values of fields in its message, and so may what a library says of one. So of an error a line tells its
place in the code and what Zelo itself says of it, and never what was found.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TextIO

from loguru import logger

from zelo.errors import SpecError, ZeloError

if TYPE_CHECKING:
    from loguru import Record

REQUEST: ContextVar[str] = ContextVar("request", default="")
"""The id of the request that is worked on, or the ids of those that are answered together."""

OWN = ("zelo", "uvicorn")
WITHHELD = "its message is withheld: it may hold values"

_HUMAN = "<green>{time:YYYY-MM-DD HH:mm:ss.SSS}</green> <level>{level: <7}</level> {extra[logger]}"


def set_up(
    *,
    level: str = "INFO",
    form: Literal["human", "json"] = "human",
    file: Path | None = None,
    rotation: str = "50 MB",
    retention: str = "30 days",
    stream: TextIO | None = None,
) -> None:
    """Send what is logged to ``stream`` (standard error), and as JSON, a line an entry, to ``file``.

    Args:
        level: of Zelo's own lines and the server's; of the libraries' warnings and worse are kept.
        form: how ``stream`` is written.
        rotation: when a new file is begun: a size, an interval or a time of day, as loguru reads it.
        retention: how long files that were closed are kept, or how many.

    Raises:
        SpecError: loguru cannot read the rotation or the retention.
    """
    logger.remove()
    logger.add(stream or sys.stderr, level=level, format=_line if form == "human" else _json_line, **_PLAIN)
    if file is not None:
        try:
            logger.add(
                file,
                level=level,
                format=_json_line,
                rotation=rotation,
                retention=retention,
                encoding="utf-8",
                # Several processes write here, and the one that is not about to rotate finds the new file.
                watch=True,
                **_PLAIN,
            )
        except ValueError as error:
            raise SpecError(
                "the log's rotation or retention cannot be read",
                where="ZELO_LOG_ROTATION, ZELO_LOG_RETENTION",
                found=f"{rotation}, {retention}",
                expected='for example "50 MB" or "1 day", and "30 days" or "10 days"',
            ) from error
    _intercept(level)


_PLAIN: dict[str, Any] = {"backtrace": False, "diagnose": False, "catch": True}
"""loguru's own tracebacks would show the values of variables."""


def _intercept(level: str) -> None:
    root = logging.getLogger()
    for handler in list(root.handlers):
        if isinstance(handler, _ToLoguru):
            root.removeHandler(handler)
    root.addHandler(_ToLoguru())
    for name in OWN:
        logging.getLogger(name).setLevel(level)


class _ToLoguru(logging.Handler):
    """Hands what the standard library's loggers say to loguru."""

    def emit(self, record: logging.LogRecord) -> None:
        own = record.name.split(".", 1)[0] in OWN
        if not own and record.levelno < logging.WARNING:
            return
        facts = getattr(record, "facts", {})
        error = record.exc_info[1] if record.exc_info else None
        told = logger.bind(
            logger=record.name, request=REQUEST.get(), facts=facts, error=error and trace_of(error)
        )
        told.log(record.levelname if record.levelname in _LEVELS else record.levelno, message_of(record))


_LEVELS = frozenset({"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"})


def message_of(record: logging.LogRecord) -> str:
    """What a record says; an error among what it says is told without what was found.

    Of a library's message the first line is kept: the others repeat the error, or the data.
    """
    if isinstance(record.msg, BaseException):
        return told_of(record.msg)
    if not isinstance(record.args, tuple):
        return record.getMessage()
    args = tuple(told_of(part) if isinstance(part, BaseException) else part for part in record.args)
    try:
        message = str(record.msg) % args if args else str(record.msg)
    except (TypeError, ValueError):
        # A line that a library wrote wrongly must not fail the request that it is about.
        message = str(record.msg)
    own = record.name.split(".", 1)[0] in OWN
    return message if own else message.partition("\n")[0]


def told_of(error: BaseException) -> str:
    """An error without the values that it found: of Zelo's tree what happened and what was expected."""
    name = type(error).__name__
    if isinstance(error, ZeloError):
        where = f"{error.where}: " if error.where else ""
        expected = f"; expected {error.expected}" if error.expected else ""
        return f"{name}: {where}{error.what}{expected}"
    if isinstance(error, OSError) and error.strerror:
        return f"{name}: {error.strerror}"
    return f"{name} ({WITHHELD})"


def trace_of(error: BaseException) -> str:
    """Where in the code an error comes from, with those that caused it, the first one first."""
    parts: list[str] = []
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    for one in reversed(chain):
        parts += ["Traceback (most recent call last):\n", *traceback.format_tb(one.__traceback__)]
        parts.append(f"{told_of(one)}\n")
    return "".join(parts).rstrip("\n")


def _line(record: Record) -> str:
    extra = record["extra"]
    extra.setdefault("logger", record["name"] or "")
    request = " [{extra[request]}]" if extra.get("request") else ""
    error = "\n{extra[error]}" if extra.get("error") else ""
    return f"{_HUMAN}{request} {{message}}{error}\n"


def _json_line(record: Record) -> str:
    extra = record["extra"]
    line = {
        "at": record["time"].isoformat(),
        "level": record["level"].name,
        "logger": extra.get("logger", record["name"]),
        "process": record["process"].id,
        "thread": record["thread"].name,
        "request": extra.get("request") or None,
        "message": record["message"],
        **extra.get("facts", {}),
        "error": extra.get("error"),
    }
    kept = {name: value for name, value in line.items() if value is not None}
    extra["line"] = json.dumps(kept, ensure_ascii=False, default=str)
    return "{extra[line]}\n"
