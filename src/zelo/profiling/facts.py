"""Everything that a profile found, as frozen objects; ``Profile.as_dict`` is its JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Value = float | str | None
Role = Literal["input", "metadata", "target"]
Level = Literal["serious", "look", "good"]


@dataclass(frozen=True)
class Row:
    """A training row as people find it again: its file, its 1-based data row there, and its key."""

    file: str
    row: int
    key: str | None
    values: Mapping[str, Value]
    target: str | float


@dataclass(frozen=True)
class Count:
    name: str
    count: int
    share: float


@dataclass(frozen=True)
class Summary:
    """Of finite numbers; ``sd`` with n - 1, quantiles interpolated."""

    mean: float
    sd: float | None
    minimum: float
    q05: float
    q25: float
    median: float
    q75: float
    q95: float
    maximum: float


@dataclass(frozen=True)
class Histogram:
    """Counts [k] between edges [k + 1]; ``beyond`` values lie outside them."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    beyond: int = 0


@dataclass(frozen=True)
class Field:
    """A field of the contract, or the target: what the project says of it, and what the rows say."""

    name: str
    column: str
    role: Role
    type: str
    unit: str | None
    meaning: str | None
    contract_min: float | None
    contract_max: float | None
    contract_values: tuple[str, ...] | None
    missing: int
    missing_share: float
    distinct: int
    summary: Summary | None = None
    histogram: Histogram | None = None
    top: tuple[Count, ...] = ()
    first: str | None = None
    last: str | None = None


@dataclass(frozen=True)
class Term:
    """A word, how often it stands in the class' texts, and the z of its weighted log-odds."""

    word: str
    count: int
    z: float


@dataclass(frozen=True)
class ClassTexts:
    """How the texts of a class differ from the others': words a text, and its characteristic terms."""

    label: str
    rows: int
    words: Summary | None
    terms: tuple[Term, ...]


@dataclass(frozen=True)
class Texts:
    """A text field. ``hapax`` are the words that stand once in all texts."""

    field: str
    rows: int
    stop_words: str
    characters: Summary
    words: Summary
    histogram: Histogram
    tokens: int
    vocabulary: int
    hapax: int
    hapax_share: float
    top: tuple[Count, ...]
    classes: tuple[ClassTexts, ...]


@dataclass(frozen=True)
class Period:
    """``start`` in ISO 8601; ``counts`` of the classes of its Dates, none for a regression."""

    start: str
    rows: int
    counts: tuple[int, ...]


@dataclass(frozen=True)
class Dates:
    """A date field by day, month or year. ``empty`` periods lie between the first and the last."""

    field: str
    by: Literal["day", "month", "year"]
    classes: tuple[str, ...]
    periods: tuple[Period, ...]
    missing: int
    empty: int


Measure = Literal["spearman", "cramers_v", "correlation_ratio"]


@dataclass(frozen=True)
class Relation:
    """Spearman's rho is in [-1, 1], the others in [0, 1]; over the rows where both are there."""

    one: str
    other: str
    measure: Measure
    value: float
    rows: int


@dataclass(frozen=True)
class Group:
    """The target in one category, or from ``low`` to ``high``: the positive class' share, or the median."""

    category: str | None
    low: float | None
    high: float | None
    rows: int
    value: float


@dataclass(frozen=True)
class TargetBy:
    field: str
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class Relations:
    """``left_out`` fields have too many values to compare, or only one."""

    names: tuple[str, ...]
    pairs: tuple[Relation, ...]
    with_target: tuple[Relation, ...]
    target_by: tuple[TargetBy, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class Same:
    """Rows whose inputs are equal; ``conflict`` where their targets are not."""

    count: int
    rows: tuple[Row, ...]
    targets: tuple[Count, ...]
    conflict: bool


@dataclass(frozen=True)
class Near:
    """Two texts that are almost one, by the cosine of their character n-grams."""

    one: Row
    other: Row
    similarity: float
    conflict: bool


@dataclass(frozen=True)
class Duplicates:
    """``repeated`` rows have the inputs of a row above; ``in_test`` test rows have those of a training row.

    Near-duplicates are sought among ``compared`` of the ``distinct`` texts.
    """

    groups: int
    repeated: int
    conflicts: int
    conflicting_rows: int
    shown: tuple[Same, ...]
    in_test: int
    threshold: float
    distinct: int
    compared: int
    near: int
    near_conflicts: int
    near_shown: tuple[Near, ...]


@dataclass(frozen=True)
class Extreme:
    """A field's value that lies far out: ``z`` = (value - median) / (1.4826 MAD)."""

    field: str
    value: float
    z: float


@dataclass(frozen=True)
class Outlier:
    """``score`` is the isolation forest's, up to 1; over 0.5 is easier to isolate than most."""

    row: Row
    score: float
    extremes: tuple[Extreme, ...]


@dataclass(frozen=True)
class LoneText:
    """A text far from every other: mean cosine distance to its nearest ones."""

    row: Row
    distance: float
    nearest: str


@dataclass(frozen=True)
class Outliers:
    numbers: tuple[Outlier, ...]
    texts: tuple[LoneText, ...]
    compared: int


@dataclass(frozen=True)
class Suspect:
    """A row whose label a model that has not seen the row would not give."""

    row: Row
    given: str
    suggested: str
    given_probability: float
    suggested_probability: float


@dataclass(frozen=True)
class Residual:
    """A row whose value is far from what a model that has not seen it expects, in robust deviations."""

    row: Row
    observed: float
    expected: float
    z: float


@dataclass(frozen=True)
class Swap:
    given: str
    suggested: str
    rows: int


@dataclass(frozen=True)
class Labels:
    """``suspected`` of ``examined`` rows; the first are listed. ``reason`` says why none could be examined.

    ``agreement`` is the share of given labels that the model would have given too.
    """

    model: str
    folds: int
    at_random: bool
    examined: int
    suspected: int
    agreement: float | None = None
    by_class: tuple[Count, ...] = ()
    swaps: tuple[Swap, ...] = ()
    suspects: tuple[Suspect, ...] = ()
    residuals: tuple[Residual, ...] = ()
    reason: str | None = None


@dataclass(frozen=True)
class Finding:
    """A key of the report's words, and what stands in it."""

    key: str
    level: Level
    parts: Mapping[str, Any]
    section: str


@dataclass(frozen=True)
class Profile:
    """A snapshot's training rows, described. ``classes`` is empty for a regression."""

    project: str
    title: str
    language: Literal["pt-BR", "en"]
    kind: Literal["binary", "multiclass", "regression"]
    target: Field
    positive: str | None
    snapshot: str
    created: str
    synthetic: bool
    sources: tuple[Mapping[str, Any], ...]
    rows: int
    training_rows: int
    test_rows: int
    seed: int
    fields: tuple[Field, ...]
    classes: tuple[Count, ...]
    texts: tuple[Texts, ...]
    dates: tuple[Dates, ...]
    relations: Relations
    duplicates: Duplicates
    outliers: Outliers
    labels: Labels
    findings: tuple[Finding, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain containers, for JSON."""
        return asdict(self)
