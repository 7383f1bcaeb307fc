"""Rules that join several keys of a project: plain functions in one tuple.

Each returns ``None`` where the rule holds, else ``"key: found ...; expected ..."``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise

from zelo.spec.project import TASK_METRICS, Band, Project

Rule = Callable[[Project], str | None]

# They judge scores, not decisions: no threshold changes them.
SCORE_METRICS = frozenset({"roc_auc", "pr_auc", "brier", "ece", "log_loss"})


def _among(key: str, found: str, allowed: Iterable[str]) -> str | None:
    options = sorted(allowed)
    if found in options:
        return None
    return f"{key}: found {found!r}; expected one of {', '.join(options)}"


def _ordered(key: str, bands: tuple[Band, ...]) -> str | None:
    if not bands:
        return None
    *bounded, floor = bands
    if floor.above is not None:
        return f"{key}: found a last entry with above: {floor.above}; expected the last one without 'above'"
    bounds = [band.above for band in bounded]
    if any(bound is None for bound in bounds):
        return f"{key}: found an entry without 'above' before the last; expected only the last without it"
    for higher, lower in pairwise(bounds):
        assert higher is not None
        assert lower is not None
        if higher <= lower:
            return f"{key}: found above: {higher} before above: {lower}; expected the highest bound first"
    return None


def target_is_no_field(project: Project) -> str | None:
    if project.task.target in project.data.fields:
        return f"task.target: found {project.task.target!r} among the fields; expected it under task alone"
    if project.task.target == project.data.key:
        return f"task.target: found {project.task.target!r}, the key; expected another column"
    return None


def key_is_no_input(project: Project) -> str | None:
    if project.data.key in project.inputs:
        return f"data.key: found {project.data.key!r} among the inputs; expected a column that is no feature"
    return None


def some_field_is_input(project: Project) -> str | None:
    return None if project.inputs else "data.fields: found no field with use: input; expected at least one"


def ranges_are_ordered(project: Project) -> str | None:
    for name, field in project.data.fields.items():
        if field.min is not None and field.max is not None and field.min > field.max:
            return f"data.fields.{name}: found min {field.min} over max {field.max}; expected min <= max"
    return None


def ranges_fit_types(project: Project) -> str | None:
    for name, field in project.data.fields.items():
        if not field.is_numeric and (field.min is not None or field.max is not None):
            return f"data.fields.{name}: found a range on type {field.type}; expected it on numbers alone"
        if field.type != "category" and field.values is not None:
            return f"data.fields.{name}: found values on type {field.type}; expected them on type category"
        if field.use == "input" and field.type in ("date", "text"):
            return f"data.fields.{name}: found type {field.type} as an input; expected use: metadata"
    return None


def classes_fit_the_task(project: Project) -> str | None:
    task = project.task
    if task.kind == "regression":
        if task.classes or task.positive is not None:
            return "task: found classes or positive on a regression; expected neither"
        return None
    classes = project.classes
    if len(set(classes)) != len(classes):
        return f"task.classes: found a class twice in {list(classes)}; expected each once"
    if task.kind == "binary":
        if len(classes) != 2:
            return f"task.classes: found {len(classes)} classes; expected two for a binary task"
        if task.positive is not None and task.positive not in classes:
            return f"task.positive: found {task.positive!r}; expected one of {list(classes)}"
    elif task.positive is not None:
        return f"task.positive: found {task.positive!r} on several classes; expected it on binary alone"
    elif task.classes is None or len(classes) < 2:
        return "task.classes: found fewer than two; expected the list of classes"
    return None


def split_fits_the_task(project: Project) -> str | None:
    split = project.split
    if split.by == "class" and project.task.kind == "regression":
        return "split.by: found 'class' on a regression; expected random or time"
    if split.by == "time":
        field = project.data.fields.get(split.column or "")
        if field is None or field.type != "date":
            return f"split.column: found {split.column!r}; expected a field of type date"
    return None


def metrics_are_known(project: Project) -> str | None:
    allowed = TASK_METRICS[project.task.kind]
    for name in project.select.metrics:
        if broken := _among("select", name, allowed):
            return broken
    return None


def threshold_fits_the_task(project: Project) -> str | None:
    threshold = project.decision.threshold
    if isinstance(threshold, float):
        if 0 <= threshold <= 1:
            return None
        return f"decision.threshold: found {threshold}; expected a probability between 0 and 1"
    if project.task.kind != "binary":
        return f"decision.threshold: found one to learn on a {project.task.kind} task; expected a binary one"
    decided = set(TASK_METRICS["binary"]) - SCORE_METRICS
    return _among("decision.threshold.maximise", threshold.maximise, decided)


def bands_are_ordered(project: Project) -> str | None:
    return _ordered("decision.bands", project.decision.bands) or _ordered("grades", project.grades)


def bands_fit_the_task(project: Project) -> str | None:
    if project.decision.bands and project.task.kind != "binary":
        return f"decision.bands: found bands on a {project.task.kind} task; expected them on binary alone"
    return None


def candidates_are_named_once(project: Project) -> str | None:
    names = [name for entry in project.candidates for name in ([entry] if isinstance(entry, str) else entry)]
    twice = sorted({name for name in names if names.count(name) > 1})
    return f"candidates: found {', '.join(twice)} twice; expected each once" if twice else None


def entity_is_known(project: Project) -> str | None:
    entity = project.serving.entity
    if entity is None:
        return None
    known = {*project.data.fields, *([project.data.key] if project.data.key else [])}
    return _among("serving.entity", entity, known)


def slices_are_fields(project: Project) -> str | None:
    for name in project.gates.slices:
        if broken := _among("gates.slices", name, project.data.fields):
            return broken
    return None


def derived_names_are_new(project: Project) -> str | None:
    for name in project.derived:
        if name in (*project.data.fields, project.task.target, project.data.key):
            return f"derived.{name}: found the name of a field, the target or the key; expected a new name"
    return None


RULES: tuple[Rule, ...] = (
    target_is_no_field,
    key_is_no_input,
    some_field_is_input,
    ranges_are_ordered,
    ranges_fit_types,
    classes_fit_the_task,
    split_fits_the_task,
    metrics_are_known,
    threshold_fits_the_task,
    bands_are_ordered,
    bands_fit_the_task,
    candidates_are_named_once,
    entity_is_known,
    slices_are_fields,
    derived_names_are_new,
)


def broken_rule(project: Project) -> str | None:
    """The first rule that the project breaks, in words; ``None`` where all hold."""
    return next((broken for rule in RULES if (broken := rule(project)) is not None), None)
