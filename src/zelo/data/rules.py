"""What each column of the contract must keep: a verdict on each row, and the same in words."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Literal

import ibis
import ibis.expr.types as ir

from zelo.features.text.preparation import LONGEST_TEXT
from zelo.spec.project import LONGEST_CATEGORY, Column, Project

NUMBER = r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$"
SEEN = "seen:key"
NO = ibis.literal(value=False)
# Something that can be seen: neither a space of any script nor a control or format character.
_VISIBLE, _NUL = r"[^\s\p{Z}\p{C}]", r"\x00"

Decimal = Literal[".", ","]
Verdict = Callable[[ir.Table], ir.BooleanValue]


@dataclass(frozen=True)
class Rule:
    """What one column must keep: the verdict as an expression, and the same in words."""

    name: str
    label: str
    verdict: Verdict
    expected: str
    numeric: bool = False
    near: tuple[str, ...] = ()
    """What a wrong text may have been meant to be."""


def as_written(name: str) -> str:
    """The column that holds a field's texts as they were written."""
    # A field's name holds no colon, so this can be no field's.
    return f"text:{name}"


def rule_of(project: Project, name: str, targets: Collection[str]) -> Rule:
    """The rule of a column; ``targets`` are the target's texts that stand for a class."""
    label = name if (column := project.column_of(name)) == name else f"{name} ({column})"
    if name == project.data.key:
        return Rule(name, label, _new_key(name), "a key that no row above has")
    if name == project.task.target:
        return _target_rule(project, label, targets)
    field = project.fields[name]
    within = _VERDICTS[field.type](name, field)

    def verdict(table: ir.Table) -> ir.BooleanValue:
        return (
            table[as_written(name)].isnull().ifelse(field.missing == "allowed", within(table).fill_null(NO))
        )

    return Rule(name, label, verdict, _in_words(field), field.is_numeric)


def _new_key(name: str) -> Verdict:
    return lambda table: table[name].notnull() & (table[SEEN] == 0)


def _target_rule(project: Project, label: str, targets: Collection[str]) -> Rule:
    target = project.task.target
    if project.task.kind == "regression":

        def verdict(table: ir.Table) -> ir.BooleanValue:
            return _is_finite(table[target])

        return Rule(target, label, verdict, "a finite number", numeric=True)

    def known(table: ir.Table) -> ir.BooleanValue:
        if project.task.other is not None:
            return table[target].notnull()
        return table[target].isin(sorted(targets)).fill_null(NO)

    names = [str(name) for name in project.classes]
    near = (*names, *project.task.spellings)
    return Rule(target, label, known, f"one of {', '.join(names)}", near=near)


def _is_finite(value: ir.FloatingColumn) -> ir.BooleanValue:
    return (value.notnull() & ~value.isinf()).fill_null(NO)


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
    def verdict(table: ir.Table) -> ir.BooleanValue:
        text = table[name]
        if field.values is not None:
            return text.isin(field.values)
        return ~text.re_search(_NUL) & (text.length() <= LONGEST_CATEGORY)

    return verdict


def _text_verdict(name: str, _field: Column) -> Verdict:
    def verdict(table: ir.Table) -> ir.BooleanValue:
        text = table[name]
        return text.re_search(_VISIBLE) & ~text.re_search(_NUL) & (text.length() <= LONGEST_TEXT)

    return verdict


def _present_verdict(name: str, _field: Column) -> Verdict:
    return lambda table: table[name].notnull()


_VERDICTS: dict[str, Callable[[str, Column], Verdict]] = {
    "integer": _numeric_verdict,
    "number": _numeric_verdict,
    "category": _category_verdict,
    "text": _text_verdict,
    "date": _present_verdict,
}


def _in_words(field: Column) -> str:
    kinds = {
        "integer": "an integer",
        "number": "a finite number",
        "category": f"a category of 1 to {LONGEST_CATEGORY:,} characters, NUL not among them",
        "text": f"a text of 1 to {LONGEST_TEXT:,} characters, NUL not among them",
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
