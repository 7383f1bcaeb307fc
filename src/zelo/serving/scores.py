"""The scores of a served model as Prometheus reads them: a histogram of probabilities, the sum of values."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from itertools import accumulate

import numpy as np
from prometheus_client import Metric
from prometheus_client.core import HistogramMetricFamily, SummaryMetricFamily
from prometheus_client.registry import Collector

EDGES = tuple(round(0.05 * step, 2) for step in range(1, 21))
"""Upper ends of the histogram's buckets: a score of a class is from 0 to 1."""

_LABELS = ("project", "version")
_AT_ONCE = 4_096
_Key = tuple[str, str]


class Scores(Collector):
    """Counts many scores at a time, when there are many or when somebody looks: no answer waits for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[_Key, list[float]] = {}
        self._shares: dict[_Key, tuple[np.ndarray[tuple[int], np.dtype[np.int64]], float]] = {}
        self._values: dict[_Key, tuple[int, float]] = {}

    def add_shares(self, project: str, version: str, scores: Sequence[float]) -> None:
        """Count scores of classes, in [0, 1]."""
        with self._lock:
            waiting = self._waiting.setdefault((project, version), [])
            waiting.extend(scores)
            if len(waiting) >= _AT_ONCE:
                self._count((project, version))

    def add_values(self, project: str, version: str, values: Sequence[float]) -> None:
        """Count predicted values, in the target's unit."""
        if not len(values):
            return
        with self._lock:
            count, total = self._values.get((project, version), (0, 0.0))
            self._values[project, version] = (count + len(values), total + float(np.sum(values)))

    def _count(self, key: _Key) -> None:
        if scores := self._waiting.pop(key, None):
            found = np.bincount(np.searchsorted(EDGES, scores, side="left"), minlength=len(EDGES) + 1)
            counts, total = self._shares.get(key, (np.zeros_like(found), 0.0))
            self._shares[key] = (counts + found, total + float(np.sum(scores)))

    def collect(self) -> Iterator[Metric]:
        """Both families, as they stand."""
        shares = HistogramMetricFamily(
            "zelo_prediction_score", "scores of answered predictions of classes", labels=_LABELS
        )
        values = SummaryMetricFamily(
            "zelo_predicted_value", "predicted values, in the target's unit", labels=_LABELS
        )
        ends = [*map(str, EDGES), "+Inf"]
        with self._lock:
            for key in list(self._waiting):
                self._count(key)
            for key, (counts, total) in self._shares.items():
                heights = [float(height) for height in accumulate(counts.tolist())]
                shares.add_metric(key, list(zip(ends, heights, strict=True)), total)
            for key, (count, total) in self._values.items():
                values.add_metric(key, count, total)
        yield shares
        yield values
