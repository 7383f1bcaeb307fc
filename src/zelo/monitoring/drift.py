"""How far the inputs and the score have moved from the bundle's reference: a diagnosis, never an alarm.

The inputs' reference is a sample of the training rows. The score's is the test rows: a model is surer of
rows that it was fitted on, and against those a window without any drift would look shifted.

A text is measured twice, as its model reads it: by its length, and by the words that the reference lacks. The
vocabulary is that of every other reference row; the rows between show how many new words come without drift.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy import stats

from zelo.features.columns import columns_from_frame, columns_from_rows
from zelo.features.text.preparation import TextPreparation
from zelo.ledger.records import PredictionRecord
from zelo.monitoring.bundled import read_json, read_table
from zelo.registry.bundle import Bundle
from zelo.registry.gates.g04_parity import TEST_SCORES
from zelo.stats.arrays import FloatArray
from zelo.stats.drift import Categories, chi2, ks, missing_share, psi, psi_categories, wasserstein

Label = Literal["stable", "moderate", "large", "within chance"]
Status = Literal["computed", "too few rows to tell", "cannot be computed"]
Measure = Literal["length in words", "share of new words"]
Reason = Literal["fewer than 100 rows", "constant in the reference", "no values in the reference"]

FEWEST_ROWS = 100
MODERATE, LARGE = 0.1, 0.25
BINS = 10
SCORE = "score"

NOTE = "This table is a diagnosis, not an alarm: among many fields and looks some stand out by chance."
LEVELS = (
    "Levels of PSI: below 0.1 stable, 0.1 to 0.25 moderate, above 0.25 large "
    "(Siddiqi 2006, Credit Risk Scorecards); within chance: above 0.1, but so few rows give as much "
    "without drift in one window of twenty (Yurdakul 2018)."
)


@dataclass(frozen=True)
class Drift:
    """One field, or the score, in the reference and in the window. What is not defined is ``None``.

    ``psi_chance`` is what the index stays below in 95 % of windows of so many rows without drift.
    ``statistic`` is Kolmogorov and Smirnov's largest gap in [0, 1] for numbers, Pearson's chi-squared for
    categories. ``wasserstein`` and ``mean_change`` are in ``unit``, ``wasserstein_sd`` in standard deviations
    of the reference. ``category`` is the one whose share changed most; "" is the missing value. ``measure``
    is what was measured of a text.
    """

    field: str
    kind: Literal["number", "category", "text", "score"]
    unit: str | None
    reference_rows: int
    rows: int
    status: Status
    reason: Reason | None = None
    psi: float | None = None
    psi_chance: float | None = None
    label: Label | None = None
    test: Literal["ks", "chi2"] | None = None
    statistic: float | None = None
    wasserstein: float | None = None
    wasserstein_sd: float | None = None
    mean_change: float | None = None
    category: str | None = None
    category_share_reference: float | None = None
    category_share: float | None = None
    missing_reference: float | None = None
    missing: float | None = None
    measure: Measure | None = None


@dataclass(frozen=True)
class DriftTable:
    """A row an input field as the contract orders them, two a text, then the score.

    ``rows`` are the version's own.
    """

    rows: int
    fields: tuple[Drift, ...]
    note: str = NOTE
    levels: str = LEVELS


def measure_drift(records: Sequence[PredictionRecord], bundle: Bundle) -> DriftTable:
    """Compare predictions of the bundle's version with its reference.

    Raises:
        BundleError: the bundle's reference is missing or damaged.
    """
    project = bundle.project
    reference = columns_from_frame(project, read_table(bundle, "reference.parquet"))
    window = columns_from_rows(project, [record.inputs for record in records])
    fields: list[Drift] = []
    # The lags of a history are one series, a row apart: the newest value tells what the others will.
    older = set(list(project.lags)[1:])
    for name, field in project.inputs.items():
        if name in older:
            continue
        if field.is_numeric:
            fields.append(_numbers(name, "number", field.unit, reference[name], window[name]))
        elif field.type == "text":
            fields += _texts(name, reference[name], window[name], TextPreparation.of(project))
        else:
            fields.append(_categories(name, reference[name], window[name]))
    scores = np.array([record.score for record in records], dtype=np.float64)
    unit = project.task.unit if project.task.kind == "regression" else None
    fields.append(_numbers(SCORE, "score", unit, tested_scores(bundle), scores))
    return DriftTable(len(records), tuple(fields))


def label_of(index: float, chance: float) -> Label:
    """The word for a population stability index, given what chance alone reaches."""
    if index < MODERATE:
        return "stable"
    if index <= chance:
        return "within chance"
    return "moderate" if index <= LARGE else "large"


def chance_level(reference_rows: int, rows: int, cells: int) -> float:
    """What PSI stays below in 95 % of pairs of samples without drift (Yurdakul 2018).

    That is the 95 % point of chi-squared with ``cells - 1`` degrees of freedom, over the harmonic rows
    ("Statistical Properties of Population Stability Index", Western Michigan University).
    """
    return float(stats.chi2.ppf(0.95, max(cells - 1, 1))) * (1 / reference_rows + 1 / rows)


def _numbers(
    name: str,
    kind: Literal["number", "text", "score"],
    unit: str | None,
    reference: FloatArray,
    window: FloatArray,
) -> Drift:
    start = Drift(name, kind, unit, len(reference), len(window), "computed")
    if few := _too_few(start):
        return few
    distance = wasserstein(reference, window)
    measured = replace(
        start,
        test="ks",
        statistic=_known(ks(reference, window).statistic),
        wasserstein=_known(distance.units),
        wasserstein_sd=_known(distance.deviations),
        mean_change=_known(_mean(window) - _mean(reference)),
        missing_reference=missing_share(reference),
        missing=missing_share(window),
    )
    cells = BINS + int(np.isnan(reference).any() or np.isnan(window).any())
    if np.isnan(reference).all():
        return replace(measured, status="cannot be computed", reason="no values in the reference")
    return _labelled(measured, psi(reference, window, bins=BINS), cells)


def _texts(
    name: str, reference: Categories, window: Categories, preparation: TextPreparation
) -> tuple[Drift, Drift]:
    before, after = ([preparation.apply(text).split() for text in texts] for texts in (reference, window))
    vocabulary = {word for words in before[::2] for word in words}

    def lengths(texts: Sequence[Sequence[str]], raw: Categories) -> FloatArray:
        found = [len(words) if text else math.nan for words, text in zip(texts, raw, strict=True)]
        return np.array(found, dtype=np.float64)

    def newness(texts: Sequence[Sequence[str]], raw: Categories) -> FloatArray:
        new = [sum(word not in vocabulary for word in words) for words in texts]
        return np.array(new, dtype=np.float64) / lengths(texts, raw)

    length = _numbers(name, "text", "words", lengths(before, reference), lengths(after, window))
    unseen = newness(before[1::2], reference[1::2])
    new_words = _numbers(name, "text", "share", unseen, newness(after, window))
    return replace(length, measure="length in words"), replace(new_words, measure="share of new words")


def _categories(name: str, reference: Categories, window: Categories) -> Drift:
    start = Drift(name, "category", None, len(reference), len(window), "computed")
    if few := _too_few(start):
        return few
    before, after = Counter(reference), Counter(window)
    shares = {value: (before[value] / len(reference), after[value] / len(window)) for value in before | after}
    changed = max(sorted(shares), key=lambda value: abs(shares[value][1] - shares[value][0]))
    measured = replace(
        start,
        test="chi2",
        statistic=_known(chi2(reference, window).statistic),
        category=changed,
        category_share_reference=shares[changed][0],
        category_share=shares[changed][1],
        missing_reference=missing_share(reference),
        missing=missing_share(window),
    )
    return _labelled(measured, psi_categories(reference, window), len(shares))


def _too_few(start: Drift) -> Drift | None:
    if min(start.rows, start.reference_rows) >= FEWEST_ROWS:
        return None
    return replace(start, status="too few rows to tell", reason="fewer than 100 rows")


def _labelled(measured: Drift, index: float, cells: int) -> Drift:
    if math.isnan(index):
        return replace(measured, status="cannot be computed", reason="constant in the reference")
    chance = chance_level(measured.reference_rows, measured.rows, cells)
    return replace(measured, psi=index, psi_chance=chance, label=label_of(index, chance))


def tested_scores(bundle: Bundle) -> FloatArray:
    """The test rows' scores as the ledger keeps them: positive class, predicted class, or value; [n]."""
    scores: FloatArray = np.asarray(read_json(bundle, TEST_SCORES), dtype=np.float64)
    project = bundle.project
    if project.task.kind == "binary":
        return scores[:, project.classes.index(project.positive)]
    highest: FloatArray = scores.max(axis=1)
    return highest


def _mean(values: FloatArray) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else math.nan


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
