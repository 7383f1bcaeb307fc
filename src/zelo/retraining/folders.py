"""Kombu's broker of folders, with messages that are there whole or not at all, and folders that come back."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from queue import Empty
from typing import Any

import uuid_utils
from kombu.exceptions import ChannelError, KombuError
from kombu.transport import filesystem
from kombu.transport.virtual import Message
from pydantic_core import from_json, to_json

_JSON = frozenset({"application/json"})
_LOG = logging.getLogger(__name__)


class Channel(filesystem.Channel):
    """Kombu writes a message in the place where it is read; a worker that meets half of one ends.

    A message only wakes: one that cannot be read is deleted, and its job is found in the ledger.
    """

    # Kombu's own two declarations differ.
    def _put(self, queue: str, payload: Mapping[str, Any], **_: object) -> None:  # type: ignore[override]
        # UUIDs of version 7 are sorted by time, as the messages are read.
        name = f"{uuid_utils.uuid7()}.{queue}.msg"
        try:
            folder = self._messages()
            half = folder / f".{name}"
            half.write_bytes(to_json(payload))
            os.replace(half, folder / name)
        except OSError as error:
            raise ChannelError(f"cannot write a message: {error.strerror}") from error

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:
        for path in self._waiting(queue):
            try:
                found = path.read_bytes()
                path.unlink()
            except OSError:
                # Another worker took it; and whatever cannot be taken, the ledger knows of its job.
                continue
            if (payload := self._understood(found)) is not None:
                return payload
            _LOG.warning("the message %s cannot be read, and was deleted", path.name)
        raise Empty

    def _size(self, queue: str) -> int:
        return len(self._waiting(queue))

    def _queue_bind(self, exchange: str, *arguments: str) -> None:
        self._messages()
        try:
            super()._queue_bind(exchange, *arguments)  # type: ignore[no-untyped-call]
        except (ValueError, TypeError):
            file = self._exchange_file(exchange)  # type: ignore[no-untyped-call]
            _LOG.warning("%s cannot be read, and is made again", file.name)
            file.unlink()
            super()._queue_bind(exchange, *arguments)  # type: ignore[no-untyped-call]

    def _waiting(self, queue: str) -> list[Path]:
        try:
            found = self._messages().iterdir()
            return sorted(path for path in found if path.name.partition(".")[2] == f"{queue}.msg")
        except OSError as error:
            # No end of the worker: it looks into the ledger by itself.
            _LOG.warning("the messages cannot be read: %s", error)
            return []

    def _messages(self) -> Path:
        folder = Path(self.data_folder_in)
        if not folder.is_dir():
            for path in (folder.parent, folder, Path(self.control_folder)):
                make_private(path)
        return folder

    def _understood(self, found: bytes) -> dict[str, Any] | None:
        """The message, if it has all that Celery takes for granted in one."""
        try:
            payload: dict[str, Any] = from_json(found)
            message = Message(payload, channel=self, accept=_JSON)  # type: ignore[no-untyped-call]
            whole = {"id", "task"} <= message.headers.keys()
            whole &= {"exchange", "routing_key"} <= message.delivery_info.keys()
            match message.decode():  # type: ignore[no-untyped-call]
                case [list(), dict(), dict()] if whole:
                    return payload
        except (KombuError, ValueError, LookupError, TypeError, AttributeError):
            pass
        return None


class Transport(filesystem.Transport):
    """Folders as Kombu has them, with the channel above."""

    Channel = Channel


def make_private(folder: Path) -> None:
    """Make it where it is not. What Kombu reads there it carries out: it is this user's alone."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
