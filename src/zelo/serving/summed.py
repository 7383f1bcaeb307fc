"""What several processes have counted, as one exposition in Prometheus's format."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from prometheus_client import Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

_COUNTED = ("counter", "histogram", "summary")
_SUMMED = (
    "zelo_requests_in_progress",
    "process_resident_memory_bytes",
    "process_virtual_memory_bytes",
    "process_open_fds",
)
_LEAST = ("zelo_ledger_up", "process_start_time_seconds")
_Key = tuple[str, tuple[tuple[str, str], ...]]
_Rule = Callable[[float, float], float]


def summed(own: bytes, others: Sequence[bytes], gone: Sequence[bytes] = ()) -> bytes:
    """One exposition of all.

    Counters and histograms are added up, also those of processes that are ``gone``: a sum that fell would
    look like a restart, and be counted a second time. Of gauges those that belong to a process are added up,
    of a few the least counts, and all others are of the project: they are ``own``, from whoever is asked.
    """
    families = {family.name: family for family in _families(own)}
    for text in (*others, *gone):
        for family in _families(text):
            known = families.setdefault(family.name, _empty(family))
            if rule := _rule(family):
                _add(known, family, rule)
    workers = GaugeMetricFamily("zelo_workers", "processes that answer", value=1 + len(others))
    return generate_latest(_Fixed([*families.values(), workers]))


def counted(texts: Sequence[bytes]) -> bytes:
    """What is left of processes that are gone: their counters and histograms, added up."""
    families: dict[str, Metric] = {}
    for text in texts:
        for family in _families(text):
            if family.type in _COUNTED:
                _add(families.setdefault(family.name, _empty(family)), family, _sum)
    return generate_latest(_Fixed(list(families.values())))


class _Fixed(Collector):
    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        yield from self._families


def _families(text: bytes) -> Iterator[Metric]:
    return iter(text_string_to_metric_families(text.decode()))


def _empty(family: Metric) -> Metric:
    return Metric(family.name, family.documentation, family.type)


def _rule(family: Metric) -> _Rule | None:
    if family.type in _COUNTED or family.name in _SUMMED:
        return _sum
    return min if family.name in _LEAST or family.name.endswith("_created") else None


def _sum(one: float, other: float) -> float:
    return one + other


def _add(known: Metric, family: Metric, rule: _Rule) -> None:
    found: dict[_Key, float] = {
        (sample.name, tuple(sample.labels.items())): sample.value for sample in known.samples
    }
    for sample in family.samples:
        key = (sample.name, tuple(sample.labels.items()))
        found[key] = rule(found[key], sample.value) if key in found else sample.value
    known.samples = []
    for (name, labels), value in found.items():
        known.add_sample(name, dict(labels), value)
