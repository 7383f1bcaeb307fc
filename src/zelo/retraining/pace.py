"""How often a worker looks and beats, how long it waits, and how far its trainings step back."""

from __future__ import annotations

from dataclasses import dataclass

LAST = 19
"""The niceness of what runs when nothing else wants the core."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds, but for ``nice``, from 0, the equal of every process, to :data:`LAST`."""

    lost: float = 30.0
    nice: int = LAST
    look: float = 2.0
    beat: float = 1.0
    grace: float = 10.0
    """From the request to stop to the end by force."""
