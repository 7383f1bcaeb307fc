"""How requests arrive: a connection that is slow, or says too much before its body, is not waited for."""

from __future__ import annotations

import asyncio
from typing import Any

from pydantic_core import to_json
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from zelo.serving.frame import LATE

ARRIVAL_SECONDS = 30.0
"""From a request's first byte to its last, and from a connection to its first request."""
MOST_BESIDE_BODIES = 256 << 10
"""Bytes of a request that are no body: its line, headers, trailers and the sizes of its chunks."""
MOST_CONNECTIONS = 900
"""A process may commonly open 1,024 files; the ledger and the model need some of them."""


class Arrival(HttpToolsProtocol):
    """uvicorn's protocol with limits that it does not have.

    uvicorn closes a connection that rests between two requests, but waits without end for one that has begun
    (slowloris), and keeps every header that comes.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._since: float | None = None
        self._beside = 0
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            self._leave(503, "too many connections are open", "overloaded", b"retry-after: 1\r\n")
            return
        self._since = self.loop.time()
        self._timer = self.loop.call_later(ARRIVAL_SECONDS, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._since is None and (self.cycle is None or self.cycle.response_complete):
            self._since = self.loop.time()
        self._beside += len(data)
        super().data_received(data)
        if self._beside > MOST_BESIDE_BODIES and not self.transport.is_closing():
            self._leave(431, "the request has too many bytes beside its body", "too_many_headers")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._since = self.loop.time()

    def on_body(self, body: bytes) -> None:
        self._beside -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._since = None
        self._beside = 0
        super().on_message_complete()

    def _look(self) -> None:
        now = self.loop.time()
        if self._since is not None and now - self._since >= ARRIVAL_SECONDS:
            self._leave(408, "the request did not arrive in time", "request_too_slow")
            return
        left = ARRIVAL_SECONDS if self._since is None else self._since + ARRIVAL_SECONDS - now
        self._timer = self.loop.call_later(left, self._look)

    def _leave(self, status: int, detail: str, code: str, header: bytes = b"") -> None:
        """Answer where no answer has begun, and close; who reads the body learns that it will not come."""
        cycle = self.cycle
        under_way = cycle is not None and not cycle.response_complete
        if under_way:
            cycle.scope[LATE] = True  # type: ignore[literal-required]
            cycle.disconnected = True
            cycle.message_event.set()
        if not under_way or not cycle.response_started:
            title = STATUS_LINE[status].split(b" ", 2)[2].strip().decode()
            body = to_json(
                {"type": "about:blank", "title": title, "status": status, "code": code, "detail": detail}
            )
            head = (
                b"content-type: application/problem+json\r\nconnection: close\r\ncontent-length: %d\r\n"
                % len(body)
            )
            self.transport.write(STATUS_LINE[status] + head + header + b"\r\n" + body)
        self.transport.close()
