"""Reads the body of a request, within a size."""

from __future__ import annotations

from collections.abc import Collection

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

_JSON = b"application/json"


async def read_json(request: Request, limit: int, *, taken: Collection[bytes] = frozenset({_JSON})) -> bytes:
    """The body, at most ``limit`` bytes of it; ``taken`` are the content types, b"" where none is declared.

    Raises:
        HTTPException: it is larger (413), or is not declared as JSON (415).
        ClientDisconnect: the caller left before it was whole.
    """
    declared = length = b""
    for name, value in request.scope["headers"]:
        if name == b"content-type":
            declared = value
        elif name == b"content-length":
            length = value
    if declared != _JSON and declared.partition(b";")[0].strip().lower() not in taken:
        found = declared.decode("latin-1") or "none"
        raise HTTPException(415, f"found content type {found}; expected application/json")
    if length.isdigit() and int(length) > limit:
        raise _too_large(limit)
    chunks: list[bytes] = []
    size, more = 0, True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk, more = message.get("body", b""), message.get("more_body", False)
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _too_large(limit: int) -> HTTPException:
    # The rest of a refused body is not read, so the connection cannot be used again.
    return HTTPException(413, f"the body is larger than {limit} bytes", {"Connection": "close"})
