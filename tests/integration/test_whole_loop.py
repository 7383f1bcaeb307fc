"""Traffic drifts, an alarm is told, a challenger is trained, replayed, given a share, promoted or taken back.

Every process is the real one: server, worker, callers, Prometheus and Alertmanager. Nobody types a command
after the start, but for who puts a bad challenger before the customers.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from tests.deploy.monitors import Prometheus, Told, alertmanager, prometheus, until
from tests.homes import NAME, PROJECT, stage
from tests.processes import Server, World, opened_world

from zelo.ledger.records import Event
from zelo.registry.aliases import read_aliases
from zelo.registry.traffic import read_traffic

pytestmark = pytest.mark.slow

GATES = "gates: {slices: [site], calibration_error: 0.2, latency_ms: 500}"
LENIENT = "gates: {slices: [site], calibration_error: 0.9, latency_ms: 500, margin: 0.3, slice_drop: 0.9}"
"""Of 600 rows the gates' figures are noise; what is tested here is the loop."""
ACTING = """
retraining:
  when: [drift]
  cool_down: 1h
  action: canary
  replay: 1d
  canary: {steps: [30, 100], predictions: 40, lasting: 1s}
"""
DRIFT = ("--drift", "shift", "--field", "load", "--size", "2", "--onset", "0.02")


@dataclass
class Loop:
    world: World
    server: Server
    prometheus: Prometheus
    told: Told

    @property
    def registry(self) -> Path:
        return self.world.root / "home" / "registry"

    def champion(self) -> str:
        return read_aliases(self.registry, NAME)["champion"]["version"]

    def served(self) -> str:
        return str(httpx.get(f"{self.server.url}/model").json()["model_version"])

    def event(self, kind: str, **told: str) -> Event | None:
        """The newest event of a kind with these facts in its payload."""
        with self.world.ledger() as ledger:
            found = ledger.events(NAME, kind=kind)
        return next((one for one in found if told.items() <= one.payload.items()), None)

    @contextmanager
    def traffic(self, *drift: str) -> Iterator[None]:
        """Callers that ask and bring the truth until the block ends."""
        command = ["simulate", NAME, "--url", self.server.url, "--rate", "20", "--seconds", "240"]
        log = self.world.root / "callers.log"
        with log.open("wb") as output:
            callers = subprocess.Popen(
                [sys.executable, "-m", "zelo", *command, "--delay", "0.2", *drift],
                env=self.world.environment,
                stdout=output,
                stderr=output,
            )
        self.world.processes.append(callers)
        try:
            yield
            assert callers.poll() is None, log.read_text(encoding="utf-8")
        finally:
            callers.terminate()
            callers.wait(30)


@pytest.fixture
def loop(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    """Version 1 is champion."""
    shutil.copytree(stage(tmp_path_factory, "served"), tmp_path, dirs_exist_ok=True)
    text = PROJECT.replace(GATES, LENIENT) + ACTING
    (tmp_path / "projects" / NAME / "project.yaml").write_text(text, encoding="utf-8")
    with ExitStack() as stack:
        world = stack.enter_context(opened_world(tmp_path, tmp_path / "projects"))
        world.environment |= {"ZELO_JOBS_NICE": "0", "ZELO_ROUND_SECONDS": "1"}
        server = world.serve(NAME)
        world.worker()
        told = Told()
        stack.callback(told.close)
        alerts = stack.enter_context(alertmanager(tmp_path, told))
        scraped = stack.enter_context(prometheus(tmp_path, server.url.removeprefix("http://"), alerts))
        yield Loop(world, server, scraped, told)


def test_drift_ends_in_a_new_champion(loop: Loop) -> None:
    with loop.traffic(*DRIFT):
        alarm = until(lambda: loop.event("alarm"), "no alarm of drift")
        until(lambda: loop.told.alerts("DriftAlarm", "firing"), "Alertmanager told nobody")
        trigger = until(lambda: loop.event("trigger"), "no training was started")
        replay = until(lambda: loop.event("replay"), "the challenger was not replayed")
        started = until(lambda: loop.event("traffic", what="started"), "the challenger got no traffic")
        stepped = until(lambda: loop.event("traffic", what="stepped"), "the canary did not step on")
        until(lambda: loop.champion() == "2", "the challenger was not promoted")
        until(lambda: loop.served() == "2", "the server did not follow")
        until(lambda: loop.told.alerts("DriftAlarm", "resolved"), "the alert was not taken back")

    assert "load" in alarm.payload["fields"]
    assert (trigger.payload["trigger"], trigger.payload["action"]) == ("drift", "canary")
    order = [alarm, trigger, replay, started, stepped]
    assert [one.at for one in order] == sorted(one.at for one in order)
    assert read_traffic(loop.registry, NAME) is None
    with loop.world.ledger() as ledger:
        variants = {(one.version, one.variant) for one in ledger.predictions(NAME)}
    assert variants == {("1", "champion"), ("2", "challenger"), ("2", "champion")}
    loop.world.zelo("verify", NAME)


def test_a_bad_challenger_is_taken_out(loop: Loop) -> None:
    loop.world.zelo("train", NAME, "--pick", "prior")
    accepted = [word for code in ("G02", "G03", "G04", "G06", "G07") for word in ("--accept", code)]
    loop.world.zelo("promote", NAME, "--canary", "50", *accepted, "--reason", "to see it taken out")

    with loop.traffic():
        rollback = until(lambda: loop.event("rollback"), "the bad challenger was left in")
        until(lambda: read_traffic(loop.registry, NAME) is None, "its traffic was not taken away")
        until(
            lambda: loop.prometheus.query(f'zelo_model_info{{project="{NAME}", version="1"}} == 1'),
            "the metrics do not show the champion",
        )

    assert rollback.payload["why"] == "quality"
    assert loop.champion() == loop.served() == "1"
    assert "outcomes" in rollback.reason
    loop.world.zelo("verify", NAME)
