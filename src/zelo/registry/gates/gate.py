"""What a gate is, and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from zelo.registry.examination import Examination

Status = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True)
class GateResult:
    """The answer of one gate: what was found and what was expected, in words and figures."""

    code: str
    title: str
    status: Status
    found: str
    expected: str

    def as_dict(self) -> dict[str, Any]:
        """For the evidence."""
        return asdict(self)


@dataclass(frozen=True)
class Gate:
    """A check with a stable code. ``check`` gives (status, found, expected)."""

    code: str
    title: str
    check: Callable[[Examination], tuple[Status, str, str]]

    def run(self, examination: Examination) -> GateResult:
        """The gate's answer about one version."""
        status, found, expected = self.check(examination)
        return GateResult(self.code, self.title, status, found, expected)
