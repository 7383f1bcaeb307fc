"""The process that serves an app: uvicorn, until a signal or its parent says stop."""

from __future__ import annotations

import gc
import signal
import socket
import sys
from multiprocessing.connection import Connection
from time import monotonic
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from zelo.serving.app import App
from zelo.serving.arrival import Arrival
from zelo.serving.workers import GRACE_SECONDS, NOW, READY, STOP

_SWITCH_SECONDS = 0.001
_GARBAGE = (50_000, 20, 100)
_CLOSE = (b"connection", b"close")


def serve(app: App, host: str = "127.0.0.1", port: int = 8000, *, drain_seconds: float = 0.0) -> None:
    """Serve until SIGTERM or SIGINT, then return. Bodies are never logged.

    The first signal takes readiness away; for ``drain_seconds`` requests are still taken, and each answer
    closes its connection. Then the address is left, and requests in progress are answered. A second signal
    leaves at once, and a third one waits for nobody.
    """
    _tune_the_interpreter()
    _Server(_config(app, host=host, port=port), app, drain_seconds).run()


def serve_on(app: App, listening: socket.socket, line: Connection, *, drain_seconds: float) -> None:
    """Serve as one of several processes on a socket of their parent's.

    ``line`` leads to the parent: it is told of readiness and says when to stop. Where the parent is gone, the
    worker stops as well. SIGINT, which a terminal sends to all of them, is the parent's.
    """
    _tune_the_interpreter()
    _Server(_config(app), app, drain_seconds, line).run([listening])


def _tune_the_interpreter() -> None:
    """For short answers: who comes back from the disk or the model soon has the interpreter again, what was
    loaded at the start is not looked through for garbage ever after, and a thousand rows are no reason to
    look."""
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GARBAGE)


def _config(app: App, host: str = "127.0.0.1", port: int = 8000) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        access_log=False,
        # What uvicorn says goes where everything goes: zelo.logs.
        log_config=None,
        server_header=False,
        http=Arrival,
        ws="none",
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


class _Server(uvicorn.Server):
    """Leaves in steps: not ready, then nothing new, then gone."""

    def __init__(
        self, config: uvicorn.Config, app: App, drain_seconds: float, line: Connection | None = None
    ) -> None:
        super().__init__(config)
        self._app = app
        self._drain_seconds = drain_seconds
        self._line = line
        self._leave_at: float | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._line is not None:
            self._line.send(READY)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # uvicorn's own would raise the signal again at the end: a stop that was asked for is no failure.
        if self._line is not None:
            if sig == signal.SIGTERM:
                self._leave()
        elif self._leave_at is None:
            self._leave()
        else:
            self._hurry()

    async def on_tick(self, counter: int) -> bool:
        if self._line is not None:
            self._obey(self._line)
        if self._leave_at is not None and monotonic() >= self._leave_at:
            self.should_exit = True
        return await super().on_tick(counter)

    def _obey(self, line: Connection) -> None:
        try:
            order = line.recv() if line.poll() else None
        except (EOFError, OSError):
            order = STOP
        if order == STOP:
            self._leave()
        elif order == NOW:
            self._hurry()

    def _leave(self) -> None:
        if self._leave_at is not None:
            return
        # What streams without end would hold up the stop: it looks at this.
        self._app.state.stopping = True
        self._leave_at = monotonic() + self._drain_seconds
        # A caller that keeps its connection shall not write into one that is about to be closed.
        self.config.encoded_headers.append(_CLOSE)
        self.server_state.default_headers = [*self.server_state.default_headers, _CLOSE]

    def _hurry(self) -> None:
        self.force_exit = self.should_exit
        self.should_exit = True
