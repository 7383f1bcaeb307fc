"""What several workers have counted, told by any one of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from zelo.serving.siblings import Siblings, bury


class Counting:
    """What one worker counts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter("zelo_requests", "asked", ["route"], registry=self.registry)
        self.seconds = Histogram("zelo_seconds", "took", buckets=(1, 2), registry=self.registry)
        self.busy = Gauge("zelo_requests_in_progress", "now", registry=self.registry)
        self.up = Gauge("zelo_ledger_up", "readable", registry=self.registry)
        self.version = Gauge("zelo_model_info", "the one that answers", ["version"], registry=self.registry)

    def counted(self) -> bytes:
        return generate_latest(self.registry)


def values(exposition: bytes) -> dict[str, float]:
    """By name and labels, as a line of the text format begins."""
    return {
        sample.name + "".join(f"|{value}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(exposition.decode())
        for sample in family.samples
    }


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Counting, Siblings]]:
    """The workers 1001 and 1002."""
    made = []
    for process in (1001, 1002):
        monkeypatch.setattr(os, "getpid", lambda process=process: process)
        counting, siblings = Counting(), Siblings(tmp_path)
        siblings.join(counting.counted)
        made.append((counting, siblings))
    return made


def test_counters_and_histograms_are_added_up_whoever_is_asked(two: list[tuple[Counting, Siblings]]) -> None:
    (one, first), (other, second) = two
    one.requests.labels("/predict").inc(3)
    other.requests.labels("/predict").inc(4)
    other.requests.labels("/health").inc()
    one.seconds.observe(0.5)
    other.seconds.observe(1.5)
    second.tell()

    told = values(first.together())

    assert told["zelo_requests_total|/predict"] == 7
    assert told["zelo_requests_total|/health"] == 1
    assert (told["zelo_seconds_bucket|1.0"], told["zelo_seconds_bucket|+Inf"]) == (1, 2)
    assert told["zelo_seconds_sum"] == 2
    assert told["zelo_workers"] == 2
    assert values(second.together())["zelo_requests_total|/predict"] == 7


def test_a_gauge_of_a_process_is_added_up_and_one_of_the_project_is_not(
    two: list[tuple[Counting, Siblings]],
) -> None:
    (one, first), (other, second) = two
    for counting, busy, up, version in ((one, 2, 1, "7"), (other, 3, 0, "6")):
        counting.busy.set(busy)
        counting.up.set(up)
        counting.version.labels(version).set(1)
    second.tell()

    told = values(first.together())

    assert told["zelo_requests_in_progress"] == 5
    assert told["zelo_ledger_up"] == 0
    assert told["zelo_model_info|7"] == 1
    assert "zelo_model_info|6" not in told


def test_what_was_told_of_a_worker_stays_when_it_is_gone(
    two: list[tuple[Counting, Siblings]], tmp_path: Path
) -> None:
    (one, first), (other, second) = two
    one.requests.labels("/predict").inc(3)
    other.requests.labels("/predict").inc(4)
    other.seconds.observe(1.5)
    other.busy.set(9)
    second.tell()
    before = values(first.together())

    bury(tmp_path, 1002)
    bury(tmp_path, 1002)
    bury(tmp_path, 1003)
    after = values(first.together())

    assert after["zelo_requests_total|/predict"] == before["zelo_requests_total|/predict"] == 7
    assert after["zelo_seconds_count"] == 1
    assert after["zelo_workers"] == 1
    assert after["zelo_requests_in_progress"] == 0

    second.tell()
    bury(tmp_path, 1002)
    assert values(first.together())["zelo_requests_total|/predict"] == 11


def test_a_call_is_seen_by_the_others(two: list[tuple[Counting, Siblings]]) -> None:
    (_, first), (_, second) = two
    assert second.called() is None
    first.call()
    called = second.called()
    assert called is not None
    first.call()
    assert (second.called() or 0) > called
