"""What a comparison says of each candidate beside its metrics, and of the choice, for JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from zelo.training.against import Against
from zelo.training.fallback import Challenge
from zelo.training.seeds import SeedSpread
from zelo.training.train import Trained


def standing(trained: Trained, name: str) -> dict[str, Any]:
    """One candidate beside the first baseline, and over several seeds; null where there is no such thing."""
    against, seeds = trained.against.get(name), trained.seeds.get(name)
    return {
        "against": None if against is None else _against(against),
        "seeds": None if seeds is None else _seeds(seeds),
    }


def choice(trained: Trained) -> dict[str, Any]:
    """Whom the comparison would have taken instead, what the fallback met, and the winner on the test set."""
    comparison, tested = trained.comparison, trained.tested_against
    return {
        "instead_of": comparison.instead_of,
        "fallback": None if comparison.challenge is None else _challenge(comparison.challenge),
        "test": None if tested is None else _against(tested),
    }


def _against(found: Against) -> dict[str, Any]:
    direction = found.direction and {
        "accuracy": _number(found.direction.right),
        "expected": _number(found.direction.by_chance),
        "p_value": _number(found.direction.p_value),
    }
    return {
        "baseline": found.baseline,
        "mae_difference": _number(found.mae_difference),
        "dm_p_value": _number(found.p_value),
        "skill": _number(found.skill),
        "direction": direction,
        "note": found.note,
    }


def _seeds(found: Mapping[str, SeedSpread]) -> dict[str, Any]:
    (count,) = {one.count for one in found.values()}
    spread = {
        name: {"low": _number(one.low), "high": _number(one.high), "sd": _number(one.sd)}
        for name, one in found.items()
    }
    return {"count": count, **spread}


def _challenge(found: Challenge) -> dict[str, Any]:
    return {
        "name": found.fallback,
        "beaten_by": list(found.beaten_by),
        "p_values": dict(found.p_values),
        "adjusted": dict(found.adjusted),
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
