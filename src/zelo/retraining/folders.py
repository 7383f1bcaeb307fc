"""Kombu's broker of folders, with messages that are there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import uuid_utils
from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from pydantic_core import to_json


class Channel(filesystem.Channel):
    """Kombu writes a message in the place where it is read; a worker that meets half of one ends."""

    # Kombu's own two declarations differ.
    def _put(self, queue: str, payload: Mapping[str, Any], **_: object) -> None:  # type: ignore[override]
        folder = Path(self.data_folder_out)
        # UUIDs of version 7 are sorted by time, as the messages are read.
        name = f"{uuid_utils.uuid7()}.{queue}.msg"
        half = folder / f".{name}"
        try:
            half.write_bytes(to_json(payload))
            os.replace(half, folder / name)
        except OSError as error:
            half.unlink(missing_ok=True)
            raise ChannelError(f"cannot write a message: {error.strerror}") from error


class Transport(filesystem.Transport):
    """Folders as Kombu has them, with the channel above."""

    Channel = Channel
