from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from tests.serving.fakes import PROJECT, AgePredictor, Client, Registry, bundle

from zelo.errors import LedgerError
from zelo.ledger.jobs import Job, JobLine, Jobs
from zelo.ledger.store import Ledger
from zelo.retraining import events
from zelo.retraining.routes import Training, training_extension
from zelo.serving.app import create_app
from zelo.serving.service import Service
from zelo.spec.loading import parse_project


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}") as opened:
        yield opened


@pytest.fixture
def jobs(ledger: Ledger) -> Jobs:
    return Jobs(ledger)


@pytest.fixture
def client(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setattr(events, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(events, "LATE_SECONDS", 0.2)
    training = Training(lambda: parse_project(PROJECT), ledger, lambda job_id: None, "Ana", 2_000)
    service = Service(Registry("1", bundle(AgePredictor())), ledger)
    with Client(
        create_app({"churn": service}, extensions={"churn": training_extension("churn", training)})
    ) as opened:
        yield opened


def running(jobs: Jobs) -> str:
    job = jobs.claim(jobs.submit("churn", "train", {}, "Ana").id, "w1")
    assert job is not None
    return job.id


def read(text: str) -> list[dict[str, Any]]:
    """The events of a stream: what each line of them says, data as JSON."""
    found = []
    for block in text.strip().split("\n\n"):
        event: dict[str, Any] = dict(re.findall(r"^(event|id|data): (.*)$", block, re.MULTILINE))
        if "data" in event:
            event["data"] = json.loads(event["data"])
        found.append(event)
    return found


def test_an_ended_job_is_told_from_its_first_line_to_its_end(client: Client, jobs: Jobs) -> None:
    job_id = running(jobs)
    jobs.progress(job_id, 1, {"stage": "training", "candidate": "prior", "done": 1, "total": 5})
    jobs.line(job_id, "two\nlines", "olá\r\n")
    jobs.finish(job_id, 1, "succeeded", result={"version": "3"})

    response = client.get(f"/jobs/{job_id}/events")

    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["cache-control"] == "no-store"
    told = read(response.text)
    assert [event["event"] for event in told] == [
        "state",
        "state",
        "progress",
        "log",
        "log",
        "state",
        "end",
    ]
    seqs = [int(event["id"]) for event in told[:-1]]
    assert seqs == sorted(set(seqs))
    assert "id" not in told[-1]
    assert told[2]["data"]["candidate"] == "prior"
    assert [event["data"]["text"] for event in told[3:5]] == ["two\nlines", "olá\r\n"]
    assert told[5]["data"]["state"] == "succeeded"
    assert told[-1]["data"] == {
        key: value for key, value in client.get(f"/jobs/{job_id}").json().items() if key != "log"
    }


def test_a_stream_goes_on_until_the_job_ends(client: Client, jobs: Jobs) -> None:
    job_id = running(jobs)

    async def watch(http: httpx.AsyncClient) -> str:
        stream = asyncio.create_task(http.get(f"/jobs/{job_id}/events"))
        for number in range(5):
            await asyncio.sleep(0.05)
            assert not stream.done()
            await asyncio.to_thread(jobs.line, job_id, f"line {number}")
        await asyncio.to_thread(jobs.finish, job_id, 1, "failed", None, {"what": "no rows"})
        return (await asyncio.wait_for(stream, 10)).text

    told = read(client.run(watch))

    assert [event["data"]["text"] for event in told if event["event"] == "log"] == [
        f"line {number}" for number in range(5)
    ]
    assert told[-1]["data"]["error"] == {"what": "no rows"}


def test_what_a_process_said_last_comes_before_the_end(client: Client, jobs: Jobs) -> None:
    job_id = running(jobs)

    async def watch(http: httpx.AsyncClient) -> str:
        stream = asyncio.create_task(http.get(f"/jobs/{job_id}/events"))
        await asyncio.to_thread(jobs.finish, job_id, 1, "failed", None, {"what": "no rows"})
        for number in range(4):
            await asyncio.sleep(0.1)
            await asyncio.to_thread(jobs.line, job_id, f"line {number}")
        return (await asyncio.wait_for(stream, 10)).text

    told = read(client.run(watch))

    assert [event["event"] for event in told] == ["state"] * 3 + ["log"] * 4 + ["end"]
    assert told[-2]["data"]["text"] == "line 3"


def test_more_lines_than_one_read_takes_come_whole_and_in_order(client: Client, jobs: Jobs) -> None:
    job_id = running(jobs)
    jobs.line(job_id, *(str(number) for number in range(1_300)))
    jobs.cancel(job_id)
    jobs.finish(job_id, 1, "cancelled")

    told = read(client.get(f"/jobs/{job_id}/events").text)

    assert [event["data"]["text"] for event in told if event["event"] == "log"] == [
        str(number) for number in range(1_300)
    ]
    assert told[-1]["data"]["state"] == "cancelled"


def test_a_watcher_comes_back_where_it_left(client: Client, jobs: Jobs) -> None:
    job_id = running(jobs)
    jobs.line(job_id, "a", "b", "c")
    jobs.finish(job_id, 1, "succeeded", result={})
    whole = read(client.get(f"/jobs/{job_id}/events").text)

    again = client.get(f"/jobs/{job_id}/events", headers={"Last-Event-ID": whole[3]["id"]})
    over = client.get(f"/jobs/{job_id}/events", headers={"Last-Event-ID": whole[-2]["id"]})

    assert read(again.text) == whole[4:]
    assert (over.status_code, over.content) == (204, b"")


@pytest.mark.parametrize("seen", ["", "abc", "-1", "1.5", "9" * 30])
def test_an_event_that_never_was_is_refused(client: Client, jobs: Jobs, seen: str) -> None:
    response = client.get(f"/jobs/{running(jobs)}/events", headers={"Last-Event-ID": seen})
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "Last-Event-ID"


def test_silence_is_broken_by_heartbeats(client: Client, jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_SECONDS", 0.1)
    job_id = running(jobs)

    async def watch(http: httpx.AsyncClient) -> str:
        stream = asyncio.create_task(http.get(f"/jobs/{job_id}/events"))
        await asyncio.sleep(0.5)
        await asyncio.to_thread(jobs.finish, job_id, 1, "succeeded", {})
        return (await asyncio.wait_for(stream, 10)).text

    beats = client.run(watch).count(": still here\n\n")

    assert 2 <= beats <= 5


def test_a_ledger_that_fails_for_a_while_ends_no_stream(
    client: Client, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = running(jobs)
    jobs.finish(job_id, 1, "succeeded", result={})
    whole = client.get(f"/jobs/{job_id}/events").text
    reads = 0
    lines = Jobs.lines

    def locked_for_a_while(self: Jobs, *arguments: Any) -> list[JobLine]:
        nonlocal reads
        reads += 1
        if reads in (2, 3):
            raise LedgerError("the ledger is locked")
        return lines(self, *arguments)

    monkeypatch.setattr(Jobs, "lines", locked_for_a_while)

    text = client.get(f"/jobs/{job_id}/events").text

    assert text == ": the ledger is locked\n\n" * 2 + whole


def test_a_server_that_stops_lets_its_streams_go(client: Client, jobs: Jobs) -> None:
    job_id = running(jobs)

    async def watch(http: httpx.AsyncClient) -> str:
        stream = asyncio.create_task(http.get(f"/jobs/{job_id}/events"))
        await asyncio.sleep(0.1)
        client.app.state.stopping = True
        return (await asyncio.wait_for(stream, 10)).text

    assert [event["event"] for event in read(client.run(watch))] == ["state", "state"]


def test_the_ledger_is_read_no_more_once_the_watcher_has_left(
    client: Client, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = running(jobs)
    reads: list[str] = []
    job_of = Jobs.job

    def counted(self: Jobs, asked: str) -> Job | None:
        reads.append(asked)
        return job_of(self, asked)

    monkeypatch.setattr(Jobs, "job", counted)

    async def leave(_http: httpx.AsyncClient) -> tuple[int, int]:
        await asyncio.wait_for(_asked_and_left(client.app, f"/jobs/{job_id}/events", after=0.3), 10)
        left_at = len(reads)
        await asyncio.sleep(0.3)
        return left_at, len(reads)

    left_at, later = client.run(leave)
    assert left_at > 3
    assert later == left_at


async def _asked_and_left(app: FastAPI, path: str, *, after: float) -> None:
    """One request as a server hands it to the app, whose caller hangs up after a while."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": "http",
        "query_string": b"",
        "headers": [],
        "client": ("127.0.0.1", 1),
        "server": ("zelo", 80),
    }
    asked = False

    async def receive() -> dict[str, Any]:
        nonlocal asked
        if not asked:
            asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await asyncio.sleep(after)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        pass

    await app(scope, receive, send)
