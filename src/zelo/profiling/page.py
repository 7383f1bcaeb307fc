"""The report as one HTML file that needs nothing beside it, in the project's language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from zelo.profiling.charts import Charts
from zelo.profiling.facts import (
    ClassTexts,
    Count,
    Dates,
    Field,
    Profile,
    Relation,
    Row,
    Same,
    TargetBy,
    Texts,
    Value,
)
from zelo.profiling.findings import RELATED
from zelo.profiling.labels import ONE_CLASS
from zelo.profiling.neighbours import MOST_TEXTS
from zelo.profiling.words import Words

LONGEST_TEXT = 280
MOST_CLOUDS, MOST_PAIRS, MOST_CHIPS, MOST_TERMS = 12, 12, 10, 8
MOST_SPOKEN = 8
"""Values that the text in a figure's place names."""


def render(profile: Profile) -> str:
    """The page. Whatever comes from people's data is escaped."""
    environment = Environment(
        loader=PackageLoader("zelo.profiling"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words = Words(profile.language)
    page = Page(profile, words, Charts(words, profile.seed))
    return environment.get_template("report.html.j2").render(p=profile, w=words, page=page)


@dataclass(frozen=True)
class Page:
    """What the template asks for: figures, and values as they are shown."""

    profile: Profile
    words: Words
    charts: Charts

    most_texts = MOST_TEXTS
    most_chips, most_terms = MOST_CHIPS, MOST_TERMS

    @property
    def sections(self) -> list[str]:
        """The sections that this project has, in order: their keys are anchors too."""
        has: dict[str, bool] = {
            "findings": True,
            "dictionary": True,
            "fields": any(field.type not in ("text", "date") for field in self.profile.fields),
            "target": True,
            "texts": bool(self.profile.texts),
            "dates": bool(self.profile.dates),
            "relations": bool(self.profile.relations.with_target or self.profile.relations.pairs),
            "duplicates": True,
            "outliers": True,
            "labels": True,
            "method": True,
        }
        return [key for key, present in has.items() if present]

    def heading(self, section: str) -> str:
        """A section's title."""
        if section == "labels" and self.profile.kind == "regression":
            return self.words("values")
        return self.words(section)

    @property
    def texts_read(self) -> list[str]:
        """The inputs that are texts: they stand above a row's other values."""
        return [field.name for field in self.profile.fields if field.type == "text" and field.role == "input"]

    def others(self, row: Row) -> list[tuple[str, Value]]:
        """A row's inputs that are no texts."""
        return [(name, value) for name, value in row.values.items() if name not in self.texts_read]

    least_shown = RELATED

    @property
    def pairs(self) -> list[Relation]:
        """The most associated pairs, without those that hardly are."""
        pairs = self.profile.relations.pairs[:MOST_PAIRS]
        return [pair for pair in pairs if abs(pair.value) >= self.least_shown]

    @property
    def overall_shown(self) -> str:
        """The target of all rows."""
        overall = self._overall()
        return self.words.percent(overall) if self.profile.kind == "binary" else self.words.number(overall)

    def places(self, group: Same) -> str:
        """The numbers of a group's rows, the first ones where they are many."""
        rows = ", ".join(str(row.row) if self.one_file else f"{row.file} {row.row}" for row in group.rows)
        return rows + (", …" if group.count > len(group.rows) else "")

    def shown_of(self, shown: int, every: int) -> str:
        """How many of a list are shown, where not all of them are."""
        if shown == every:
            return ""
        return f" ({self.words('shown_of', shown=self.words.whole(shown), all=self.words.whole(every))})"

    def dates_note(self, dates: Dates) -> str:
        """From when to when, and what is missing between."""
        first, last = (
            self.words.period(period.start, dates.by) for period in (dates.periods[0], dates.periods[-1])
        )
        empty, missing = self.words.whole(dates.empty), self.words.whole(dates.missing)
        return self.words("dates_note", first=first, last=last, empty=empty, missing=missing)

    @property
    def one_file(self) -> bool:
        return len(self.profile.sources) == 1

    @property
    def missing_share(self) -> float:
        """Of all values of all fields."""
        fields = self.profile.fields
        return sum(field.missing for field in fields) / (len(fields) * self.profile.training_rows)

    def contract(self, field: Field) -> str:
        """The range or the values that the contract allows."""
        low, high = field.contract_min, field.contract_max
        if field.contract_values is not None:
            return self.words.names(field.contract_values)
        if low is not None and high is not None:
            return self.words("from_to", low=self.words.number(low), high=self.words.number(high))
        if low is not None:
            return self.words("at_least", low=self.words.number(low))
        if high is not None:
            return self.words("at_most", high=self.words.number(high))
        return self.words("any")

    def clipped(self, text: str) -> str:
        """A text short enough for a table; the JSON has it whole."""
        return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1].rstrip()}…"

    def shown(self, name: str, value: float | str | None) -> str:
        """A value of a row, with its unit."""
        if value is None:
            return self.words("missing_value")
        if isinstance(value, str):
            return self.clipped(value)
        unit = next((field.unit for field in self.profile.fields if field.name == name), None)
        return self.words.exact(value) + (f" {unit}" if unit else "")

    def label(self, value: float | str) -> str:
        """The target of a row."""
        return value if isinstance(value, str) else self.words.exact(value)

    def field_chart(self, field: Field, *, wide: bool = False) -> Markup:
        """The field's histogram or most frequent values; nothing for a text, a date, or no value at all."""
        if field.histogram and field.summary:
            found = field.summary
            low, median, high = (
                self.words.number(value) for value in (found.minimum, found.median, found.maximum)
            )
            alt = self.words("histogram_alt", name=field.name, median=median, low=low, high=high)
            name = f"{field.name} [{field.unit}]" if field.unit else field.name
            return self.charts.histogram(name, field.histogram, alt, wide=wide)
        if field.top and field.type == "category":
            return self.charts.bars(field.top, self._bars_alt(field.name, field.top), wide=wide)
        return Markup()

    def balance(self) -> Markup:
        """Rows a class."""
        classes = self.profile.classes
        return self.charts.bars(classes, self._bars_alt(self.profile.target.name, classes), wide=True)

    def lengths(self, texts: Texts) -> Markup:
        """Words a text."""
        low, median, high = (
            self.words.number(value)
            for value in (texts.words.minimum, texts.words.median, texts.words.maximum)
        )
        alt = self.words("histogram_alt", name=texts.field, median=median, low=low, high=high)
        return self.charts.histogram(self.words("words_per_text"), texts.histogram, alt, wide=True)

    def cloud(self, texts: Texts) -> Markup:
        """The field's words, as large as they are frequent."""
        counts = {count.name: float(count.count) for count in texts.top}
        return self.charts.cloud(counts, self._cloud_alt(texts.field, list(counts)), wide=True)

    def class_clouds(self, texts: Texts) -> list[tuple[ClassTexts, Markup]]:
        """The terms of the most frequent classes, as large as they are characteristic."""
        frequent = sorted(texts.classes, key=lambda found: -found.rows)[:MOST_CLOUDS]
        return [
            (
                found,
                self.charts.cloud(
                    {term.word: term.z for term in found.terms},
                    self._cloud_alt(found.label, [term.word for term in found.terms]),
                ),
            )
            for found in frequent
            if found.terms
        ]

    def periods(self, dates: Dates) -> Markup:
        """Rows a day, month or year."""
        first, last = (
            self.words.period(period.start, dates.by) for period in (dates.periods[0], dates.periods[-1])
        )
        most = self.words.whole(max(period.rows for period in dates.periods))
        alt = self.words("dates_alt", first=first, last=last, most=most)
        return self.charts.periods(dates, alt)

    def heatmap(self) -> Markup:
        """Every field with every other."""
        found = self.profile.relations
        best = max((*found.pairs, *found.with_target), key=lambda pair: abs(pair.value))
        value = self.words.decimal(best.value)
        alt = self.words("heatmap_alt", n=len(found.names), one=best.one, other=best.other, value=value)
        return self.charts.heatmap(found, alt)

    def associations(self) -> Markup:
        """Each field with the target."""
        pairs = self.profile.relations.with_target
        values = self._spoken([(pair.one, pair.value) for pair in pairs], self.words.decimal)
        return self.charts.associations(pairs, self.words("with_target_alt", values=values))

    def target_by(self, found: TargetBy) -> Markup:
        """The target in each part of a field."""
        shares = self.profile.kind == "binary"
        write = self.words.percent if shares else self.words.number
        named = [(self.charts.group(part.category, part.low, part.high), part.value) for part in found.groups]
        values = self._spoken(named, write)
        alt = self.words("target_by_alt", label=self.target_label, field=found.field, values=values)
        return self.charts.target_by(found, self._overall(), alt, shares=shares)

    @property
    def reason(self) -> str | None:
        """Why no label could be examined."""
        reason = self.profile.labels.reason
        return self.words("one_class") if reason == ONE_CLASS else reason

    @property
    def target_label(self) -> str:
        """What a target figure is about: the positive class, or the target."""
        name = self.profile.target.name
        return f"{name} = {self.profile.positive}" if self.profile.positive is not None else name

    def suspects_by_class(self) -> Markup:
        """How many of each class' rows are suspected."""
        found = sorted(
            (count for count in self.profile.labels.by_class if count.count), key=lambda count: -count.count
        )
        values = self._spoken([(count.name, count.count) for count in found], self.words.whole)
        return self.charts.bars(found, self.words("by_class_alt", values=values), wide=True)

    def _overall(self) -> float:
        if self.profile.target.summary:
            return self.profile.target.summary.median
        return next(count.share for count in self.profile.classes if count.name == self.profile.positive)

    def _bars_alt(self, name: str, counts: Sequence[Count]) -> str:
        values = self._spoken([(count.name, count.count) for count in counts], self.words.whole)
        return self.words("bars_alt", name=name, values=values)

    def _cloud_alt(self, name: str, words: Sequence[str]) -> str:
        return self.words("cloud_alt", name=name, words=", ".join(words[:MOST_SPOKEN]))

    @staticmethod
    def _spoken(values: Sequence[tuple[str, float]], write: Callable[[float], str]) -> str:
        return ", ".join(f"{name} {write(value)}" for name, value in values[:MOST_SPOKEN])
