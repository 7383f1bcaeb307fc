"""A request on its way: what was answered so far, with the headers that every answer has."""

from __future__ import annotations

import base64
import hashlib
import re
from time import perf_counter

from starlette.types import Message, Receive, Scope, Send

from zelo.serving.problems import problem

# Nothing of an answer is a page, none is kept by a cache, and no page may frame or load it.
_SECURE = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
)
_NO_PAGE = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_PAGES = frozenset(("/docs", "/docs/oauth2-redirect", "/redoc"))
_SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)


class Exchange:
    """Sends for one request. ``status`` is 0 until an answer has begun."""

    __slots__ = ("_gone", "_headers", "_page", "_receive", "_scope", "_send", "started", "status")

    def __init__(self, scope: Scope, receive: Receive, send: Send, request_id: bytes) -> None:
        self.started = perf_counter()
        self.status = 0
        self._scope = scope
        self._receive = receive
        self._send = send
        self._headers = (*_SECURE, (b"x-request-id", request_id))
        self._page: Message | None = None
        self._gone = False

    async def send(self, message: Message) -> None:
        """Pass a message on; of an answer that was given up, nothing more."""
        if not self._gone:
            await self._pass(message)

    async def give_up(self) -> None:
        """Answer that it takes too long, and drop what comes later."""
        self._gone = True
        late = problem(503, "the answer took too long", code="too_slow", headers={"Connection": "close"})
        await late(self._scope, self._receive, self._pass)

    async def _pass(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self._scope["path"] in _PAGES:
                # Its policy names what stands in the page, which is not here yet.
                self._page = message
                return
            message["headers"] = [*message.get("headers", ()), *self._headers, _NO_PAGE]
        elif self._page is not None:
            page, self._page = self._page, None
            policy = (b"content-security-policy", _page_policy(message.get("body", b"")))
            page["headers"] = [*page.get("headers", ()), *self._headers, policy]
            await self._send(page)
        await self._send(message)


def _page_policy(page: bytes) -> bytes:
    """What the documentation may load: this server's files, and the scripts that stand in it."""
    hashes = [hashlib.sha256(script).digest() for script in _SCRIPT.findall(page)]
    scripts = b"".join(b" 'sha256-" + base64.b64encode(digest) + b"'" for digest in hashes)
    return (
        b"default-src 'none'; script-src 'self'" + scripts + b"; style-src 'self' 'unsafe-inline'; "
        b"img-src 'self' data:; font-src 'self' data:; connect-src 'self'; worker-src blob:; "
        b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
