"""What an app counts, in Prometheus's format. Each app has a registry of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from time import monotonic
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    Metric,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from zelo.errors import LedgerError
from zelo.serving.faults import reordered
from zelo.serving.look_gauges import families
from zelo.serving.schema import FieldError
from zelo.serving.scores import Scores
from zelo.serving.service import Committed, Service
from zelo.serving.siblings import Siblings
from zelo.spec.project import Project

_SECONDS = (0.001, 0.0025, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_ROWS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)
_LOOKS_EVERY = 5.0


class Metrics:
    """The counters of one app."""

    def __init__(
        self,
        services: Mapping[str, Service],
        *,
        siblings: Siblings | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._siblings = siblings
        if siblings is not None:
            siblings.join(self._counted)
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._services = services
        self._add_requests()
        self._add_rows()
        self._add_models()
        self._scores = Scores()
        self.registry.register(self._scores)
        self.registry.register(_Looks(services, clock))
        for service in services.values():
            service.watch(self.committed)

    def _add_requests(self) -> None:
        self._requests = self._counter("zelo_requests", "requests answered", "project", "route", "status")
        self._children: dict[tuple[Counter | str, ...], Counter] = {}
        self._answers: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._problems = self._counter(
            "zelo_request_problems", "requests answered by a problem, by its code", "project", "route", "code"
        )
        self._duration = self._histogram(
            "zelo_request_duration_seconds",
            "from first byte in to last byte out",
            _SECONDS,
            "project",
            "route",
        )
        self.in_progress = Gauge(
            "zelo_requests_in_progress", "requests being answered", registry=self.registry
        )

    def _add_rows(self) -> None:
        self._refused = self._counter(
            "zelo_rows_refused", "rows that break the contract, and are not answered", "project"
        )
        self._faults = self._counter(
            "zelo_field_faults",
            "fields that break the contract, by what is wrong",
            "project",
            "field",
            "fault",
        )
        self._reordered = self._counter(
            "zelo_requests_reordered",
            "requests with fields in another order than the contract's: harmless, but the caller differs",
            "project",
        )
        self._rows = self._histogram("zelo_batch_rows", "rows in a ledger transaction", _ROWS, "project")
        self._commit = self._histogram(
            "zelo_ledger_commit_seconds", "a ledger transaction, to the disk", _SECONDS, "project"
        )
        self._commits = {
            name: (self._rows.labels(name), self._commit.labels(name)) for name in self._services
        }

    def _add_models(self) -> None:
        self._predictions = self._counter(
            "zelo_predictions", "predictions recorded and answered", "project", "version", "variant", "label"
        )
        version = ("project", "version")
        self._abstained = self._counter(
            "zelo_abstentions", "answers that leave the case to a person", *version
        )
        self._scored = self._counter("zelo_model_rows", "rows that a version was asked for", *version)
        self._failed = self._counter("zelo_model_failures", "rows that a version failed on", *version)
        self._seconds_of = self._counter("zelo_model_seconds", "time in a version's predictor", *version)
        self._model = Gauge(
            "zelo_model_info",
            "1 for the version that answers",
            ("project", "version", "runtime", "synthetic"),
            registry=self.registry,
        )
        self._share = Gauge(
            "zelo_traffic_share",
            "share of the traffic that a version answers, in [0, 1]",
            ("project", "version", "variant", "mode"),
            registry=self.registry,
        )

    def answered(self, project: str, route: str, status: int, seconds: float, code: str | None) -> None:
        """Count one request; ``code`` is its problem's, where it was answered by one."""
        key = (project, route, status)
        if (counters := self._answers.get(key)) is None:
            # Looking a child up by its labels costs more than counting.
            counters = self._answers[key] = (
                self._requests.labels(project, route, str(status)),
                self._duration.labels(project, route),
            )
        counters[0].inc()
        counters[1].observe(seconds)
        if code is not None:
            self._problems.labels(project, route, code).inc()

    def asked(self, project: str, body: bytes) -> None:
        """Count a request that could be read, where its fields come in another order."""
        if reordered(body, self._services[project].model.names):
            self._reordered.labels(project).inc()

    def refused(self, project: str, rows: int, errors: Sequence[FieldError]) -> None:
        """Count rows that break the contract, and in which fields. Callers make up no label."""
        if not rows and not errors:
            return
        self._refused.labels(project).inc(rows)
        known = _fields(self._services[project].model.bundle.project)
        for error in errors:
            # Of a list, "closes[3]" is the list.
            field = error.field.partition("[")[0]
            self._faults.labels(project, field if field in known else "other", error.fault).inc()

    def committed(self, committed: Committed) -> None:
        """Count what became of questions answered together."""
        project = committed.project
        for (version, variant, label), number in committed.labels.items():
            self._child(self._predictions, project, version, variant, label).inc(number)
        named = self._services[project].model.bundle.policy.kind != "regression"
        count = self._scores.add_shares if named else self._scores.add_values
        for version, scores in committed.scores.items():
            count(project, version, scores)
        by_version: tuple[tuple[Counter, Mapping[str, float]], ...] = (
            (self._abstained, committed.abstained),
            (self._scored, committed.scored),
            (self._failed, committed.failed),
            (self._seconds_of, committed.seconds_of),
        )
        for counter, numbers in by_version:
            for version, amount in numbers.items():
                self._child(counter, project, version).inc(amount)
        if committed.rows:
            rows, seconds = self._commits[project]
            rows.observe(committed.rows)
            seconds.observe(committed.seconds)

    def exposition(self) -> bytes:
        """Everything counted so far, by all workers where there are several, in the text format."""
        return self._counted() if self._siblings is None else self._siblings.together()

    def _counted(self) -> bytes:
        self._model.clear()
        self._share.clear()
        for name, service in self._services.items():
            bundle = service.model.bundle
            synthetic = str(bool(bundle.manifest.get("synthetic"))).lower()
            self._model.labels(name, service.model.version, bundle.predictor.runtime, synthetic).set(1)
            self._divided(name, service)
        return generate_latest(self.registry)

    def _divided(self, project: str, service: Service) -> None:
        traffic = service.traffic
        mode, share = (traffic.mode, traffic.share / 100) if traffic else ("alone", 0.0)
        self._share.labels(project, service.model.version, "champion", mode).set(1 - share)
        if traffic:
            self._share.labels(project, traffic.version, "challenger", mode).set(share)

    def _child(self, counter: Counter, *labels: str) -> Counter:
        """The counter of these labels: to look it up by them costs more than counting."""
        if (found := self._children.get((counter, *labels))) is None:
            found = self._children[(counter, *labels)] = counter.labels(*labels)
        return found

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(name, text, labels, buckets=buckets, registry=self.registry)


def _fields(project: Project) -> set[str | None]:
    history = project.history_name if project.forecast is not None else None
    return {*project.data.fields, project.data.key, project.serving.entity, history}


class _Looks(Collector):
    """The latest look at each project, read from the ledger at most every few seconds.

    Where the ledger cannot be read there is no figure of a look: an old one would pass for today's.
    """

    def __init__(self, services: Mapping[str, Service], clock: Callable[[], float]) -> None:
        self._services = services
        self._clock = clock
        self._lock = threading.Lock()
        self._read_at: float | None = None
        self._looks: dict[str, Mapping[str, Any]] = {}
        self._up: dict[str, bool] = {}

    def describe(self) -> Iterable[Metric]:
        """Nothing ahead of time: the ledger is not read when an app is made."""
        return ()

    def collect(self) -> Iterator[Metric]:
        with self._lock:
            now = self._clock()
            if self._read_at is None or now - self._read_at >= _LOOKS_EVERY:
                self._read()
                self._read_at = now
            up, looks = dict(self._up), dict(self._looks)
        reachable = GaugeMetricFamily("zelo_ledger_up", "1 where the ledger can be read", labels=["project"])
        for project, well in up.items():
            reachable.add_metric([project], float(well))
        yield reachable
        yield from families(looks)

    def _read(self) -> None:
        self._looks, self._up = {}, {}
        for project, service in self._services.items():
            try:
                look = service.last_look()
            except LedgerError:
                self._up[project] = False
                continue
            self._up[project] = True
            if look is not None:
                self._looks[project] = look
