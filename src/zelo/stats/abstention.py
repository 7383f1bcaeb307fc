"""What is gained by answering only where a model is sure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zelo.stats.arrays import BoolArray, FloatArray


@dataclass(frozen=True)
class Abstention:
    """One entry a confidence, falling, shape [m] each: answering from it up gives this share of answers, of
    which that share is right."""

    confidence: FloatArray
    answered: FloatArray
    accuracy: FloatArray


def abstention_curve(right: BoolArray, confidence: FloatArray) -> Abstention:
    """Accuracy against the share of rows answered, the surest first; equal confidences go together.

    The accuracy-coverage curve of El-Yaniv and Wiener 2010, "On the Foundations of Noise-free Selective
    Classification".

    Args:
        right: whether each row's answer is right, [n].
        confidence: in it, [n].
    """
    order = np.argsort(-confidence, kind="stable")
    ranked, hits = confidence[order], np.cumsum(right[order])
    ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True)) if len(ranked) else order
    answered = ends + 1
    return Abstention(ranked[ends], answered / max(len(ranked), 1), hits[ends] / answered)
