"""How often a worker looks and beats, how long it waits, and how far its trainings step back."""

from __future__ import annotations

from dataclasses import dataclass

NICE = 10
"""Low, and no lower: who holds the ledger's write lock must get to the end of its transaction."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds, but for ``nice``, from 0, the equal of every process, to 19, the last."""

    lost: float = 30.0
    nice: int = NICE
    look: float = 2.0
    beat: float = 1.0
    grace: float = 10.0
    """From the request to stop to the end by force."""
