"""Rules that join several keys of a project: plain functions in one tuple.

Each returns ``None`` where the rule holds, else ``"key: found ...; expected ..."``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise

from zelo.spec.acting_rules import ACTING_RULES
from zelo.spec.project import LATENCY, TASK_METRICS, Band, Project
from zelo.spec.series_rules import SERIES_RULES

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
        if field.use == "input" and field.type == "date":
            return f"data.fields.{name}: found type date as an input; expected use: metadata"
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


def spellings_lead_to_classes(project: Project) -> str | None:
    task = project.task
    if task.kind == "regression" and (task.spellings or task.other is not None):
        return "task: found spellings or other on a regression; expected neither"
    known = [str(label) for label in project.classes]
    for spelling, label in task.spellings.items():
        if label not in known:
            return f"task.spellings: found {spelling!r} for {label!r}; expected one of {', '.join(known)}"
    if task.other is not None and task.other not in project.classes:
        return f"task.other: found {task.other!r}; expected one of {', '.join(known)}"
    return None


def metrics_are_known(project: Project) -> str | None:
    allowed = project.metrics
    if broken := _among("select.primary", project.select.primary, allowed):
        return broken
    for name in project.select.report:
        if broken := _among("select.report", name, (*allowed, LATENCY)):
            return broken
    return None


def repeats_fit_the_split(project: Project) -> str | None:
    if project.select.repeats > 1 and project.split.by == "time":
        return "select.repeats: found more than one with split.by: time; expected 1, for time runs once"
    return None


def critical_classes_are_classes(project: Project) -> str | None:
    critical = project.select.critical
    if critical is None:
        return None
    if project.task.kind == "regression":
        return "select.critical: found it on a regression; expected it on classes alone"
    for label in critical.classes:
        if label not in project.classes:
            return f"select.critical.classes: found {label!r}; expected some of {list(project.classes)}"
    return None


def answers_fit_the_task(project: Project) -> str | None:
    if project.decision.confidence is not None and project.task.kind != "multiclass":
        return f"decision.confidence: found it on a {project.task.kind} task; expected it on multiclass alone"
    return None


def descriptions_are_of_classes(project: Project) -> str | None:
    described = project.text.descriptions
    if described and len(project.texts) != 1:
        return f"text.descriptions: found {len(project.texts)} text inputs; expected one that they stand for"
    known = [str(label) for label in project.classes]
    for phrase, label in described.items():
        if label not in known:
            return f"text.descriptions: found {phrase!r} for {label!r}; expected one of {', '.join(known)}"
    return None


def text_keys_need_texts(project: Project) -> str | None:
    if project.text.model_fields_set and not project.texts:
        return "text: found it without an input of type text; expected one, or no text"
    return None


def balance_fits_the_inputs(project: Project) -> str | None:
    if project.imbalance == "smote" and project.texts:
        return "imbalance: found smote with texts, which have no points between them; expected class_weight"
    return None


def threshold_fits_the_task(project: Project) -> str | None:
    threshold = project.decision.threshold
    if isinstance(threshold, float):
        if 0 <= threshold <= 1:
            return None
        return f"decision.threshold: found {threshold}; expected a probability between 0 and 1"
    if project.task.kind == "regression":
        return "decision.threshold: found one to learn on a regression; expected classes"
    decided = set(TASK_METRICS[project.task.kind]) - SCORE_METRICS
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
        if name in (*project.fields, project.task.target, project.data.key):
            return f"derived.{name}: found the name of a field, the target or the key; expected a new name"
    return None


RULES: tuple[Rule, ...] = (
    target_is_no_field,
    key_is_no_input,
    some_field_is_input,
    ranges_are_ordered,
    ranges_fit_types,
    classes_fit_the_task,
    spellings_lead_to_classes,
    split_fits_the_task,
    metrics_are_known,
    repeats_fit_the_split,
    critical_classes_are_classes,
    threshold_fits_the_task,
    bands_are_ordered,
    bands_fit_the_task,
    answers_fit_the_task,
    text_keys_need_texts,
    descriptions_are_of_classes,
    balance_fits_the_inputs,
    candidates_are_named_once,
    entity_is_known,
    slices_are_fields,
    derived_names_are_new,
    *SERIES_RULES,
    *ACTING_RULES,
)


def broken_rule(project: Project) -> str | None:
    """The first rule that the project breaks, in words; ``None`` where all hold."""
    return next((broken for rule in RULES if (broken := rule(project)) is not None), None)
