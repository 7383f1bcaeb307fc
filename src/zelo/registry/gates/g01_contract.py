"""G01: the training rows kept the contract that the bundle serves."""

from __future__ import annotations

from zelo.data.snapshot import contract_hash
from zelo.registry.examination import Examination
from zelo.registry.gates.gate import Gate, Status


def check(examination: Examination) -> tuple[Status, str, str]:
    """The snapshot was checked against this very contract; its own hash was checked when it was read."""
    expected = "the snapshot that the bundle names, checked against the bundle's contract"
    named = examination.bundle.manifest["snapshot"]
    if examination.snapshot.hash != named:
        return (
            "failed",
            f"snapshot {examination.snapshot.hash[:16]}, and the bundle names {named[:16]}",
            expected,
        )
    if examination.snapshot.contract != contract_hash(examination.project):
        return "failed", "the rows were checked against another contract", expected
    return "passed", f"{examination.snapshot.rows} rows, every one within the contract", expected


GATE = Gate("G01", "contract held", check)
