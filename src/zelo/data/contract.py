"""Checking a table against its project's contract: every bad value is found, and no value is changed."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import pandas as pd

from zelo.data.rules import NUMBER, SEEN, Decimal, Rule, Verdict, as_written, rule_of
from zelo.data.targets import Targets, targets_of, with_wanted_target
from zelo.errors import SourceError
from zelo.spec.project import Project

if TYPE_CHECKING:
    from pandera.api.ibis.types import IbisData

ROW = "row__"
SHOWN_CHARACTERS = 80


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
    target. ``left_out`` counts the rows that the task leaves out by their target, ``others`` those whose
    target became the other class, and ``absent`` names the fields without a column: missing in every row.
    """

    frame: pd.DataFrame
    bad_rows: tuple[BadRow, ...]
    rows_read: int
    left_out: int = 0
    others: int = 0
    absent: tuple[str, ...] = ()


def check_table(
    table: ibis.Table, project: Project, *, file: str, labelled: bool, decimal: Decimal = "."
) -> Checked:
    """Check a table of text (as :func:`zelo.data.reading.read_table` gives it) against the contract.

    ``labelled`` asks for the target and every field but metadata that may be missing; without it, any
    metadata and any field that may be missing may be absent. ``file`` names the table in the bad rows,
    ``decimal`` is how its source writes numbers.

    Raises:
        SourceError: a column of the contract is missing.
    """
    names = _columns_to_read(table, project, file=file, labelled=labelled)
    typed = _kept(_typed(table, project, names, decimal))
    rows_read = int(typed.count().execute())
    target = project.task.target
    targets = Targets()
    if target in names:
        targets = targets_of(typed, project, decimal)
        typed = with_wanted_target(typed, project, targets)
    rules = [rule_of(project, name, targets.labels) for name in names]
    bad_rows = _bad_rows(typed, rules, file=file, decimal=decimal)
    everything = typed.select(ROW, *names).order_by(ROW).to_pandas()
    frame = everything[~everything[ROW].isin({bad.row for bad in bad_rows})].reset_index(drop=True)
    others = int(frame[target].isin(targets.others).sum()) if targets.others else 0
    return Checked(
        frame=_in_conventions(frame, project, targets),
        bad_rows=bad_rows,
        rows_read=rows_read,
        left_out=rows_read - len(everything),
        others=others,
        absent=tuple(name for name in project.fields if name not in names),
    )


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


def _columns_to_read(table: ibis.Table, project: Project, *, file: str, labelled: bool) -> list[str]:
    key, target = project.data.key, project.task.target
    wanted = dict.fromkeys([*([key] if key else []), *project.fields, *([target] if labelled else [])])
    found = [other for other in table.columns if other != ROW]
    claimed = {project.column_of(name) for name in (*wanted, target)}
    spare = [other for other in found if other not in claimed]
    names = []
    for name in wanted:
        column = project.column_of(name)
        optional = name in project.fields and _may_be_absent(project, name, labelled)
        if column in found:
            names.append(name)
        elif not optional or close_match(column, spare):
            # A column that is nobody's and is called almost so is that field, misspelt.
            raise SourceError(
                f"the column {column!r} is missing",
                where=file,
                found=f"columns {', '.join(found)}",
                expected=f"a column {column!r} for {name}",
                hint=close_match(column, found) or f"mend the file, or 'column' of {name} in project.yaml",
            )
    return names


def _may_be_absent(project: Project, name: str, labelled: bool) -> bool:
    field = project.fields[name]
    metadata, optional = field.use == "metadata", field.missing == "allowed"
    return metadata and optional if labelled else metadata or optional


def _typed(table: ibis.Table, project: Project, names: Sequence[str], decimal: Decimal) -> ibis.Table:
    """Each column twice: as it was written, and as its type or NULL."""
    columns: dict[str, ir.Value] = {ROW: table[ROW]}
    for name in names:
        text = table[project.column_of(name)]
        columns[as_written(name)] = text
        columns[name] = _cast(text, project, name, decimal)
    if (key := project.data.key) is not None:
        text = table[project.column_of(key)]
        columns[SEEN] = ibis.row_number().over(group_by=text, order_by=table[ROW])
    return table.select(**columns)


def _kept(table: ibis.Table) -> ibis.Table:
    """The table, computed once: of many fields, each check would else be a query over the making of all."""
    with warnings.catch_warnings():
        # Ibis 12 calls a method that DuckDB 2 has renamed.
        warnings.filterwarnings("ignore", "fetch_arrow_table", DeprecationWarning)
        return table.cache()


def _cast(text: ir.StringColumn, project: Project, name: str, decimal: Decimal) -> ir.Value:
    if name == project.task.target:
        return text if project.classes else _number(text, decimal)
    field = project.fields.get(name)
    if field is None or field.type in ("category", "text"):
        return text
    if field.type == "date":
        return text.try_cast("timestamp") if field.format is None else _try_strptime(text, field.format)
    return _number(text, decimal)


def _number(text: ir.StringColumn, decimal: Decimal) -> ir.FloatingColumn:
    # DuckDB would also take 'inf' and 'nan' as numbers.
    pattern = NUMBER if decimal == "." else NUMBER.replace(r"\.", ",")
    return text.re_search(pattern).ifelse(
        text.replace(decimal, ".").try_cast("float64"), ibis.null("float64")
    )


def _bad_rows(typed: ibis.Table, rules: Sequence[Rule], *, file: str, decimal: Decimal) -> tuple[BadRow, ...]:
    places = {rule.name: place for place, rule in enumerate(rules)}
    found = [(bad.row, places[rule.name], bad) for rule, bad in _failures(typed, rules, file, decimal)]
    return tuple(bad for _, _, bad in sorted(found, key=lambda item: item[:2]))


def _failures(
    typed: ibis.Table, rules: Sequence[Rule], file: str, decimal: Decimal
) -> Iterator[tuple[Rule, BadRow]]:
    """What Pandera finds. It gives the verdict of each row back, which leads to the row's number and text."""
    # Slow to import, and whoever reads a snapshot checks no contract.
    import pandera.ibis as pandera
    from pandera.errors import SchemaErrorReason, SchemaErrors

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
            typed.filter(~error.check_output)
            .select(row=ROW, found=as_written(rule.name))
            .to_pyarrow()
            .to_pylist()
        )
        for item in bad:
            yield rule, _bad_row(rule, file, item["row"], item["found"], decimal)


def _on_table(verdict: Verdict) -> Callable[[IbisData], ir.BooleanValue]:
    return lambda data: verdict(data.table)


def _bad_row(rule: Rule, file: str, row: int, found: str | None, decimal: Decimal) -> BadRow:
    expected = rule.expected
    if found is None:
        return BadRow(file, row, rule.label, "nothing", expected)
    if rule.numeric and decimal == "." and "," in found:
        expected += "; where a comma is the decimal mark, set decimal: ',' on the source"
    elif rule.numeric and decimal == "," and "." in found:
        expected += "; the source declares decimal: ',', and thousands are not marked"
    elif close := close_match(found, rule.near):
        expected += f"; {close}"
    return BadRow(file, row, rule.label, repr(clipped(found)), expected)


def _in_conventions(frame: pd.DataFrame, project: Project, targets: Targets) -> pd.DataFrame:
    """Every field in the contract's order, with the types that the other rooms rely on."""
    key, target = project.data.key, project.task.target
    names = [ROW, *([key] if key else []), *project.fields, *([target] if target in frame else [])]
    frame = frame.reindex(columns=names)
    for name in names:
        field = project.fields.get(name)
        if name == ROW:
            frame[name] = frame[name].astype("int64")
        elif name == target and project.classes:
            frame[name] = frame[name].map(targets.labels)
        elif name == target or (field is not None and field.is_numeric):
            frame[name] = frame[name].astype("float64")
        elif field is not None and field.type == "date":
            frame[name] = frame[name].astype("datetime64[us]")
        else:
            frame[name] = frame[name].fillna("").astype("str")
    return frame
