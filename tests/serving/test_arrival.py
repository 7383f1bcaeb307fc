"""Real connections to a real server, in a thread of its own, that are slow or say too much."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import uvicorn

from zelo.serving import arrival
from zelo.serving.app import create_app
from zelo.serving.arrival import MOST_BESIDE_BODIES, Arrival
from zelo.serving.service import Service

LIMIT = 0.4
HEAD = b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
BODY = '{"idade": 40, "saldo": 10.5, "pais": "França"}'.encode()

Connect = Callable[[], socket.socket]


@pytest.fixture
def connect(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connect]:
    monkeypatch.setattr(arrival, "ARRIVAL_SECONDS", LIMIT)
    monkeypatch.setattr(arrival, "MOST_CONNECTIONS", 20)
    listening = socket.create_server(("127.0.0.1", 0))
    app = create_app({"churn": service})
    server = uvicorn.Server(uvicorn.Config(app, http=Arrival, ws="none", log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    opened: list[socket.socket] = []

    def connected() -> socket.socket:
        opened.append(socket.create_connection(listening.getsockname(), timeout=10))
        return opened[-1]

    while not server.started:
        time.sleep(0.01)
    yield connected
    for one in opened:
        one.close()
    server.should_exit = True
    thread.join(20)
    listening.close()


def answer(connection: socket.socket) -> bytes:
    """Everything until the server closes the connection."""
    found = b""
    while part := connection.recv(65_536):
        found += part
    return found


def request(body: bytes = BODY, *, close: bool = True) -> bytes:
    last = b"connection: close\r\n" if close else b""
    return HEAD + last + b"content-length: %d\r\n\r\n" % len(body) + body


def drip(connection: socket.socket, parts: list[bytes]) -> None:
    """Send a part a tenth of the limit, until the server has enough of it."""
    for part in parts:
        try:
            connection.sendall(part)
        except OSError:
            return
        time.sleep(LIMIT / 10)


def test_who_comes_in_time_is_answered(connect: Connect) -> None:
    connection = connect()
    for byte in (request()[:80], request()[80:]):
        connection.sendall(byte)
        time.sleep(LIMIT / 4)

    assert answer(connection).startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize(
    "parts",
    [[], [b"G"], [b"GET /ready"] + [b"x"] * 30, [HEAD] + [b"x-a: b\r\n"] * 30],
    ids=["silent", "a letter", "a slow line", "slow headers"],
)
def test_who_never_ends_a_head_is_not_waited_for(connect: Connect, parts: list[bytes]) -> None:
    connection = connect()
    started = time.monotonic()

    drip(connection, parts)

    assert b" 408 " in answer(connection).partition(b"\r\n")[0]
    assert time.monotonic() - started < 10 * LIMIT


def test_who_never_ends_a_body_is_told_so_and_counted(connect: Connect) -> None:
    connection = connect()

    drip(connection, [HEAD + b"content-length: 1000\r\n\r\n"] + [b" "] * 30)

    found = answer(connection)
    assert found.startswith(b"HTTP/1.1 408 Request Timeout")
    assert b'"code":"request_too_slow"' in found
    metrics = connect()
    metrics.sendall(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
    told = answer(metrics)
    assert b'code="body_too_slow",project="churn",route="/predict"} 1.0' in told
    assert b'route="/predict",status="408"} 1.0' in told


def test_a_second_request_of_a_connection_has_its_own_time(connect: Connect) -> None:
    connection = connect()
    for _ in range(3):
        connection.sendall(request(close=False))
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200")
        time.sleep(LIMIT / 2)
    # Blank lines begin no request, and still end what waits between two of them.
    drip(connection, [b"\r\n"] * 30)

    assert b" 408 " in answer(connection)


@pytest.mark.parametrize(
    "parts",
    [
        [HEAD, b"x-long: " + b"a" * (MOST_BESIDE_BODIES + 70_000)],
        [HEAD, *[b"x-%d: 1\r\n" % number for number in range(60_000)]],
        [b"GET /" + b"a" * (MOST_BESIDE_BODIES + 70_000)],
        [
            HEAD + b"transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n",
            *[b"x-%d: 1\r\n" % number for number in range(60_000)],
        ],
    ],
    ids=["a long header", "many headers", "a long line", "trailers"],
)
def test_who_says_too_much_beside_the_body_is_cut_off(connect: Connect, parts: list[bytes]) -> None:
    connection = connect()
    try:
        connection.sendall(b"".join(parts))
        found = answer(connection)
    except OSError:
        # Closed while it still spoke: the answer may be lost on the way.
        return

    assert found[:12] in (b"HTTP/1.1 431", b"HTTP/1.1 400")


def test_a_large_body_is_none_of_it(connect: Connect) -> None:
    connection = connect()
    rows = b'{"rows": [' + b",".join([BODY] * 9_000) + b"]}"
    assert len(rows) > MOST_BESIDE_BODIES

    connection.sendall(request(rows).replace(b"/predict ", b"/predict/batch "))

    assert answer(connection).startswith(b"HTTP/1.1 200 OK")


def test_so_many_connections_and_no_more(connect: Connect) -> None:
    some = [connect() for _ in range(20)]
    refused = answer(connect())

    assert refused.startswith(b"HTTP/1.1 503")
    assert b"retry-after: 1\r\n" in refused
    some[0].close()
    time.sleep(0.1)
    again = connect()
    again.sendall(request())
    assert answer(again).startswith(b"HTTP/1.1 200")


def test_what_is_no_http_is_refused(connect: Connect) -> None:
    connection = connect()
    connection.sendall(b"\x16\x03\x01 hello\r\n\r\n")

    assert answer(connection).startswith(b"HTTP/1.1 400")
