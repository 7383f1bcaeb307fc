"""The process that serves an app: uvicorn, until a signal says stop."""

from __future__ import annotations

from contextlib import suppress
from types import FrameType

import uvicorn
from fastapi import FastAPI

_GRACE_SECONDS = 30


def serve(app: FastAPI, host: str = "127.0.0.1", port: int = 8000) -> None:
    """Serve until a signal says stop; requests in progress are answered first. Bodies are never logged."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        access_log=False,
        # What uvicorn says goes where everything goes: zelo.logs.
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    with suppress(KeyboardInterrupt):
        _Server(config, app).run()


class _Server(uvicorn.Server):
    """Tells the app of a signal at once: what streams without end would hold up the stop."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._app.state.stopping = True
        super().handle_exit(sig, frame)
