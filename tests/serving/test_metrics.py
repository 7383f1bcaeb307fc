"""What is counted, and that Prometheus's own tool takes it."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from zelo.errors import LedgerError
from zelo.ledger.store import Ledger
from zelo.serving.app import create_app
from zelo.serving.faults import fault_of, reordered
from zelo.serving.look_gauges import MEANINGS
from zelo.serving.metrics import Metrics
from zelo.serving.scores import EDGES, Scores
from zelo.serving.service import Committed, Service

from .fakes import REGRESSION, ROW, Client, Registry, bundle
from .test_app import Hours


def value(text: str, name: str, **labels: str) -> float | None:
    """The only sample of that name with these labels, or ``None``."""
    found = [
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    assert len(found) <= 1, found
    return found[0] if found else None


@pytest.fixture
def metrics(client: Client) -> Any:
    return lambda: client.get("/metrics").text


def test_problems_are_counted_by_their_code(client: Client, metrics: Any) -> None:
    client.post("/predict", json={})
    client.post("/predict", content=b"{", headers={"content-type": "application/json"})
    client.post("/predict", content=b"{}", headers={"content-type": "text/plain"})
    client.get("/predictions/nothing")
    client.post("/predict", json=ROW, headers={"sec-fetch-site": "cross-site"})
    client.post("/predict", json=ROW)

    text = metrics()

    for route, code in (
        ("/predict", "contract_broken"),
        ("/predict", "malformed_body"),
        ("/predict", "wrong_content_type"),
        ("/predictions/{prediction_id}", "unknown"),
        ("unknown", "cross_site"),
    ):
        assert value(text, "zelo_request_problems_total", route=route, code=code) == 1, code
    assert sum("zelo_request_problems_total{" in line for line in text.splitlines()) == 5


def test_refused_rows_are_counted_by_field_and_fault(client: Client, metrics: Any) -> None:
    bad = {**ROW, "idade": "forty", "saldo": -1e999, "pais": "Peru"}
    client.post("/predict", content=str(bad).replace("'", '"').replace("-inf", "-1e999"), headers=_JSON)
    client.post("/predict/batch", json={"rows": [ROW, {**ROW, "idade": 101}, {**ROW, "idade": None}]})
    client.post("/predict", json={**ROW, "made_up_by_a_caller": 1})
    client.post("/predict", json={"idade": 40})

    text = metrics()

    assert value(text, "zelo_rows_refused_total") == 5
    for field, fault, number in (
        ("idade", "type", 1),
        ("idade", "range", 1),
        ("idade", "missing", 1),
        ("saldo", "range", 1),
        ("pais", "category", 1),
        ("pais", "missing", 1),
        ("other", "unknown", 1),
    ):
        assert value(text, "zelo_field_faults_total", field=field, fault=fault) == number, (field, fault)
    assert "made_up" not in text


_JSON = {"content-type": "application/json"}


def test_fields_in_another_order_are_counted_and_answered(client: Client, metrics: Any) -> None:
    turned = dict(reversed(ROW.items()))

    assert client.post("/predict", json=turned).json()["prediction"] == 0
    client.post("/predict/batch", json={"rows": [turned, ROW]})
    client.post("/predict", json={"id_cliente": 7, **ROW})

    assert value(metrics(), "zelo_requests_reordered_total") == 2


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"a": 1, "b": 2}', False),
        (b'{"b": 2, "a": 1}', True),
        (b'{"b": 2, "z": 0, "c": 1}', False),
        (b'{"rows": [{"b": 2, "a": 1}]}', True),
        (b'{"rows": []}', False),
        (b"[1]", False),
        (b"nothing", False),
        (b'{"b": "' + "ação".encode() * 10_000 + b'", "a": 1}', False),
    ],
)
def test_the_order_of_the_first_row_counts_as_far_as_it_is_read(body: bytes, expected: bool) -> None:
    assert reordered(body, ["a", "b", "c"]) is expected


def test_kinds_of_faults() -> None:
    assert fault_of("float_type", "12,5") == "type"
    assert fault_of("float_type", None) == "missing"
    assert fault_of("greater_than_equal", -1) == "range"
    assert fault_of("string_too_long", "") == "length"
    assert fault_of("value_error", "") == "other"


def test_scores_are_a_histogram_and_values_a_sum(registry: Registry, ledger: Ledger) -> None:
    hours = Service(Registry("9", bundle(Hours(), REGRESSION)), ledger)
    with Client(create_app({"churn": Service(registry, ledger), "man_hours": hours})) as client:
        for age in (0, 5, 6, 100):
            client.post("/projects/churn/predict", json={**ROW, "idade": age})
        client.post("/projects/man_hours/predict", json={"flights": 4})
        client.post("/projects/man_hours/predict", json={"flights": 6})
        text = client.get("/metrics").text

    def below(edge: str) -> float | None:
        return value(text, "zelo_prediction_score_bucket", project="churn", version="1", le=edge)

    assert [below("0.05"), below("0.1"), below("0.95"), below("1.0"), below("+Inf")] == [2, 3, 3, 4, 4]
    assert value(text, "zelo_prediction_score_sum") == pytest.approx(1.11)
    assert value(text, "zelo_predicted_value_sum", project="man_hours") == 20
    assert value(text, "zelo_predicted_value_count", project="man_hours") == 2


def test_scores_add_up_over_transactions() -> None:
    scores = Scores()
    scores.add_shares("churn", "1", [])
    for _ in range(3):
        scores.add_shares("churn", "1", [0.2, EDGES[-1]])

    (shares, values) = scores.collect()

    assert {sample.value for sample in shares.samples if sample.name.endswith("_count")} == {6.0}
    assert not values.samples


def looks(metrics: Metrics) -> str:
    return metrics.exposition().decode()


def test_gauges_of_the_latest_look_are_told_with_project_and_version(
    service: Service, ledger: Ledger
) -> None:
    good = [
        {"name": "zelo_model_quality", "labels": {"metric": "f2", "kind": "outcomes"}, "value": 0.71},
        {"name": "zelo_drift_alarm", "labels": {"field": 'id"ade\n'}, "value": 1},
    ]
    bad: list[Any] = [
        good[0],
        {"name": "zelo_x y", "labels": {}, "value": 1},
        {"name": "zelo_no_value", "labels": {}, "value": None},
        {"name": "zelo_bad_label", "labels": {"a": 1}, "value": 1},
        "nothing",
    ]
    ledger.record_event("churn", "monitor", "Ana", "ok", {"version": "3", "gauges": []})
    ledger.record_event("churn", "monitor", "Ana", "ok", {"version": "4", "gauges": good + bad})

    text = looks(Metrics({"churn": service}))

    assert value(text, "zelo_model_quality", project="churn", version="4", metric="f2") == 0.71
    assert value(text, "zelo_drift_alarm", field='id"ade\n') == 1
    assert not any(name in text for name in ("zelo_x", "zelo_no_value", "zelo_bad_label"))


def test_the_ledger_is_asked_for_a_look_every_five_seconds(service: Service, ledger: Ledger) -> None:
    clock = [0.0]
    metrics = Metrics({"churn": service}, clock=lambda: clock[0])

    def look(figure: float) -> None:
        gauges = [{"name": "zelo_mean_score", "labels": {}, "value": figure}]
        ledger.record_event("churn", "monitor", "Ana", "ok", {"version": "1", "gauges": gauges})

    assert value(looks(metrics), "zelo_mean_score") is None
    look(0.25)
    clock[0] = 4.9
    assert value(looks(metrics), "zelo_mean_score") is None
    clock[0] = 5.0
    assert value(looks(metrics), "zelo_mean_score") == 0.25


def test_without_the_ledger_no_old_look_passes_for_todays(
    service: Service, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*_arguments: object, **_named: object) -> None:
        raise LedgerError("the ledger cannot be read")

    gauges = [{"name": "zelo_mean_score", "labels": {}, "value": 0.25}]
    ledger.record_event("churn", "monitor", "Ana", "ok", {"version": "1", "gauges": gauges})
    clock = [0.0]
    metrics = Metrics({"churn": service}, clock=lambda: clock[0])
    assert value(looks(metrics), "zelo_ledger_up", project="churn") == 1

    monkeypatch.setattr(Ledger, "events", unreadable)
    clock[0] = 10.0
    text = looks(metrics)

    assert value(text, "zelo_ledger_up", project="churn") == 0
    assert value(text, "zelo_mean_score") is None
    assert value(text, "zelo_model_info", project="churn") == 1


def test_a_champion_alone_has_all_of_the_traffic(service: Service) -> None:
    text = looks(Metrics({"churn": service}))

    assert value(text, "zelo_traffic_share", version="1", variant="champion", mode="alone") == 1


def test_what_two_versions_did_is_counted_apart(service: Service) -> None:
    metrics = Metrics({"churn": service})
    labels = {("1", "champion", "Risco alto"): 3, ("2", "challenger", "Risco alto"): 1}
    metrics.committed(
        Committed(
            "churn",
            labels,
            rows=4,
            seconds=0.01,
            scores={"1": [0.9, 0.9, 0.9], "2": [0.9]},
            abstained={"2": 1},
            scored={"1": 4, "2": 4},
            failed={"2": 2},
            seconds_of={"1": 0.002, "2": 0.004},
        )
    )
    metrics.committed(Committed("churn", {}, rows=0, seconds=0.0, scored={"2": 1}, failed={"2": 1}))

    text = looks(metrics)

    assert value(text, "zelo_predictions_total", version="2", variant="challenger") == 1
    assert value(text, "zelo_abstentions_total", version="2") == 1
    assert value(text, "zelo_model_rows_total", version="2") == 5
    assert value(text, "zelo_model_failures_total", version="2") == 3
    assert value(text, "zelo_model_seconds_total", version="2") == 0.004
    assert value(text, "zelo_ledger_commit_seconds_count") == 1


def test_promtool_finds_nothing_to_say(client: Client, ledger: Ledger, metrics: Any) -> None:
    gauges = [{"name": name, "labels": {"metric": "f2"}, "value": 1.0} for name in MEANINGS]
    ledger.record_event("churn", "monitor", "Ana", "ok", {"version": "1", "gauges": gauges})
    client.post("/predict", json=ROW)
    client.post("/predict", json={})

    text = metrics()

    assert all(f"\n{name}{{" in text for name in MEANINGS)
    found = subprocess.run(
        ["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    assert (found.returncode, found.stdout + found.stderr) == (0, "")
