"""The parity certificate: what the compiled model gives against the fitted one, where it is hardest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from zelo.decisions.decide import decide
from zelo.decisions.policy import Policy
from zelo.features.columns import Columns, count, take
from zelo.registry.runtime import Predictor
from zelo.spec.project import Project

Array = np.ndarray[Any, Any]

TOLERANCE = 1e-4
"""Largest difference between two scores: of a probability, or of a value relative to its spread."""
REAL_ROWS = 2000
PROBE_ROWS = 8
HALVINGS = 45
UNSEEN = "\N{SNOWMAN} unseen"


@dataclass(frozen=True)
class Case:
    """One kind of rows: how many, the largest difference, and how many decisions changed."""

    name: str
    rows: int
    largest_difference: float
    decisions_changed: int


@dataclass(frozen=True)
class Certificate:
    """Whether the compiled model may serve, with what was found in each case."""

    passed: bool
    tolerance: float
    cases: tuple[Case, ...]
    reason: str

    def as_dict(self) -> dict[str, Any]:
        """For JSON; a difference that is no number is null."""
        facts = asdict(self)
        for case in facts["cases"]:
            if not np.isfinite(case["largest_difference"]):
                case["largest_difference"] = None
        return facts


def uncompiled(reason: str) -> Certificate:
    """The certificate of a model that has no compilation."""
    return Certificate(False, TOLERANCE, (), reason)


@dataclass(frozen=True)
class Probes:
    """Rows of each kind, with what the fitted pipeline says of them; ``spread`` is that of its scores."""

    cases: tuple[tuple[str, Columns, Array], ...]
    spread: float


def probes_of(native: Predictor, rows: Columns, project: Project, *, seed: int) -> Probes:
    """Real rows, missing values, unseen categories, range ends and rows beside split points.

    Args:
        rows: real rows, of which at most 2,000 are used.
    """
    rng = np.random.default_rng(seed)
    sample = take(rows, rng.permutation(count(rows))[:REAL_ROWS])
    cases = tuple(
        (name, probe, native.scores(probe)) for name, probe in _probes(native, sample, project, rng)
    )
    return Probes(cases, _spread(cases[0][2], project))


def certify(probes: Probes, compiled: Predictor, policy: Policy) -> Certificate:
    """Compare a compiled model with the fitted one on every probe. One that raises has failed."""
    cases: tuple[Case, ...] = ()
    for name, probe, expected in probes.cases:
        try:
            found = compiled.scores(probe)
        except Exception as error:  # noqa: BLE001 - ONNX Runtime's classes share no public base
            return Certificate(False, TOLERANCE, cases, f"the compiled model fails on {name}: {_line(error)}")
        cases += (_compare(name, expected, found, policy, probes.spread),)
    broken = [case.name for case in cases if case.largest_difference > TOLERANCE or case.decisions_changed]
    reason = (
        f"beyond tolerance on {', '.join(broken)}" if broken else "the same within tolerance in every case"
    )
    return Certificate(not broken, TOLERANCE, cases, reason)


def _compare(name: str, native: Array, compiled: Array, policy: Policy, spread: float) -> Case:
    if compiled.shape != native.shape:
        return Case(name, len(native), np.inf, len(native))
    difference = float(np.abs(native - compiled).max(initial=0.0)) / spread
    changed = 0
    if policy.kind != "regression":
        pairs = zip(decide(native, policy), decide(compiled, policy), strict=True)
        changed = sum(left.prediction != right.prediction for left, right in pairs)
    return Case(name, len(native), difference if np.isfinite(difference) else np.inf, changed)


def _line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _spread(scores: Array, project: Project) -> float:
    return 1.0 if project.classes else max(float(scores.std()), 1e-12)


def _probes(
    native: Predictor, sample: Columns, project: Project, rng: np.random.Generator
) -> Iterator[tuple[str, Columns]]:
    yield "real rows", sample
    few = take(sample, rng.permutation(count(sample))[:PROBE_ROWS])
    missing = [name for name, field in project.inputs.items() if field.missing == "allowed"]
    if missing:
        yield (
            "missing values",
            _stacked(
                [
                    few | {name: np.full_like(few[name], np.nan if project.inputs[name].is_numeric else "")}
                    for name in missing
                ]
            ),
        )
    categories = [name for name, field in project.inputs.items() if not field.is_numeric]
    if categories:
        yield (
            "unseen categories",
            _stacked([few | {name: np.full_like(few[name], UNSEEN)} for name in categories]),
        )
    numbers = [name for name, field in project.inputs.items() if field.is_numeric]
    if numbers:
        yield (
            "range ends",
            _stacked(
                [
                    few | {name: np.full_like(few[name], end)}
                    for name in numbers
                    for end in (np.nanmin(sample[name]), np.nanmax(sample[name]))
                ]
            ),
        )
        yield "beside split points", beside_jumps(native, few, sample, numbers)


def beside_jumps(native: Predictor, few: Columns, sample: Columns, numbers: list[str]) -> Columns:
    """Rows on both sides of where the fitted model's score changes, as close as numbers get.

    For each number and row, the field is moved from its lowest to its highest value by bisection: the
    interval keeps two ends with different scores until nothing lies between. This finds a tree's split
    points through any features before it.
    """
    low = _stacked([few | {name: np.full_like(few[name], np.nanmin(sample[name]))} for name in numbers])
    high = _stacked([few | {name: np.full_like(few[name], np.nanmax(sample[name]))} for name in numbers])
    moved = np.repeat(numbers, count(few))
    below = np.array([low[name][row] for row, name in enumerate(moved)])
    above = np.array([high[name][row] for row, name in enumerate(moved)])
    left = native.scores(low)
    for _ in range(HALVINGS):
        middle = (below + above) / 2
        same = (native.scores(_moved(low, moved, middle)) == left).all(axis=1)
        below, above = np.where(same, middle, below), np.where(same, above, middle)
    points = [
        below,
        above,
        np.nextafter(below, -np.inf),
        np.nextafter(above, np.inf),
        below.astype(np.float32).astype(np.float64),
        above.astype(np.float32).astype(np.float64),
    ]
    return _stacked([_moved(low, moved, point) for point in points])


def _moved(rows: Columns, moved: Array, values: Array) -> Columns:
    return {
        name: np.where(moved == name, values, column) if column.dtype.kind == "f" else column
        for name, column in rows.items()
    }


def _stacked(parts: list[Columns]) -> Columns:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
