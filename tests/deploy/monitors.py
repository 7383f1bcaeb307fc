"""Debian's Prometheus and Alertmanager as they are shipped here, but for the intervals and the addresses."""

from __future__ import annotations

import http.server
import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from ruamel.yaml import YAML
from tests.processes import free_port

SHIPPED = Path(__file__).parents[2] / "deploy" / "prometheus"
RULES = sorted((SHIPPED / "rules").glob("*.yml"))
_DEADLINE = 60


def read(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


def write(path: Path, document: Any) -> None:
    text = StringIO()
    YAML(typ="safe").dump(document, text)
    path.write_text(text.getvalue(), encoding="utf-8")


def until(true: Callable[[], Any], what: str) -> Any:
    """What ``true`` gives once it gives something."""
    deadline = time.monotonic() + _DEADLINE
    while time.monotonic() < deadline:
        try:
            if found := true():
                return found
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    pytest.fail(what)


class Told:
    """Who is told of alerts: a webhook that keeps what Alertmanager sends."""

    def __init__(self) -> None:
        self.notices: list[dict[str, Any]] = []
        notices = self.notices

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                notices.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def alerts(self, name: str, status: str) -> list[dict[str, Any]]:
        """The alerts of that name that were told with that status."""
        return [
            alert
            for notice in self.notices
            for alert in notice["alerts"]
            if alert["labels"]["alertname"] == name and alert["status"] == status
        ]

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join(30)
        self._server.server_close()


class Prometheus:
    """A running Prometheus that scrapes one address each second."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def query(self, expression: str) -> list[dict[str, Any]]:
        answer = self._client.get("/api/v1/query", params={"query": expression}).json()
        assert answer["status"] == "success", (expression, answer)
        found: list[dict[str, Any]] = answer["data"]["result"]
        return found

    def names(self) -> set[str]:
        return set(self._client.get("/api/v1/label/__name__/values").json()["data"])


@contextmanager
def running(command: list[str], ready: str, log: Path) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:

        def answers() -> bool:
            assert process.poll() is None, log.read_text(encoding="utf-8")
            return httpx.get(ready).status_code == 200

        until(answers, f"{command[0]} does not answer")
        yield
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def alertmanager(folder: Path, told: Told) -> Iterator[str]:
    """The address of an Alertmanager that tells ``told``."""
    document = read(SHIPPED / "alertmanager.yml")
    routes = [document["route"], *document["route"]["routes"]]
    for route in routes:
        route.update(group_wait="1s", group_interval="1s")
    for receiver in document["receivers"]:
        receiver["webhook_configs"] = [{"url": told.url, "send_resolved": True}]
    write(folder / "alertmanager.yml", document)
    address = f"127.0.0.1:{free_port()}"
    command = [
        "prometheus-alertmanager",
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'alerts'}",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
    ]
    with running(command, f"http://{address}/-/ready", folder / "alertmanager.log"):
        yield address


@contextmanager
def prometheus(folder: Path, target: str, alerts: str) -> Iterator[Prometheus]:
    """A Prometheus that scrapes ``target`` and sends to the Alertmanager at ``alerts``."""
    document = read(SHIPPED / "prometheus.yml")
    address = f"127.0.0.1:{free_port()}"
    document["global"] = dict.fromkeys(document["global"], "1s")
    document["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"] = [alerts]
    for job, where in zip(document["scrape_configs"], (target, address), strict=True):
        job["static_configs"][0]["targets"] = [where]
    write(folder / "prometheus.yml", document)
    (folder / "rules").mkdir()
    for path in RULES:
        rules = read(path)
        for rule in (rule for group in rules["groups"] for rule in group["rules"] if "for" in rule):
            rule["for"] = "1s"
        write(folder / "rules" / path.name, rules)
    command = [
        "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address={address}",
    ]
    with (
        running(command, f"http://{address}/-/ready", folder / "prometheus.log"),
        httpx.Client(base_url=f"http://{address}") as client,
    ):
        yield Prometheus(client)
