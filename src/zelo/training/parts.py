"""The rows that a model was judged on: the test rows, and the training rows scored out of fold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from zelo.stats.metrics import Scored
from zelo.training.rows import Rows
from zelo.training.train import Trained
from zelo.training.truth import scored_at_all

Array = np.ndarray[Any, Any]
Side = Literal["test", "out_of_fold"]


@dataclass(frozen=True)
class Part:
    """Scored rows [n], with the place of each in the ``rows`` that they come from."""

    side: Side
    scored: Scored
    rows: Rows
    places: Array

    @property
    def positions(self) -> Array:
        """Of each scored row, in the table."""
        return self.rows.positions[self.places]

    def once(self) -> Part:
        """Each row once, by the first repetition's scores."""
        first = np.arange(len(self.scored) // self.scored.repeats)
        return Part(self.side, self.scored.where(first), self.rows, self.places[first])


def parts_of(trained: Trained) -> tuple[Part, Part]:
    """The test rows as the winner decides them, and the training rows as it did out of fold."""
    winner = trained.comparison.winner
    assert winner.scored is not None
    places = np.tile(np.arange(len(trained.train.truth)), trained.project.select.repeats)
    return (
        Part("test", trained.tested, trained.test, np.arange(len(trained.tested))),
        Part("out_of_fold", winner.scored, trained.train, places[scored_at_all(winner.raw)]),
    )
