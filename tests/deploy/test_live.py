"""A served project under a real Prometheus and Alertmanager: panels have data, alerts come and go."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from deploy.grafana.__main__ import FOLDER
from tests.deploy.monitors import Prometheus, Told, alertmanager, prometheus, until
from tests.homes import NAME, PROJECT, answered, environment, pumps, zelo
from tests.processes import Server, World, opened_world

from zelo.ledger.store import Ledger
from zelo.registry.aliases import read_aliases
from zelo.registry.bundle import load_bundle
from zelo.serving.service import Service

pytestmark = pytest.mark.slow

MONITORING = """
monitoring:
  floors: {f1: 0.999}
  at_risk: {band: High, most: 3}
  minutes_by_hand: 2
"""
DAYS, ROWS_A_DAY = 9, 40
JUDGED = (DAYS + 1) * ROWS_A_DAY
ONLY_OF_A_FORECAST = {"zelo_pipeline_missed"}
WHERE_ANY_FAILED = {"zelo_model_failures_total"}
WHERE_ANY_ABSTAINED = {"zelo_abstentions_total"}


@dataclass
class Watched:
    world: World
    server: Server
    prometheus: Prometheus
    alerts: str
    told: Told


def rows_of(frame: Any) -> list[dict[str, Any]]:
    """Rows as a caller sends them, and their truths."""
    named = frame.rename(columns={"Failed": "failed"})
    return [
        {name: value for name, value in row.items() if value == value and value is not None}
        for row in named.to_dict("records")
    ]


def days_of_traffic(world: World, ledger: Ledger) -> None:
    """Rows that the champion answered on each of the last days, and their truths; the days are made up."""
    home = world.root / "home"
    entry = read_aliases(home / "registry", NAME)["champion"]
    bundle = load_bundle(home / "bundles" / NAME / entry["bundle"])
    clock = [datetime.now(UTC)]
    service = Service(lambda: (entry["version"], bundle), ledger, now=lambda: clock[0])
    for day in range(DAYS, -1, -1):
        clock[0] = datetime.now(UTC) - timedelta(days=day, minutes=5)
        rows = rows_of(pumps(ROWS_A_DAY, seed=50 + day, first=10_000 + day * 100))
        truths = [row.pop("failed") for row in rows]
        (answers,) = service.predict([service.ask_rows(json.dumps({"rows": rows}).encode())])
        assert not isinstance(answers, Exception)
        outcomes = [
            {"prediction_id": answer["id"], "value": truth}
            for answer, truth in zip(answers, truths, strict=True)
        ]
        service.record_outcomes(json.dumps({"outcomes": outcomes}).encode())


def call(server: Server, seed: int) -> None:
    """Good rows, refused ones, and rows with the fields in another order."""
    rows = rows_of(pumps(20, seed=seed, first=20_000 + seed * 100))
    for row in rows:
        row.pop("failed")
    with httpx.Client(base_url=server.url) as client:
        for row in rows[:10]:
            assert client.post("/predict", json=row).status_code == 200
        assert client.post("/predict", json=dict(reversed(rows[0].items()))).status_code == 200
        assert client.post("/predict/batch", json={"rows": rows}).status_code == 200
        assert client.post("/predict", json={**rows[0], "age": "old"}).status_code == 422
        assert client.post("/predict", content=b"{").status_code == 415
        assert client.get("/predictions/nothing").status_code == 404


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    root = tmp_path_factory.mktemp("watched")
    folder = root / "projects" / NAME
    (folder / "data" / "raw").mkdir(parents=True)
    text = PROJECT.replace("report: [roc_auc, brier]", "report: [roc_auc, precision, recall, brier]")
    text = re.sub(r"  - lightgbm: .*\n", "", text)
    (folder / "project.yaml").write_text(text + MONITORING, encoding="utf-8")
    pumps().to_csv(folder / "data" / "raw" / "pumps.csv", index=False)
    with ExitStack() as stack:
        world = stack.enter_context(opened_world(root, root / "projects"))
        with environment(root):
            answered("train", NAME)
            answered("promote", NAME)
            with world.ledger() as ledger:
                days_of_traffic(world, ledger)
            looked = zelo("monitor", NAME)
        # Its floor and its band at risk are such that there are alarms.
        assert looked.status == 1, looked.out + looked.err
        server = world.serve(NAME)
        told = Told()
        stack.callback(told.close)
        alerts = stack.enter_context(alertmanager(root, told))
        scraped = stack.enter_context(prometheus(root, server.url.removeprefix("http://"), alerts))
        for seed in range(3):
            call(server, seed)
            until_scraped(scraped, server)
        yield Watched(world, server, scraped, alerts, told)


def until_scraped(scraped: Prometheus, server: Server) -> None:
    """Until Prometheus knows what the server counts now."""
    counted = sum(
        float(line.rsplit(" ", 1)[1])
        for line in httpx.get(f"{server.url}/metrics").text.splitlines()
        if line.startswith("zelo_predictions_total")
    )

    def knows() -> bool:
        found = scraped.query("sum(zelo_predictions_total)")
        return bool(found) and float(found[0]["value"][1]) >= counted

    until(knows, "Prometheus does not see what was answered")


def panels() -> list[tuple[str, str, str]]:
    """Dashboard, panel and query of each."""
    found = []
    for path in sorted(FOLDER.glob("*.json")):
        for panel in json.loads(path.read_text(encoding="utf-8"))["panels"]:
            found += [(path.stem, panel["title"], target["expr"]) for target in panel["targets"]]
    return found


def asked(expression: str) -> str:
    """The query as Grafana sends it: all projects, and windows as long as this test."""
    named = expression.replace("$project", ".*")
    return named.replace("$__rate_interval", "1m").replace("$__range", "1m")


def test_every_panel_has_data(watched: Watched) -> None:
    found = {place: watched.prometheus.query(asked(place[2])) for place in panels()}

    assert not [place for place, samples in found.items() if not samples]
    told = {place: {sample["value"][1] for sample in samples} for place, samples in found.items()}
    assert not [place for place, values in told.items() if values == {"NaN"}]


def test_no_panel_asks_for_a_metric_that_nobody_tells(watched: Watched) -> None:
    """A query with `or vector(0)` always has data: so each metric must be there by its name."""
    wanted = {name for *_, text in panels() for name in re.findall(r"\b(?:zelo|process)_\w+", text)}

    missing = wanted - watched.prometheus.names()

    assert missing <= ONLY_OF_A_FORECAST | WHERE_ANY_FAILED | WHERE_ANY_ABSTAINED


def test_the_figures_are_those_of_the_look_and_of_the_traffic(watched: Watched) -> None:
    def one(expression: str) -> float:
        (found,) = watched.prometheus.query(expression)
        return float(found["value"][1])

    looked = watched.world.ledger()
    with looked:
        (event,) = looked.events(NAME, kind="monitor", limit=1)
    told = {
        (gauge["name"], *sorted(gauge["labels"].items())): gauge["value"] for gauge in event.payload["gauges"]
    }
    assert one('zelo_model_quality{metric="f1", kind="outcomes"}') == pytest.approx(
        told["zelo_model_quality", ("kind", "outcomes"), ("metric", "f1")]
    )
    assert one("zelo_entities_at_risk") == told["zelo_entities_at_risk",] > 3
    assert sum(value for (name, *_), value in told.items() if name == "zelo_entities") == ROWS_A_DAY * (
        DAYS + 1
    )
    assert 0.5 < one("zelo_acceptance_ratio") <= 1
    assert one("zelo_labelling_saved_seconds") == one("zelo_acceptance_ratio") * ROWS_A_DAY * (DAYS + 1) * 120
    assert one("sum(zelo_predictions_total)") == 3 * 31
    assert one('zelo_field_faults_total{field="age", fault="type"}') == 3
    assert one("zelo_training_rows") == 450


def down_at(alertmanager: str) -> Any:
    """What Alertmanager itself holds of APIDown."""
    wanted = {"filter": 'alertname="APIDown"'}
    return httpx.get(f"http://{alertmanager}/api/v2/alerts", params=wanted).json()


def test_an_alert_comes_to_alertmanager_and_goes(watched: Watched) -> None:
    told = watched.told
    degraded = until(lambda: told.alerts("ModelDegraded", "firing"), "ModelDegraded does not fire")
    assert degraded[0]["labels"]["metric"] == "f1"
    assert until(lambda: told.alerts("HighChurnRisk", "firing"), "HighChurnRisk does not fire")
    assert not told.alerts("APIDown", "firing")

    port = int(watched.server.url.rsplit(":", 1)[1])
    watched.server.send(15)
    (down,) = until(lambda: told.alerts("APIDown", "firing"), "APIDown does not fire")
    assert down["labels"]["severity"] == "critical"
    found = httpx.get(
        f"http://{watched.alerts}/api/v2/alerts", params={"filter": 'alertname="APIDown"'}
    ).json()
    assert [alert["status"]["state"] for alert in found] == ["active"]

    again = subprocess.Popen(
        [sys.executable, "-m", "zelo", "serve", NAME, "--port", str(port)],
        env=watched.world.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    watched.world.processes.append(again)
    assert until(lambda: told.alerts("APIDown", "resolved"), "APIDown does not end")
    found = httpx.get(
        f"http://{watched.alerts}/api/v2/alerts", params={"filter": 'alertname="APIDown"'}
    ).json()
    assert found == []
