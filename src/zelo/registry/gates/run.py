"""Every gate, in order, and their answers about one version."""

from __future__ import annotations

from zelo.registry.examination import Examination
from zelo.registry.gates import (
    g01_contract,
    g02_baseline,
    g03_champion,
    g04_parity,
    g05_latency,
    g06_slices,
    g07_calibration,
    g08_critical,
)
from zelo.registry.gates.gate import Gate, GateResult

GATES: tuple[Gate, ...] = (
    g01_contract.GATE,
    g02_baseline.GATE,
    g03_champion.GATE,
    g04_parity.GATE,
    g05_latency.GATE,
    g06_slices.GATE,
    g07_calibration.GATE,
    g08_critical.GATE,
)


def run_gates(examination: Examination) -> list[GateResult]:
    """The answers of all gates; one that fails stops no other."""
    return [gate.run(examination) for gate in GATES]
