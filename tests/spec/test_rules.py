from __future__ import annotations

from collections.abc import Callable

import pytest

from zelo.errors import SpecError
from zelo.spec.acting_rules import ACTING_RULES
from zelo.spec.loading import parse_project
from zelo.spec.project import TASK_METRICS
from zelo.spec.rules import RULES, SCORE_METRICS, broken_rule
from zelo.spec.series_rules import SERIES_RULES
from zelo.stats.confusion import DECISION_METRICS

Change = Callable[[str, str], str]

TASK = "{kind: binary, target: left, positive: 1}"
REGRESSION = "{kind: regression, target: left}"
MULTICLASS = "{kind: multiclass, target: left, classes: [x, y, z]}"
THRESHOLD = "  threshold: {maximise: f1}\n"
BANDS = "  bands: [{above: 0.9, label: high}, {above: 0.5, label: middling}, {label: low}]\n"

# rule, what is changed, the line and key of the error, what was found, what is expected
BROKEN = [
    (
        "target_is_no_field",
        "target: left",
        "target: age",
        3,
        "task.target",
        "'age' among the fields",
        "under task",
    ),
    ("target_is_no_field", "target: left", "target: id", 3, "task.target", "'id', the key", "another column"),
    ("key_is_no_input", "key: id", "key: age", 5, "data.key", "'age' among the inputs", "no feature"),
    (
        "ranges_are_ordered",
        "min: 18",
        "min: 180",
        10,
        "data.fields.age",
        "min 180.0 over max 120.0",
        "min <= max",
    ),
    (
        "ranges_fit_types",
        "values: [a, b]",
        "min: 1",
        11,
        "data.fields.land",
        "a range on type category",
        "numbers",
    ),
    (
        "ranges_fit_types",
        "unit: years",
        "values: [a]",
        10,
        "data.fields.age",
        "values on type integer",
        "category",
    ),
    (
        "ranges_fit_types",
        ", use: metadata",
        "",
        12,
        "data.fields.since",
        "type date as an input",
        "use: metadata",
    ),
    (
        "classes_fit_the_task",
        TASK,
        "{kind: regression, target: left, positive: 1}",
        3,
        "task",
        "positive",
        "neither",
    ),
    (
        "classes_fit_the_task",
        "positive: 1",
        "classes: [a, a]",
        3,
        "task.classes",
        "a class twice",
        "each once",
    ),
    ("classes_fit_the_task", "positive: 1", "classes: [a, b, c]", 3, "task.classes", "3 classes", "two"),
    ("classes_fit_the_task", "positive: 1", "positive: 2", 3, "task.positive", "2", "one of [0, 1]"),
    (
        "classes_fit_the_task",
        TASK,
        "{kind: multiclass, target: left}",
        3,
        "task.classes",
        "fewer than two",
        "list",
    ),
    (
        "classes_fit_the_task",
        TASK,
        MULTICLASS[:-1] + ", positive: x}",
        3,
        "task.positive",
        "'x'",
        "binary alone",
    ),
    ("split_fits_the_task", TASK, REGRESSION, 14, "split.by", "'class' on a regression", "random or time"),
    ("split_fits_the_task", "by: class", "by: time", 14, "split.column", "None", "a field of type date"),
    (
        "split_fits_the_task",
        "by: class",
        "by: time, column: age",
        14,
        "split.column",
        "'age'",
        "of type date",
    ),
    ("metrics_are_known", "primary: f1", "primary: f3", 18, "select.primary", "'f3'", "accuracy, brier"),
    ("metrics_are_known", "[roc_auc, f1]", "[rmse]", 18, "select.report", "'rmse'", "accuracy, brier"),
    ("threshold_fits_the_task", "{maximise: f1}", "1.5", 20, "decision.threshold", "1.5", "between 0 and 1"),
    ("threshold_fits_the_task", "{maximise: f1}", "-1", 20, "decision.threshold", "-1.0", "between 0 and 1"),
    (
        "threshold_fits_the_task",
        "{maximise: f1}",
        "{maximise: brier}",
        20,
        "decision.threshold.maximise",
        "'brier'",
        "one of accuracy, f1, f1_macro",
    ),
    (
        "bands_are_ordered",
        "above: 0.5",
        "above: 0.95",
        21,
        "decision.bands",
        "0.9 before above: 0.95",
        "highest",
    ),
    (
        "bands_are_ordered",
        "above: 0.5, ",
        "",
        21,
        "decision.bands",
        "without 'above' before the last",
        "only the last",
    ),
    (
        "bands_are_ordered",
        "{label: low}",
        "{above: 0, label: low}",
        21,
        "decision.bands",
        "above: 0.0",
        "the last one",
    ),
    (
        "bands_are_ordered",
        "gates:",
        "grades: [{above: 1, label: x}]\ngates:",
        23,
        "grades",
        "above: 1.0",
        "last one",
    ),
    (
        "candidates_are_named_once",
        "- prior",
        "- random_forest",
        15,
        "candidates",
        "random_forest twice",
        "each once",
    ),
    (
        "entity_is_known",
        "entity: id",
        "entity: who",
        22,
        "serving.entity",
        "'who'",
        "one of age, id, land, since",
    ),
    (
        "slices_are_fields",
        "slices: [land]",
        "slices: [lnad]",
        23,
        "gates.slices",
        "'lnad'",
        "one of age, land",
    ),
    (
        "spellings_lead_to_classes",
        "positive: 1}",
        "positive: 1, spellings: {gone: '2'}}",
        3,
        "task.spellings",
        "'gone' for '2'",
        "one of 0, 1",
    ),
    ("spellings_lead_to_classes", "positive: 1}", "positive: 1, other: 7}", 3, "task.other", "7", "0, 1"),
    (
        "critical_classes_are_classes",
        "report: [roc_auc, f1]",
        "report: [f1], critical: {classes: [2], recall: 0.5}",
        18,
        "select.critical.classes",
        "2",
        "[0, 1]",
    ),
    (
        "answers_fit_the_task",
        "{maximise: f1}",
        "0.5\n  confidence: 0.4",
        21,
        "decision.confidence",
        "a binary task",
        "multiclass alone",
    ),
    (
        "balance_fits_the_inputs",
        "use: metadata}\nderived:",
        "use: metadata}\n    note: {type: text}\nimbalance: smote\nderived:",
        14,
        "imbalance",
        "smote with texts",
        "class_weight",
    ),
    ("text_keys_need_texts", "derived:", "text: {accents: kept}\nderived:", 13, "text", "without", "no text"),
    ("derived_names_are_new", "half:", "age:", 13, "derived.age", "the name of a field", "a new name"),
    ("derived_names_are_new", "half:", "left:", 13, "derived.left", "the target", "a new name"),
    ("derived_names_are_new", "half:", "id:", 13, "derived.id", "the key", "a new name"),
]


def refused(text: str) -> SpecError:
    with pytest.raises(SpecError) as caught:
        parse_project(text, where="project.yaml")
    return caught.value


@pytest.mark.parametrize(("rule", "old", "new", "line", "key", "found", "expected"), BROKEN)
def test_a_broken_rule_is_named_with_its_place(
    change: Change, rule: str, old: str, new: str, line: int, key: str, found: str, expected: str
) -> None:
    error = refused(change(old, new))
    assert error.what == f"{key} breaks a rule"
    assert error.where == f"project.yaml:{line}"
    assert found in error.found
    assert expected in error.expected
    assert error.hint == f"mend {key}"


def test_some_field_must_be_an_input(written: str) -> None:
    metadata = written.replace("type: integer", "type: integer, use: metadata")
    error = refused(metadata.replace("type: category", "type: category, use: metadata"))
    assert error.what == "data.fields breaks a rule"
    assert error.where == "project.yaml:9"


def test_time_has_no_repetitions(written: str) -> None:
    timed = written.replace("by: class", "by: time, column: since")
    error = refused(timed.replace("report: [roc_auc, f1]", "repeats: 2"))
    assert (error.what, error.found) == ("select.repeats breaks a rule", "more than one with split.by: time")


def test_bands_are_for_binary_tasks(written: str) -> None:
    several = written.replace(TASK, MULTICLASS).replace(
        "select: {primary: f1, report: [roc_auc, f1]}", "select: {primary: mcc}"
    )
    assert refused(several).what == "decision.threshold.maximise breaks a rule"
    error = refused(several.replace(THRESHOLD, ""))
    assert (error.what, error.where) == ("decision.bands breaks a rule", "project.yaml:20")
    assert parse_project(several.replace("decision:\n" + THRESHOLD + BANDS, "")).classes == ("x", "y", "z")


def test_every_rule_has_a_test() -> None:
    elsewhere = {
        "some_field_is_input",
        "bands_fit_the_task",
        "repeats_fit_the_split",
        "descriptions_are_of_classes",
    }
    series = {rule.__name__ for rule in (*SERIES_RULES, *ACTING_RULES)}
    assert {rule.__name__ for rule in RULES} == {rule for rule, *_ in BROKEN} | elsewhere | series


def test_a_project_that_keeps_the_rules(written: str) -> None:
    assert broken_rule(parse_project(written)) is None


def test_descriptions_are_of_classes_and_stand_for_a_text(written: str) -> None:
    described = "text: {descriptions: {'it drips': leak}}\nderived:"
    several = written.replace(TASK, MULTICLASS).replace("derived:", described)
    several = several.replace("decision:\n" + THRESHOLD + BANDS, "").replace(
        "primary: f1, report: [roc_auc, f1]", "primary: mcc"
    )
    text = several.replace("{type: category, values: [a, b]}", "{type: text}").replace(
        "slices: [land]", "slices: [age]"
    )
    error = refused(text)
    assert error.what == "text.descriptions breaks a rule"
    assert error.found == "'it drips' for 'leak'"
    assert parse_project(text.replace("leak}", "x}")).text.descriptions == {"it drips": "x"}
    assert (
        refused(text.replace("leak}", "x}").replace("{type: text}", "{type: text, use: metadata}")).what
        == "text breaks a rule"
    )


def test_a_regression_has_no_classes_to_spell_or_to_guard(written: str) -> None:
    text = written.replace(TASK, REGRESSION).replace("by: class", "by: random")
    text = text.replace("decision:\n" + THRESHOLD + BANDS, "")
    text = text.replace("primary: f1, report: [roc_auc, f1]", "primary: mae")
    assert (
        refused(text.replace("kind: regression", "kind: regression, other: 1")).what == "task breaks a rule"
    )
    guarded = text.replace("primary: mae", "primary: mae, critical: {classes: [1], recall: 0.5}")
    assert refused(guarded).what == "select.critical breaks a rule"
    learned = text + "decision: {threshold: {maximise: f1}}\n"
    assert refused(learned).what == "decision.threshold breaks a rule"


def test_a_regression_keeps_the_rules(written: str) -> None:
    text = written.replace(TASK, REGRESSION).replace("by: class", "by: time, column: since")
    text = text.replace("primary: f1, report: [roc_auc, f1]", "primary: mae, report: [rmse, r2, mape]")
    assert parse_project(text.replace("decision:\n" + THRESHOLD + BANDS, "")).classes == ()


def test_every_metric_that_a_threshold_may_maximise_can_be_maximised() -> None:
    assert set(TASK_METRICS["binary"]) - SCORE_METRICS == set(DECISION_METRICS)
