"""Checking a table against its project's contract: every bad value is found, and no value is changed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import ibis
import ibis.expr.types as ir
import pandas as pd
import pandera.ibis as pandera
from pandera.api.ibis.types import IbisData
from pandera.errors import SchemaErrorReason, SchemaErrors

from zelo.errors import SourceError
from zelo.spec.project import Column, Project

ROW = "row__"
SHOWN_CHARACTERS = 80
_NUMBER = r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$"
_SEEN = "seen:key"
_NO = ibis.literal(value=False)

Decimal = Literal[".", ","]
Verdict = Callable[[ir.Table], ir.BooleanValue]


@dataclass(frozen=True)
class BadRow:
    """One value that breaks the contract. ``row`` is the 1-based data row of the file."""

    file: str
    row: int
    field: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.file}, row {self.row}, {self.field}: found {self.found}; expected {self.expected}"


@dataclass(frozen=True)
class Checked:
    """The good rows as a frame, and every bad value.

    ``frame`` has ``row__`` (int64), the key (str), each field (integer and number as float64 with NaN for
    missing, category and text as str with "" for missing, date as datetime64) and, where asked for, the
    target. ``left_out`` counts the rows that the task leaves out by their target.
    """

    frame: pd.DataFrame
    bad_rows: tuple[BadRow, ...]
    rows_read: int
    left_out: int = 0


@dataclass(frozen=True)
class _Rule:
    """What one column must keep: the verdict as an expression, and the same in words."""

    name: str
    label: str
    verdict: Verdict
    expected: str
    numeric: bool = False


def check_table(
    table: ibis.Table, project: Project, *, file: str, labelled: bool, decimal: Decimal = "."
) -> Checked:
    """Check a table of text (as :func:`zelo.data.reading.read_table` gives it) against the contract.

    ``labelled`` asks for the target; without it, metadata fields may be absent too. ``file`` names the table
    in the bad rows, ``decimal`` is how its source writes numbers.

    Raises:
        SourceError: a column of the contract is missing.
    """
    names = _columns_to_read(table, project, file=file, labelled=labelled)
    typed = _typed(table, project, names, decimal)
    rows_read = int(typed.count().execute())
    target = project.task.target
    if target in names:
        typed = _with_wanted_target(typed, project)
    rules = [_rule(project, name) for name in names]
    bad_rows = _bad_rows(typed, rules, file=file, decimal=decimal)
    everything = typed.select(ROW, *names).order_by(ROW).to_pandas()
    frame = everything[~everything[ROW].isin({bad.row for bad in bad_rows})].reset_index(drop=True)
    return Checked(_in_conventions(frame, project), bad_rows, rows_read, rows_read - len(everything))


def bad_rows_json(bad_rows: Sequence[BadRow]) -> list[dict[str, str | int]]:
    """The bad rows as plain objects, for JSON."""
    return [asdict(bad) for bad in bad_rows]


def clipped(text: str) -> str:
    """A text short enough for a message."""
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}... ({len(text)} characters)"


def close_match(name: str, known: Sequence[str]) -> str:
    """A hint that names the known name nearest to ``name``, ignoring case; empty where none is near."""
    folded = {other.casefold(): other for other in known}
    close = difflib.get_close_matches(name.casefold(), list(folded), n=1)
    return f"did you mean {folded[close[0]]!r}?" if close else ""


@ibis.udf.scalar.builtin(  # type: ignore[untyped-decorator]
    name="try_strptime", signature=(("string", "string"), "timestamp")
)
def _try_strptime(text: str, layout: str) -> object:
    """DuckDB's parser of dates that gives NULL where a text does not fit."""


def _text(name: str) -> str:
    # A field's name holds no colon, so this can be no field's.
    return f"text:{name}"


def _columns_to_read(table: ibis.Table, project: Project, *, file: str, labelled: bool) -> list[str]:
    key, target = project.data.key, project.task.target
    wanted = dict.fromkeys([*([key] if key else []), *project.data.fields, *([target] if labelled else [])])
    present = set(table.columns)
    names = []
    for name in wanted:
        column = project.column_of(name)
        if column in present:
            names.append(name)
        elif labelled or name == key or name in project.inputs:
            found = [other for other in table.columns if other != ROW]
            raise SourceError(
                f"the column {column!r} is missing",
                where=file,
                found=f"columns {', '.join(found)}",
                expected=f"a column {column!r} for {name}",
                hint=close_match(column, found) or f"mend the file, or 'column' of {name} in project.yaml",
            )
    return names


def _typed(table: ibis.Table, project: Project, names: Sequence[str], decimal: Decimal) -> ibis.Table:
    """Each column twice: as it was written, and as its type or NULL."""
    columns: dict[str, ir.Value] = {ROW: table[ROW]}
    for name in names:
        text = table[project.column_of(name)]
        columns[_text(name)] = text
        columns[name] = _cast(text, project, name, decimal)
    if (key := project.data.key) is not None:
        text = table[project.column_of(key)]
        columns[_SEEN] = ibis.row_number().over(group_by=text, order_by=table[ROW])
    return table.select(**columns)


def _cast(text: ir.StringColumn, project: Project, name: str, decimal: Decimal) -> ir.Value:
    if name == project.task.target:
        numeric = project.task.kind == "regression" or _classes_are_numbers(project)
        return _number(text, decimal) if numeric else text
    field = project.data.fields.get(name)
    if field is None or field.type in ("category", "text"):
        return text
    if field.type == "date":
        return text.try_cast("timestamp") if field.format is None else _try_strptime(text, field.format)
    return _number(text, decimal)


def _with_wanted_target(typed: ibis.Table, project: Project) -> ibis.Table:
    target, task = project.task.target, project.task
    if task.missing == "left_out":
        typed = typed.filter(typed[_text(target)].notnull())
    if task.leave_out:
        unwanted = typed[_text(target)].isin(task.leave_out)
        if _classes_are_numbers(project):
            numbers = [float(text) for text in task.leave_out if re.fullmatch(_NUMBER, text)]
            unwanted |= typed[target].isin(numbers)
        typed = typed.filter(~unwanted.fill_null(_NO))
    return typed


def _number(text: ir.StringColumn, decimal: Decimal) -> ir.FloatingColumn:
    # DuckDB would also take 'inf' and 'nan' as numbers.
    pattern = _NUMBER if decimal == "." else _NUMBER.replace(r"\.", ",")
    return text.re_search(pattern).ifelse(
        text.replace(decimal, ".").try_cast("float64"), ibis.null("float64")
    )


def _classes_are_numbers(project: Project) -> bool:
    return all(isinstance(label, int) for label in project.classes)


def _rule(project: Project, name: str) -> _Rule:
    label = name if (column := project.column_of(name)) == name else f"{name} ({column})"
    if name == project.data.key:
        return _Rule(name, label, _new_key(name), "a key that no row above has")
    if name == project.task.target:
        return _target_rule(project, label)
    field = project.data.fields[name]
    within = _VERDICTS[field.type](name, field)

    def verdict(table: ir.Table) -> ir.BooleanValue:
        return table[_text(name)].isnull().ifelse(field.missing == "allowed", within(table).fill_null(_NO))

    return _Rule(name, label, verdict, _in_words(field), field.is_numeric)


def _new_key(name: str) -> Verdict:
    return lambda table: table[name].notnull() & (table[_SEEN] == 0)


def _target_rule(project: Project, label: str) -> _Rule:
    target = project.task.target
    if project.task.kind == "regression":

        def verdict(table: ir.Table) -> ir.BooleanValue:
            return _is_finite(table[target])

        return _Rule(target, label, verdict, "a finite number", numeric=True)
    numbers = _classes_are_numbers(project)
    allowed = [label if numbers else str(label) for label in project.classes]

    def known(table: ir.Table) -> ir.BooleanValue:
        return table[target].isin(allowed).fill_null(_NO)

    return _Rule(target, label, known, f"one of {', '.join(map(str, project.classes))}")


def _is_finite(value: ir.FloatingColumn) -> ir.BooleanValue:
    return (value.notnull() & ~value.isinf()).fill_null(_NO)


def _numeric_verdict(name: str, field: Column) -> Verdict:
    def verdict(table: ir.Table) -> ir.BooleanValue:
        value = table[name]
        good = _is_finite(value)
        if field.type == "integer":
            good &= value % 1 == 0
        if field.min is not None:
            good &= value >= field.min
        if field.max is not None:
            good &= value <= field.max
        return good

    return verdict


def _category_verdict(name: str, field: Column) -> Verdict:
    return lambda table: table[name].notnull() if field.values is None else table[name].isin(field.values)


def _present_verdict(name: str, _field: Column) -> Verdict:
    return lambda table: table[name].notnull()


_VERDICTS: dict[str, Callable[[str, Column], Verdict]] = {
    "integer": _numeric_verdict,
    "number": _numeric_verdict,
    "category": _category_verdict,
    "text": _present_verdict,
    "date": _present_verdict,
}


def _in_words(field: Column) -> str:
    kinds = {
        "integer": "an integer",
        "number": "a finite number",
        "category": "a category",
        "text": "a text",
        "date": f"a date written as {field.format}" if field.format else "a date written as 2024-12-31",
    }
    words = f"one of {', '.join(field.values)}" if field.values is not None else kinds[field.type]
    if field.min is not None and field.max is not None:
        words += f" from {field.min:g} to {field.max:g}"
    elif field.min is not None:
        words += f" of at least {field.min:g}"
    elif field.max is not None:
        words += f" of at most {field.max:g}"
    return f"{words} {field.unit}" if field.unit else words


def _bad_rows(
    typed: ibis.Table, rules: Sequence[_Rule], *, file: str, decimal: Decimal
) -> tuple[BadRow, ...]:
    places = {rule.name: place for place, rule in enumerate(rules)}
    found = [(bad.row, places[rule.name], bad) for rule, bad in _failures(typed, rules, file, decimal)]
    return tuple(bad for _, _, bad in sorted(found, key=lambda item: item[:2]))


def _failures(
    typed: ibis.Table, rules: Sequence[_Rule], file: str, decimal: Decimal
) -> Iterator[tuple[_Rule, BadRow]]:
    """What Pandera finds. It gives the verdict of each row back, which leads to the row's number and text."""
    schema = pandera.DataFrameSchema(
        columns={rule.name: pandera.Column(nullable=True) for rule in rules},
        # One failure case is enough for Pandera's own report: ours is made from the verdicts.
        checks=[pandera.Check(_on_table(rule.verdict), name=rule.name, n_failure_cases=1) for rule in rules],
    )
    try:
        schema.validate(typed, lazy=True)
    except SchemaErrors as errors:
        failed = errors.schema_errors
    else:
        return
    by_name = {rule.name: rule for rule in rules}
    for error in failed:
        if error.reason_code is not SchemaErrorReason.DATAFRAME_CHECK:
            raise RuntimeError(f"a check could not be computed: {error}")
        rule = by_name[error.check.name]
        bad = (
            typed.filter(~error.check_output).select(row=ROW, found=_text(rule.name)).to_pyarrow().to_pylist()
        )
        for item in bad:
            yield rule, _bad_row(rule, file, item["row"], item["found"], decimal)


def _on_table(verdict: Verdict) -> Callable[[IbisData], ir.BooleanValue]:
    return lambda data: verdict(data.table)


def _bad_row(rule: _Rule, file: str, row: int, found: str | None, decimal: Decimal) -> BadRow:
    expected = rule.expected
    if found is None:
        return BadRow(file, row, rule.label, "nothing", expected)
    if rule.numeric and decimal == "." and "," in found:
        expected += "; where a comma is the decimal mark, set decimal: ',' on the source"
    elif rule.numeric and decimal == "," and "." in found:
        expected += "; the source declares decimal: ',', and thousands are not marked"
    return BadRow(file, row, rule.label, repr(clipped(found)), expected)


def _in_conventions(frame: pd.DataFrame, project: Project) -> pd.DataFrame:
    """The frame with the types that the other rooms rely on."""
    target = project.task.target
    for name in frame.columns:
        field = project.data.fields.get(name)
        if name == ROW:
            frame[name] = frame[name].astype("int64")
        elif name == target and project.task.kind == "regression":
            frame[name] = frame[name].astype("float64")
        elif name == target:
            labels = {str(label): label for label in project.classes}
            texts = (
                frame[name].astype("int64").astype("str") if _classes_are_numbers(project) else frame[name]
            )
            frame[name] = texts.map(labels)
        elif field is not None and field.is_numeric:
            frame[name] = frame[name].astype("float64")
        elif field is not None and field.type == "date":
            frame[name] = frame[name].astype("datetime64[us]")
        else:
            frame[name] = frame[name].fillna("").astype("str")
    return frame
