"""A real server whose traffic is divided, moved on and put back while it answers."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from tests.homes import NAME, Home, answered, pumps
from tests.processes import STOPPED, Load, Server, World, opened_world

MakeHome = Callable[[str], Home]


@pytest.fixture
def world(make_home: MakeHome) -> Iterator[World]:
    home = make_home("retrained")
    with opened_world(home.root, home.root / "projects") as made:
        yield made


def wait_for(server: Server, **facts: Any) -> None:
    """Until the server says so by itself."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        said = httpx.get(f"{server.url}/health").json()
        if facts.items() <= (said["traffic"] | {"champion": said["model_version"]}).items():
            return
        time.sleep(0.1)
    pytest.fail(f"{facts} was not reached: {said}")


@pytest.mark.slow
def test_a_server_follows_a_canary_up_to_champion_and_back(world: World) -> None:
    rows = [
        {name: value for name, value in row.items() if name != "Failed" and value == value}
        for row in pumps(200, seed=3).to_dict("records")
    ]
    rows = [{**row, "load": row.get("load")} for row in rows]
    server = world.serve(NAME)
    load = Load(server, rows)
    load.wait(20)

    answered("promote", NAME, "--canary", "40,100")
    wait_for(server, mode="canary", share=40)
    # Callers that asked before it went over have their answers after these.
    load.wait(len(load.answered) + 20)
    since = len(load.answered)
    load.wait(since + 200)
    answered("traffic", NAME, "--step", "--reason", "nothing failed")
    wait_for(server, mode="canary", share=100)
    answered("traffic", NAME, "--step", "--reason", "nothing failed")
    wait_for(server, mode="champion alone", champion="2")
    answered("rollback", NAME, "--reason", "complaints")
    wait_for(server, mode="champion alone", champion="1")
    load.end()
    assert server.send(signal.SIGTERM) in STOPPED

    assert not load.refused
    given = {answer["id"]: answer for _, answer in load.answered}
    by_entity: dict[str, set[str]] = {}
    with world.ledger() as ledger:
        records = {record.id: record for record in ledger.predictions(NAME)}
        events = ledger.events(NAME, kind="serving")
        with ledger.reading() as connection:
            found = connection.exec_driver_sql("select prediction_id, version from shadows")
            shadows = {str(prediction): str(version) for prediction, version in found}
    assert given.keys() <= records.keys()
    for _, answer in load.answered[since : since + 100]:
        record = records[answer["id"]]
        assert record.variant == ("champion" if answer["model_version"] == "1" else "challenger")
        by_entity.setdefault(str(record.entity), set()).add(answer["model_version"])
        assert {shadows[record.id], record.version} == {"1", "2"}
    assert all(len(versions) == 1 for versions in by_entity.values())
    assert set.union(*by_entity.values()) == {"1", "2"}
    assert {version for event in events for version in event.payload["versions"]} == {"1", "2"}
    told = [event.payload["versions"] for event in events]
    assert sum(versions["2"]["failed"] for versions in told if "2" in versions) == 0
