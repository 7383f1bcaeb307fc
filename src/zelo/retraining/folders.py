"""Kombu's broker of folders, with messages that are there whole or not at all."""

from __future__ import annotations

import os

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import uuid_utils
from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):  # type: ignore[misc]
    """Kombu writes a message in the place where it is read; a worker that meets half of one ends."""

    def _put(self, queue: str, payload: Mapping[str, Any], **_: object) -> None:
        folder = Path(self.data_folder_out)
        # UUIDs of version 7 are sorted by time, as the messages are read.
        name = f"{uuid_utils.uuid7()}.{queue}.msg"
        half = folder / f".{name}"
        try:
            half.write_text(dumps(payload), encoding="utf-8")
            os.replace(half, folder / name)
        except OSError as error:
            half.unlink(missing_ok=True)
            raise ChannelError(f"cannot write a message: {error.strerror}") from error


class Transport(filesystem.Transport):  # type: ignore[misc]
    Channel = Channel
