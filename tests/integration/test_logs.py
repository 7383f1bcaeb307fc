"""A real server's log: people read standard error, programs the file, and nobody finds a customer in it."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable

import httpx
import pytest
from tests.homes import NAME, Home
from tests.processes import opened_world

PUMP = "Maria-12345678909"
ROW = {"pump": PUMP, "age": 40, "load": 50.5, "site": "North"}


@pytest.mark.slow
def test_every_line_of_a_server_is_in_its_file_and_names_no_pump(make_home: Callable[[str], Home]) -> None:
    home = make_home("served")
    file = home.root / "logs" / "zelo.log"
    with opened_world(home.root, home.root / "projects") as world:
        world.environment |= {"ZELO_LOG_FILE": str(file), "ZELO_LOG_RETENTION": "5 days"}
        server = world.serve(NAME)
        with httpx.Client(base_url=server.url, headers={"x-request-id": "abc-1"}) as client:
            assert client.post("/predict", json=ROW).status_code == 200
            assert client.post("/predict", json=ROW | {"age": PUMP}).status_code == 422
            assert client.get(f"/{PUMP}").status_code == 404
        server.send(signal.SIGTERM)
        said = server.log.read_text(encoding="utf-8")

    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    asked = [line for line in lines if line.get("request") == "abc-1" and "route" in line]
    assert [(line["route"], line["status"]) for line in asked] == [
        ("/predict", 200),
        ("/predict", 422),
        ("unknown", 404),
    ]
    assert any(line["logger"].startswith("uvicorn") for line in lines)
    assert "INFO    zelo.serving.request_log [abc-1] POST /predict 200" in said
    assert PUMP not in said + file.read_text(encoding="utf-8")
