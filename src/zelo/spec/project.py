"""A project as frozen objects. Parsing validates; it never changes what was written."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue

from zelo.spec.acting import Retraining
from zelo.spec.forecast import Forecast
from zelo.spec.frozen import FieldName, Frozen, Name, Table
from zelo.spec.pipeline import Pipeline
from zelo.spec.prices import Prices
from zelo.spec.text import Text
from zelo.spec.watching import Costs, Monitoring

Label = int | str
Share = Annotated[float, Field(gt=0, lt=1)]

TASK_METRICS: dict[str, tuple[str, ...]] = {
    "binary": (
        "accuracy",
        "f1",
        "f1_macro",
        "f1_micro",
        "f1_weighted",
        "f2",
        "f2_weighted",
        "precision",
        "recall",
        "mcc",
        "roc_auc",
        "pr_auc",
        "brier",
        "ece",
        "log_loss",
    ),
    "multiclass": (
        "accuracy",
        "f1_macro",
        "f1_micro",
        "f1_weighted",
        "mcc",
        "roc_auc",
        "pr_auc",
        "brier",
        "ece",
        "log_loss",
    ),
    "regression": ("mae", "rmse", "r2", "mape", "smape", "mase", "pinball"),
}
PRICES = (1e-9, 1e12)
"""The least and the most that a price may be: above 0, and no ratio of two is beyond all numbers."""
LONGEST_CATEGORY = 1_000
"""Characters that a category may have, where the contract does not list them."""
LATENCY = "latency_ms"
"""What a candidate needs for one row as it was fitted: reported, on the Pareto front, never the primary."""
LOWER_IS_BETTER = frozenset(
    {"brier", "ece", "log_loss", "mae", "rmse", "mape", "smape", "mase", "pinball", LATENCY}
)


class Column(Frozen):
    """A field of the contract: a column with its type, unit, range and meaning."""

    type: Literal["integer", "number", "category", "text", "date"]
    column: str | None = Field(default=None, description="its name in the source, where it differs")
    use: Literal["input", "metadata"] = Field(
        default="input",
        description="metadata is checked and kept, may be left out of a request, and is never a feature",
    )
    unit: str | None = None
    meaning: str | None = None
    min: float | None = None
    max: float | None = None
    values: tuple[str, ...] | None = Field(
        default=None, description="allowed categories; without it any category is taken"
    )
    missing: Literal["refused", "allowed"] = "refused"
    format: str | None = Field(
        default=None, description="how a date is written, as in strptime (%d/%m/%Y); ISO 8601 when absent"
    )
    example: float | str | None = None
    harmless: bool = Field(
        default=False, description="its values name nobody and may stand in logs; of any other none does"
    )
    actionable: bool = Field(
        default=True, description="somebody can change it; what nobody can is in no change that is proposed"
    )

    @property
    def is_numeric(self) -> bool:
        return self.type in ("integer", "number")


class Source(Frozen):
    """A file, where it may be downloaded from, and how it is written."""

    file: str
    encoding: str = "utf-8"
    delimiter: str | None = Field(default=None, description="found by itself when absent")
    decimal: Literal[".", ","] = "."
    nulls: tuple[str, ...] = Field(default=(), description="texts that mean missing, beside the empty one")
    where: dict[str, str] = Field(default_factory=dict, description="keep rows with these values")
    url: str | None = None
    member: str | None = Field(default=None, description="the file inside a downloaded archive")
    sha256: str | tuple[str, ...] | None = Field(
        default=None, description="the file's pinned hash, or several where line ends differ"
    )
    publisher: str | None = None
    licence: str | None = None


class Task(Frozen):
    """What is predicted."""

    kind: Literal["binary", "multiclass", "regression"]
    target: FieldName
    column: str | None = Field(default=None, description="the target's name in the source")
    classes: tuple[Label, ...] | None = Field(
        default=None, description="the classes in order; 0 and 1 where a binary task says nothing"
    )
    positive: Label | None = Field(default=None, description="the class that a binary task is about")
    missing: Literal["refused", "left_out"] = Field(
        default="refused", description="rows without the target: bad, or left out and counted"
    )
    leave_out: tuple[str, ...] = Field(default=(), description="targets whose rows are left out and counted")
    spellings: Table = Field(
        default_factory=dict, description="spelling -> class, case and spaces around it aside; may name a CSV"
    )
    other: Label | None = Field(
        default=None, description="the class of a target that is neither a class nor a known spelling"
    )
    unit: str | None = None
    meaning: str | None = None


class Data(Frozen):
    """Where the rows come from, and the contract that each must keep."""

    key: FieldName | None = Field(default=None, description="the column that tells rows apart")
    key_column: str | None = Field(default=None, description="the key's name in the source")
    folder: Name | None = Field(
        default=None, description="the folder of ZELO_DATA_DIR, where it is not called as the project"
    )
    sources: dict[Name, Source | str] = Field(min_length=1)
    fields: dict[FieldName, Column] = Field(min_length=1)


class Split(Frozen):
    """How the test set is set aside, once."""

    by: Literal["class", "random", "time"] = "class"
    test: Share = 0.15
    seed: int = 42
    column: FieldName | None = Field(default=None, description="the date field of a split by time")


class Tuning(Frozen):
    """Optuna's budget for each candidate that has a search space."""

    trials: Annotated[int, Field(ge=0)] = 0
    seconds: Annotated[float, Field(gt=0)] | None = None


class Critical(Frozen):
    """Classes that no winner may neglect."""

    classes: Annotated[tuple[Label, ...], Field(min_length=1)]
    recall: Share = Field(description="the lowest recall out of fold, of each of them")


class Select(Frozen):
    """How candidates are compared: out of fold, on the training part alone."""

    primary: str
    report: tuple[str, ...] = ()
    folds: Annotated[int, Field(ge=2, le=20)] = 5
    repeats: Annotated[int, Field(ge=1, le=20)] = Field(
        default=1, description="how often the folds are drawn anew; more tell small sets apart"
    )
    seeds: Annotated[int, Field(ge=1, le=20)] = Field(
        default=1,
        description="how many seeds a network is assessed with: the first one's figures compete, the spread "
        "of all is told",
    )
    critical: Critical | None = None

    @property
    def metrics(self) -> tuple[str, ...]:
        """The primary metric, then the others, each once."""
        return tuple(dict.fromkeys((self.primary, *self.report)))

    @property
    def measured(self) -> tuple[str, ...]:
        """Those that scored rows tell: all but the latency."""
        return tuple(name for name in self.metrics if name != LATENCY)


class Maximise(Frozen):
    """A threshold chosen out of fold, at the true prevalence."""

    maximise: str


class Band(Frozen):
    """A label for scores strictly above a bound. The last band has no bound."""

    above: float | None = None
    label: str
    recommendation: str | None = None


class Decision(Frozen):
    """From a score to what people read."""

    threshold: float | Maximise = Field(
        default=0.5,
        description="of the positive class, or to learn; with several classes one is learned for each",
    )
    bands: tuple[Band, ...] = ()
    top: Annotated[int, Field(ge=1, le=20)] = Field(
        default=3, description="how many classes an answer lists, of several"
    )
    confidence: Share | None = Field(
        default=None, description="of several classes: below this probability the answer abstains"
    )
    coverage: Share = Field(
        default=0.9, description="of several classes: how often the answer's set of classes holds the truth"
    )


class Aliases(Frozen):
    """Extra paths under which the latest predictions answer, in the project's own words."""

    latest: str | None = Field(default=None, description="path with {entity}")
    ranking: str | None = None
    minimum: str = Field(default="minimum_score", description="query name of the lowest score")
    limit: str = Field(default="limit", description="query name of the most rows")


class Serving(Frozen):
    entity: FieldName | None = Field(default=None, description="whom or what a prediction is about")
    aliases: Aliases = Aliases()


class Gates(Frozen):
    """The limits of the gates. See docs/gates.md."""

    latency_ms: Annotated[float, Field(gt=0)] = 20.0
    calibration_error: Annotated[float, Field(gt=0, le=1)] = 0.05
    margin: Annotated[float, Field(ge=0)] = Field(
        default=0.01, description="how much worse than the champion is still not worse"
    )
    slices: tuple[FieldName, ...] = Field(default=(), description="fields whose values are slices")
    slice_drop: Annotated[float, Field(gt=0)] = Field(
        default=0.15, description="how far a slice may fall below the whole"
    )


Entry = str | dict[str, dict[str, JsonValue]]
"""A name, or a name with its parameters."""

RESERVED = ("estimator", "features")
"""Keys beside a candidate's parameters: the catalogue's name of its estimator, and what it reads of texts."""


class Project(Frozen):
    """One model's project.yaml."""

    name: Name
    title: str
    language: Literal["pt-BR", "en"] = "pt-BR"
    task: Task
    data: Data
    pipeline: Pipeline | None = Field(default=None, description="makes the first source from raw files")
    prices: Prices | None = Field(default=None, description="or from daily prices")
    forecast: Forecast | None = None
    derived: dict[FieldName, str] = Field(
        default_factory=dict, description="features computed inside the model from the inputs"
    )
    text: Text = Text()
    split: Split = Split()
    imbalance: Literal["none", "class_weight", "smote"] = "none"
    candidates: tuple[Entry, ...] = Field(min_length=1)
    tuning: Tuning = Tuning()
    select: Select
    decision: Decision = Decision()
    grades: tuple[Band, ...] = Field(default=(), description="words for the metrics table")
    serving: Serving = Serving()
    gates: Gates = Gates()
    costs: Costs | None = Field(default=None, description="what a mistake costs, for replays and reports")
    monitoring: Monitoring = Monitoring()
    retraining: Retraining = Retraining()

    @property
    def lags(self) -> dict[str, Column]:
        """The history of a forecast as fields, the last value first; none without a forecast."""
        if self.forecast is None:
            return {}
        # A relative change wants values above 0.
        least, most = PRICES if self.forecast.learns == "returns" else (None, None)
        field = Column(type="number", unit=self.task.unit, min=least, max=most)
        return {self.lag(place): field for place in range(1, self.forecast.history + 1)}

    @property
    def fields(self) -> dict[str, Column]:
        """Every field of the contract: those that are written, then the history of a forecast."""
        return {**self.data.fields, **self.lags}

    @property
    def inputs(self) -> dict[str, Column]:
        """The fields that the model reads, in the order of the contract."""
        return {name: field for name, field in self.fields.items() if field.use == "input"}

    @property
    def metrics(self) -> tuple[str, ...]:
        """Every metric of its task; a scaled error where a forecast has a season to scale it."""
        known = TASK_METRICS[self.task.kind]
        return known if self.forecast else tuple(name for name in known if name != "mase")

    @property
    def date(self) -> str:
        """The field that says when, where the split is by time."""
        assert self.split.column is not None
        return self.split.column

    @property
    def is_made(self) -> bool:
        """Whether Zelo makes the first source, from raw files."""
        return self.pipeline is not None or self.prices is not None

    @property
    def least(self) -> float | None:
        """The lowest end that an interval may have: 0 of what has relative changes, as prices do."""
        returns = self.forecast is not None and self.forecast.learns == "returns"
        return 0.0 if returns else None

    @property
    def history_name(self) -> str:
        """The list in a request that holds the history of a forecast."""
        assert self.forecast is not None
        return self.forecast.request or f"last_{self.task.target}"

    @property
    def texts(self) -> tuple[str, ...]:
        """The inputs that are free text."""
        return tuple(name for name, field in self.inputs.items() if field.type == "text")

    @property
    def classes(self) -> tuple[Label, ...]:
        """The classes in order; empty for a regression."""
        if self.task.kind == "regression":
            return ()
        return self.task.classes or (0, 1)

    @property
    def positive(self) -> Label:
        """The class that a binary task is about."""
        return self.classes[-1] if self.task.positive is None else self.task.positive

    @property
    def candidate_entries(self) -> dict[str, dict[str, Any]]:
        """Each candidate's name with everything written beside it."""
        found: dict[str, dict[str, Any]] = {}
        for entry in self.candidates:
            found.update({entry: {}} if isinstance(entry, str) else entry)
        return found

    @property
    def candidate_params(self) -> dict[str, dict[str, Any]]:
        """Each candidate's name with the parameters of its estimator."""
        return {
            name: {key: value for key, value in params.items() if key not in RESERVED}
            for name, params in self.candidate_entries.items()
        }

    def lag(self, place: int) -> str:
        """The name of the target's value ``place`` rows before a row's own."""
        return f"{self.task.target}_lag_{place}"

    def source(self, name: str) -> Source:
        """A source by name; a bare file name is a source with defaults."""
        entry = self.data.sources[name]
        return Source(file=entry) if isinstance(entry, str) else entry

    def column_of(self, name: str) -> str:
        """The name that a field, the key or the target has in the source."""
        if name == self.data.key:
            return self.data.key_column or name
        if name == self.task.target:
            return self.task.column or name
        return self.fields[name].column or name
