"""Which words carried a decision: each is left out in turn, and what the probability loses is its weight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

MOST_SPANS = 24
"""A longer text is cut into as many spans of equally many words, and each span is left out as one."""
MOST_WORDS = 5
NO_WORDS = " "
"""What is left of a text of one word without it: a text in which a model finds no word."""
_LONGEST = 80
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Occlusion:
    """The spans of a row's texts, and for each the row without it."""

    spans: tuple[str, ...] = ()
    variants: Sequence[Mapping[str, Any]] = ()


NOTHING_LEFT_OUT = Occlusion()


def occlude(row: Mapping[str, Any], texts: Sequence[str]) -> Occlusion:
    """Leave out each span of the fields ``texts`` of a row; they share :data:`MOST_SPANS` among them."""
    spans: list[str] = []
    variants: list[Mapping[str, Any]] = []
    for name in texts:
        cut = spans_of(row.get(name) or "", MOST_SPANS // len(texts) or 1)
        for place, span in enumerate(cut):
            rest = " ".join(cut[:place] + cut[place + 1 :])
            spans.append(span)
            variants.append({**row, name: rest or NO_WORDS})
    return Occlusion(tuple(spans), variants)


def weights(
    spans: Sequence[str], probability: float, without: Sequence[float]
) -> tuple[tuple[str, float], ...]:
    """At most :data:`MOST_WORDS` spans with what the decision owes to them, falling.

    A weight is the probability of the predicted class less that without the span, so one below 0 spoke
    against the decision. Spans without any weight are left out.

    Args:
        spans: as :class:`Occlusion` has them, [m].
        probability: of the predicted class, for the whole row.
        without: the same class's probability without each span, [m].
    """
    found = np.round(probability - np.asarray(without, dtype=np.float64), _DIGITS)
    order = np.argsort(-found, kind="stable")
    return tuple((shown_span(spans[i]), float(found[i])) for i in order if found[i] != 0)[:MOST_WORDS]


def spans_of(text: str, most: int) -> list[str]:
    """A text in at most ``most`` spans of about equally many words, in order."""
    words = text.split()
    if len(words) <= most:
        return words
    return [" ".join(part) for part in np.array_split(np.array(words, dtype=object), most)]


def shown_span(span: str) -> str:
    """A span as people read it: cut short where it is long."""
    return span if len(span) <= _LONGEST else f"{span[: _LONGEST - 1]}…"
