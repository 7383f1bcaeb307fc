"""What an app counts, in Prometheus's format. Each app has a registry of its own."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

from zelo.serving.service import Committed, Service

_SECONDS = (0.001, 0.0025, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_ROWS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)


class Metrics:
    """The counters of one app."""

    def __init__(self, services: Mapping[str, Service]) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._services = services
        self._requests = self._counter("zelo_requests", "requests answered", "project", "route", "status")
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
        self._predictions = self._counter(
            "zelo_predictions", "predictions recorded and answered", "project", "version", "label"
        )
        self._rows = self._histogram("zelo_batch_rows", "rows in a ledger transaction", _ROWS, "project")
        self._commit = self._histogram(
            "zelo_ledger_commit_seconds", "a ledger transaction, to the disk", _SECONDS, "project"
        )
        self._model = Gauge(
            "zelo_model_info",
            "1 for the version that answers",
            ("project", "version", "runtime", "synthetic"),
            registry=self.registry,
        )
        for service in services.values():
            service.watch(self.committed)

    def answered(self, project: str, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._requests.labels(project, route, str(status)).inc()
        self._duration.labels(project, route).observe(seconds)

    def committed(self, committed: Committed) -> None:
        """Count one ledger transaction."""
        for (version, label), number in committed.labels.items():
            self._predictions.labels(committed.project, version, label).inc(number)
        self._rows.labels(committed.project).observe(committed.rows)
        self._commit.labels(committed.project).observe(committed.seconds)

    def exposition(self) -> bytes:
        """Everything counted so far, in the text format."""
        self._model.clear()
        for name, service in self._services.items():
            bundle = service.model.bundle
            synthetic = str(bool(bundle.manifest.get("synthetic"))).lower()
            self._model.labels(name, service.model.version, bundle.predictor.runtime, synthetic).set(1)
        return generate_latest(self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(name, text, labels, buckets=buckets, registry=self.registry)
