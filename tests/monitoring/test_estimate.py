from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from zelo.errors import BundleError
from zelo.features.columns import Columns
from zelo.ledger.records import PredictionRecord
from zelo.ledger.store import Ledger
from zelo.monitoring.estimate import Estimate, Estimated, estimate
from zelo.monitoring.estimate_words import CORRECTED
from zelo.monitoring.losses import learn_loss
from zelo.monitoring.words import Words
from zelo.registry.bundle import Bundle
from zelo.registry.judged import JUDGED, LOWER, SCORE, TRUTH, UPPER
from zelo.stats.bootstrap import Interval

from .fakes import (
    SINCE,
    UNTIL,
    VERSION,
    Scene,
    make_bundle,
    make_project,
    make_rows,
    make_scores,
    regression,
    several_classes,
)

Array = np.ndarray[Any, Any]


def with_judged(bundle: Bundle, table: pd.DataFrame) -> Bundle:
    table.to_parquet(bundle.path / JUDGED)
    return replace(bundle, manifest={**bundle.manifest, "files": {JUDGED: "hash"}})


def judged_classes(scores: Array, rng: np.random.Generator) -> pd.DataFrame:
    """Rows whose outcomes have the chances that the scores state."""
    truth = (rng.random((len(scores), 1)) > scores.cumsum(axis=1)[:, :-1]).sum(axis=1)
    return pd.DataFrame(
        {TRUTH: truth, **{f"{SCORE}{place}": column for place, column in enumerate(scores.T)}}
    )


@pytest.fixture
def binary(scene: Scene) -> Scene:
    rng = np.random.default_rng(3)
    table = judged_classes(make_scores(rng, 2000, scene.project), rng)
    return Scene(scene.ledger, with_judged(scene.bundle, table))


def looked(scene: Scene) -> Estimate:
    within = {"version": VERSION, "since": SINCE, "until": UNTIL}
    name = scene.project.name
    records = scene.ledger.predictions(name, order="oldest", **within)
    return estimate(records, scene.ledger.judged(name, **within), scene.bundle)


def figure(found: Estimate, metric: str) -> Estimated:
    return next(entry for entry in found.figures if entry.metric == metric)


def test_quality_is_estimated_before_any_outcome_and_borne_out_by_those_that_come(binary: Scene) -> None:
    records = binary.answer(1200)
    before = looked(binary)
    binary.tell(records, binary.draw(records), delay=timedelta(days=50))
    after = looked(binary)
    shown = {entry.metric: entry.value for entry in binary.report().quality.figures}

    assert before.figures == after.figures
    assert (before.method, before.rows, before.reference_rows) == ("cbpe", 1200, 2000)
    assert before.windows == ()
    for metric in binary.project.select.measured:
        found = figure(before, metric)
        assert found.low <= shown[metric] <= found.high
    assert CORRECTED not in before.assumptions


def test_each_window_with_outcomes_is_held_against_its_estimate(binary: Scene) -> None:
    records = binary.answer(1500)
    binary.tell(records[:700], binary.draw(records[:700]))

    found = looked(binary)

    assert sum(window.outcomes for window in found.windows) == 700
    check = next(check for check in found.windows[0].checks if check.metric == "recall")
    assert check.error == pytest.approx(check.estimated - check.truth)
    assert check.held == (check.low <= check.truth <= check.high)
    assert found.held is not None
    assert found.held >= 0.8
    assert found.mean_error["brier"] < 0.05


def test_a_change_of_what_inputs_mean_is_not_seen_by_the_estimate_but_by_its_check(binary: Scene) -> None:
    records = binary.answer(1500)
    fewer = [int(binary.rng.random() < (record.score or 0.0) / 4) for record in records]
    binary.tell(records, fewer)

    found = looked(binary)

    assert found.held is not None
    assert found.held < 0.5
    assert all(check.error > 0 for window in found.windows for check in window.checks if check.metric == "f1")


def test_the_positive_class_may_be_the_first(ledger: Ledger, tmp_path: Path) -> None:
    task = {"kind": "binary", "target": "failed", "classes": ["yes", "no"], "positive": "yes"}
    bundle = make_bundle(tmp_path / "bundle", make_project(task=task))
    rng = np.random.default_rng(3)
    positive = rng.beta(2.0, 4.0, 3000)
    scores = np.column_stack([positive, 1 - positive])
    scene = Scene(ledger, with_judged(bundle, judged_classes(scores[:2000], rng)))
    records = scene.answer(1000, scores=scores[2000:])
    scene.tell(records, ["yes" if hit else "no" for hit in scene.draw(records)])

    found = looked(scene)

    assert found.held is not None
    # The five metrics of a week err together: with the classes taken for each other hardly any is held.
    assert found.held >= 0.6


class Known:
    """Gives the rows of ages 0, 1, ... these scores."""

    runtime = "native"

    def __init__(self, scores: Array) -> None:
        self._scores = scores

    def scores(self, columns: Columns) -> Array:
        return self._scores[columns["age"].astype(int)]


def of_several(
    ledger: Ledger, folder: Path, scores: Array, *, now: Array
) -> tuple[Scene, list[PredictionRecord]]:
    """A scene whose answers were ``scores``, by a model that says ``now`` of the same rows."""
    rng = np.random.default_rng(3)
    bundle = make_bundle(folder, several_classes())
    judged = judged_classes(rng.dirichlet((2.0, 1.0, 1.0), 2000), rng)
    bundle = replace(with_judged(bundle, judged), predictor=Known(now))
    scene = Scene(ledger, bundle)
    rows = make_rows(rng, len(scores)).assign(age=np.arange(len(scores), dtype=np.float64))
    return scene, scene.answer(len(scores), rows=rows, scores=scores)


def test_of_several_classes_the_model_is_asked_again(ledger: Ledger, tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    scores = rng.dirichlet((2.0, 1.0, 1.0), 800)
    scene, records = of_several(ledger, tmp_path / "bundle", scores, now=scores)
    truth = (rng.random((800, 1)) > scores.cumsum(axis=1)[:, :-1]).sum(axis=1)
    scene.tell(records, [scene.project.classes[place] for place in truth])

    found, quality = looked(scene), scene.report().quality

    loss = next(entry for entry in quality.figures if entry.metric == "log_loss")
    assert loss.value == pytest.approx(-np.log(scores[np.arange(800), truth]).mean())
    for metric in scene.project.select.measured:
        assert figure(found, metric).value is not None
    assert found.held is not None
    assert found.held >= 0.8


def test_a_model_that_says_something_else_now_estimates_nothing(ledger: Ledger, tmp_path: Path) -> None:
    scores = np.random.default_rng(6).dirichlet((2.0, 1.0, 1.0), 100)
    scene, records = of_several(ledger, tmp_path / "bundle", scores, now=scores[:, ::-1])
    scene.tell(records, ["leak", "wear"] * 50)

    loss = next(entry for entry in scene.report().quality.figures if entry.metric == "log_loss")

    assert looked(scene).reason == "the model no longer says what is on record"
    assert loss.reason == "not every class' probability is on record"


def hours(rng: np.random.Generator, n: int) -> tuple[pd.DataFrame, Array, Array]:
    """Rows, values said of them, and truths that are ten times as far from them at old ages."""
    rows = make_rows(rng, n)
    spread = np.where(rows["age"] > 45.0, 20.0, 2.0)
    said = rng.normal(100.0, 15.0, n)
    return rows, said, said + rng.normal(size=n) * spread


def of_hours(ledger: Ledger, folder: Path) -> Scene:
    rows, said, truth = hours(np.random.default_rng(5), 1500)
    ends = pd.DataFrame({TRUTH: truth, f"{SCORE}0": said, LOWER: np.nan, UPPER: np.nan})
    return Scene(ledger, with_judged(make_bundle(folder, regression()), pd.concat([rows, ends], axis=1)))


def test_the_error_of_values_is_estimated_from_the_inputs_that_come(ledger: Ledger, tmp_path: Path) -> None:
    scene = of_hours(ledger, tmp_path / "bundle")
    rows, said, truth = hours(np.random.default_rng(6), 2000)
    # Old ones alone: the errors to come are far larger than those of the judged rows.
    old = np.flatnonzero(rows["age"] > 45.0)[:400]
    records = scene.answer(400, rows=rows.iloc[old], scores=said[old, None])

    before = looked(scene)
    scene.tell(records, truth[old].tolist())
    after = looked(scene)

    shown = float(np.abs(said - truth)[old].mean())
    found = figure(before, "mae")
    assert before.method == "dle"
    assert shown > 14
    assert found.low <= shown <= found.high
    assert found.value == pytest.approx(shown, rel=0.15)
    assert figure(before, "r2").reason == "this metric cannot be estimated"
    assert {check.metric for window in after.windows for check in window.checks} == {"mae", "mape"}


@pytest.mark.parametrize(
    ("answers", "judged", "reason"),
    [
        (0, 2000, "no predictions"),
        (5, 2000, "too few predictions to estimate"),
        (100, 30, "too few judged rows in the bundle"),
        (100, None, "the bundle holds no judged rows: train again"),
    ],
)
def test_what_cannot_be_estimated_says_why(
    scene: Scene, answers: int, judged: int | None, reason: str
) -> None:
    bundle = scene.bundle
    if judged is not None:
        rng = np.random.default_rng(3)
        bundle = with_judged(bundle, judged_classes(make_scores(rng, judged, scene.project), rng))
    scene = Scene(scene.ledger, bundle)
    if answers:
        scene.answer(answers)

    found = looked(scene)

    assert (found.reason, found.method, found.figures) == (reason, None, ())


def test_a_damaged_file_is_told(binary: Scene) -> None:
    binary.answer(50)
    (binary.bundle.path / JUDGED).write_bytes(b"no parquet")

    with pytest.raises(BundleError, match="cannot be read"):
        looked(binary)


def test_floors_are_estimated_too(ledger: Ledger, tmp_path: Path) -> None:
    project = make_project(monitoring={"floors": {"f2": 0.5}})
    rng = np.random.default_rng(3)
    table = judged_classes(make_scores(rng, 500, project), rng)
    scene = Scene(ledger, with_judged(make_bundle(tmp_path / "bundle", project), table))
    scene.answer(100)

    assert figure(looked(scene), "f2").value is not None


@pytest.mark.parametrize("kind", ["classes", "values"])
def test_what_is_assumed_is_told_in_the_projects_language(
    ledger: Ledger, tmp_path: Path, binary: Scene, kind: str
) -> None:
    scene = binary if kind == "classes" else of_hours(ledger, tmp_path / "values")
    scene.answer(100)
    found = looked(scene)
    told = {*found.assumptions, *(entry.reason for entry in found.figures if entry.reason), CORRECTED}

    translated = {Words("pt-BR")(phrase) for phrase in told}

    assert len(found.assumptions) == 3
    assert not told & translated
    assert {Words("en")(phrase) for phrase in told} == told


def test_an_intervals_width_tells_the_error_of_a_value(ledger: Ledger, tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    widths = rng.choice([2.0, 40.0], 200)
    said = rng.normal(100.0, 15.0, 200)
    table = make_rows(rng, 200).assign(**{TRUTH: said + rng.normal(size=200) * widths / 4, f"{SCORE}0": said})
    table[LOWER], table[UPPER] = said - widths / 2, said + widths / 2
    project = regression()

    model = learn_loss("mae", table, project, None)
    assert model is not None
    narrow, wide = (model.of(table[widths == width]) for width in (2.0, 40.0))

    assert narrow is not None
    assert wide is not None
    expected = np.sqrt(2 / np.pi) / 4
    assert narrow.value == pytest.approx(2.0 * expected, rel=0.35)
    assert wide.value == pytest.approx(40.0 * expected, rel=0.2)
    assert learn_loss("r2", table, project, None) is None
    assert learn_loss("mase", table, project, None) is None


def test_answers_without_intervals_have_no_coverage() -> None:
    rng = np.random.default_rng(8)
    table = make_rows(rng, 100).assign(**{TRUTH: 1.0, f"{SCORE}0": 1.0, LOWER: 0.0, UPPER: 2.0})

    model = learn_loss("coverage", table, regression(), None)
    assert model is not None

    assert model.of(table) == Interval(1.0, 1.0, 1.0)
    assert model.of(table.assign(**{LOWER: np.nan, UPPER: np.nan})) is None
