"""A real server that asks for keys, while they are made and revoked, and while its ledger is gone."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.processes import free_port

from zelo.ledger.keys import Keys, new_secret
from zelo.ledger.store import Ledger
from zelo.serving.door import LOOK_SECONDS

GUARDED = Path(__file__).with_name("guarded.py")
ROW = {"token": "a", "x": 0.25}
# A look comes every so often; the rest is for a machine that has other work.
SOON = LOOK_SECONDS + 3


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}") as opened:
        yield opened


@pytest.fixture
def server(tmp_path: Path, ledger: Ledger) -> Iterator[httpx.Client]:
    port = free_port()
    command = [sys.executable, str(GUARDED), str(tmp_path / "ledger.db"), str(port), "0.1"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                if client.get("/ready").status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.05)
        yield client
    process.kill()
    process.wait(30)


def predicted(server: httpx.Client, secret: str) -> int:
    return server.post("/predict", json=ROW, headers={"authorization": f"Bearer {secret}"}).status_code


def until(server: httpx.Client, secret: str, wanted: int) -> float:
    """Seconds until a prediction with the key is answered so."""
    started = time.monotonic()
    while predicted(server, secret) != wanted:
        assert time.monotonic() - started < SOON
        time.sleep(0.1)
    return time.monotonic() - started


@pytest.mark.slow
def test_a_running_server_sees_keys_come_and_go(server: httpx.Client, ledger: Ledger) -> None:
    first, second = new_secret(), new_secret()
    assert predicted(server, first) == 401

    Keys(ledger).create("first", first, ["predict"], actor="Ana")
    until(server, first, 200)
    assert server.get("/metrics", headers={"x-api-key": first}).status_code == 403

    Keys(ledger).create("second", second, ["predict"], actor="Ana")
    Keys(ledger).revoke("first", actor="Ana", reason="it leaked")
    until(server, first, 401)
    assert predicted(server, second) == 200

    with ledger.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE api_keys RENAME TO gone")
    time.sleep(LOOK_SECONDS + 0.5)
    assert predicted(server, second) == 200
    with ledger.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE gone RENAME TO api_keys")
    Keys(ledger).revoke("second", actor="Ana")
    until(server, second, 401)
