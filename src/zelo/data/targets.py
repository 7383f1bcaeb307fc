"""The texts of a table's target, and the class that each stands for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import ibis

from zelo.data.rules import NO, NUMBER, Decimal, as_written
from zelo.spec.labels import known_labels
from zelo.spec.project import Label, Project


@dataclass(frozen=True)
class Targets:
    """What each text stands for, which became the other class, and whose rows nobody wants."""

    labels: dict[str, Label] = field(default_factory=dict)
    others: frozenset[str] = frozenset()
    unwanted: frozenset[str] = frozenset()


def targets_of(typed: ibis.Table, project: Project, decimal: Decimal) -> Targets:
    """The target's texts, looked up among the classes, then the spellings, then as the other class."""
    task = project.task
    if task.kind == "regression":
        return Targets(unwanted=frozenset(task.leave_out))
    known = known_labels(project)
    leave_out = {_plain(text, project, ".") for text in task.leave_out}
    labels: dict[str, Label] = {}
    others, unwanted = set(), set()
    texts = typed.select(found=as_written(task.target)).distinct().to_pyarrow()["found"]
    for text in texts.drop_null().to_pylist():
        plain = _plain(text, project, decimal)
        if plain in leave_out:
            unwanted.add(text)
        elif (label := known(plain)) is not None:
            labels[text] = label
        elif task.other is not None:
            labels[text] = task.other
            others.add(text)
    return Targets(labels, frozenset(others), frozenset(unwanted))


def with_wanted_target(typed: ibis.Table, project: Project, targets: Targets) -> ibis.Table:
    """The rows without those that the task leaves out."""
    text = typed[as_written(project.task.target)]
    if project.task.missing == "left_out":
        typed = typed.filter(text.notnull())
    if targets.unwanted:
        typed = typed.filter(~text.isin(sorted(targets.unwanted)).fill_null(NO))
    return typed


def _plain(text: str, project: Project, decimal: Decimal) -> str:
    """A whole number as its class is written (1.0 as 1), where the classes are numbers."""
    dotted = text.replace(decimal, ".")
    if all(isinstance(label, int) for label in project.classes) and re.fullmatch(NUMBER, dotted):
        number = float(dotted)
        return str(int(number)) if number.is_integer() else text
    return text
