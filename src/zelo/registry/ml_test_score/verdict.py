"""What is said of one of the 28 items: points, what proves them, and what would earn the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from zelo.registry.ml_test_score.artefacts import Artefacts

MANUAL, AUTOMATED = 0.5, 1.0


@dataclass(frozen=True)
class Said:
    """A phrase in English, with places for values; :mod:`words` has it in the project's language."""

    phrase: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Proof:
    """A file, a record or an event, and what it shows."""

    where: str
    shows: Said


@dataclass(frozen=True)
class Verdict:
    """``points`` are 0, 0.5 (done by hand and written down) or 1 (done by itself, each time)."""

    points: float
    proofs: tuple[Proof, ...] = ()
    wants: Said | None = None


Check = Callable[[Artefacts], Verdict]


def nothing(wants: str) -> Verdict:
    """No point, and what would earn one."""
    return Verdict(0.0, (), Said(wants))
