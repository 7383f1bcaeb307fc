"""The shipped rules and configurations, by Prometheus's own tools."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.deploy.monitors import RULES, SHIPPED, read

ROOT = Path(__file__).parents[2]
TESTS = sorted((SHIPPED / "tests").glob("*.yml"))
ALERTS = {
    rule["alert"]: rule
    for path in RULES
    for group in read(path)["groups"]
    for rule in group["rules"]
    if "alert" in rule
}
WANTED = {
    "APIDown",
    "HighErrorRate",
    "HighLatency",
    "ModelDegraded",
    "HighChurnRisk",
    "DriftAlarm",
    "PipelineMissed",
    "VolumeDrop",
}


def run(*command: object) -> str:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_prometheus_takes_the_configuration_and_the_rules() -> None:
    run("promtool", "check", "config", SHIPPED / "prometheus.yml")
    run("promtool", "check", "rules", *RULES)


def test_alertmanager_takes_the_configuration() -> None:
    run("amtool", "check-config", SHIPPED / "alertmanager.yml")


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [({"alertname": "APIDown", "severity": "critical"}, "on-call"), ({"severity": "warning"}, "team")],
)
def test_who_is_told(labels: dict[str, str], receiver: str) -> None:
    config = f"--config.file={SHIPPED / 'alertmanager.yml'}"
    told = run(
        "amtool", "config", "routes", "test", config, *(f"{key}={text}" for key, text in labels.items())
    )
    assert told.strip() == receiver


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_promtool_runs_the_tests_of_the_rules(path: Path) -> None:
    run("promtool", "test", "rules", path)


def test_every_alert_is_tested_while_it_fires_and_while_it_does_not() -> None:
    cases: dict[str, list[Any]] = {}
    for path in TESTS:
        for test in read(path)["tests"]:
            for case in test["alert_rule_test"]:
                cases.setdefault(case["alertname"], []).append(case["exp_alerts"])

    assert set(ALERTS) == WANTED == set(cases)
    for name, expected in cases.items():
        assert any(expected), f"{name} is never seen firing"
        assert not all(expected), f"{name} is never seen quiet"


@pytest.mark.parametrize("name", sorted(WANTED))
def test_every_alert_tells_what_it_is_and_what_to_do(name: str) -> None:
    rule = ALERTS[name]
    runbook = (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")

    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert rule["annotations"]["summary"]
    assert rule["annotations"]["description"]
    assert rule["annotations"]["runbook"] == f"docs/alerts.md#{name.lower()}"
    assert f"\n## {name}\n" in runbook


def test_the_api_is_down_after_a_minute_and_critical() -> None:
    assert (ALERTS["APIDown"]["for"], ALERTS["APIDown"]["labels"]) == ("1m", {"severity": "critical"})
