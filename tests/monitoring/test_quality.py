from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, f1_score, roc_auc_score

from zelo.features.columns import Columns, count
from zelo.ledger.store import Ledger
from zelo.monitoring.quality import Figure, Quality, broken_floors

from .fakes import SINCE, Scene, make_bundle, make_project, make_rows, regression, several_classes


def figure(quality: Quality, metric: str) -> Figure:
    return next(entry for entry in quality.figures if entry.metric == metric)


def test_figures_are_those_of_the_recorded_answers(scene: Scene) -> None:
    records = scene.answer(400)
    truth = scene.draw(records)
    scene.tell(records, truth)

    quality = scene.report().quality

    said = [record.decision["prediction"] for record in records]
    scores = [record.score for record in records]
    assert [entry.metric for entry in quality.figures] == list(scene.project.select.metrics)
    assert figure(quality, "f1").value == pytest.approx(f1_score(truth, said))
    assert figure(quality, "roc_auc").value == pytest.approx(roc_auc_score(truth, scores))
    assert figure(quality, "brier").value == pytest.approx(brier_score_loss(truth, scores))
    for entry in quality.figures:
        assert entry.status == "computed"
        assert entry.low is not None
        assert entry.low < entry.value < entry.high
        assert (entry.test_value, entry.test_low, entry.test_high) == (0.6, 0.5, 0.7)
    assert (quality.outcomes, quality.share, quality.positives) == (400, 1.0, sum(truth))


def test_a_decision_counts_as_it_was_answered_whatever_the_threshold_is_now(scene: Scene) -> None:
    records = scene.answer(60, scores=np.tile([0.1, 0.9], (60, 1)))
    scene.tell(records, [1, 0] * 30)

    other = make_project(decision={"threshold": 0.95})
    quality = Scene(scene.ledger, make_bundle(scene.bundle.path / "other", other)).report().quality

    assert figure(quality, "recall").value == 1.0


def test_the_positive_class_may_be_the_first(ledger: Ledger, tmp_path: Path) -> None:
    task = {"kind": "binary", "target": "failed", "classes": ["yes", "no"], "positive": "yes"}
    scene = Scene(ledger, make_bundle(tmp_path / "bundle", make_project(task=task)))
    right = np.tile([[0.9, 0.1], [0.2, 0.8]], (40, 1))
    scene.tell(scene.answer(80, scores=right), ["yes", "no"] * 40)

    quality = scene.report().quality

    assert quality.positives == 40
    assert {figure(quality, name).value for name in ("f1", "recall", "roc_auc", "mcc")} == {1.0}
    assert figure(quality, "brier").value == pytest.approx((0.1**2 + 0.2**2) / 2)


def test_late_outcomes_count_in_the_window_of_their_prediction(scene: Scene) -> None:
    records = scene.answer(200)
    scene.tell(records[:50], scene.draw(records[:50]), delay=timedelta(days=45))
    early = scene.answer(10, since=SINCE - timedelta(days=9), until=SINCE)
    scene.tell(early, scene.draw(early), delay=timedelta(days=20))

    quality = scene.report().quality

    assert (quality.predictions, quality.outcomes, quality.share) == (200, 50, 0.25)
    assert quality.median_delay_hours == pytest.approx(45 * 24)


def test_the_outcome_recorded_last_is_the_truth(scene: Scene) -> None:
    records = scene.answer(60, scores=np.tile([0.1, 0.9], (60, 1)))
    scene.tell(records, [0] * 60)
    scene.tell(records, [1] * 30 + [0] * 30)

    assert scene.report().quality.positives == 30


def test_other_versions_are_not_judged(scene: Scene) -> None:
    records = scene.answer(60, version="2")
    scene.tell(records, scene.draw(records))

    quality = scene.report().quality

    assert (quality.predictions, quality.outcomes) == (0, 0)
    assert {entry.reason for entry in quality.figures} == {"no predictions"}


def test_without_outcomes_every_metric_keeps_its_row_and_says_why(scene: Scene) -> None:
    scene.answer(150)

    quality = scene.report().quality

    assert len(quality.figures) == 5
    for entry in quality.figures:
        assert (entry.status, entry.reason) == ("cannot be computed", "no outcomes yet")
        assert entry.value is None
        assert entry.test_value == 0.6
    assert [(part.field, part.reason) for part in quality.slices] == [("site", "no outcomes yet")]


def test_one_class_alone_leaves_what_judges_each_row_by_itself(scene: Scene) -> None:
    scene.tell(scene.answer(120), [0] * 120)

    quality = scene.report().quality

    assert figure(quality, "brier").status == "computed"
    for name in ("f1", "recall", "roc_auc", "mcc"):
        found = figure(quality, name)
        assert (found.status, found.reason) == ("cannot be computed", "outcomes of one class only")


def test_a_handful_of_outcomes_has_a_value_and_no_interval(scene: Scene) -> None:
    records = scene.answer(20)
    scene.tell(records, [0, 1] * 10)

    found = figure(scene.report().quality, "brier")

    assert (found.status, found.reason) == ("no interval", "too few outcomes for an interval")
    assert found.value is not None
    assert (found.low, found.high) == (None, None)


def test_a_truth_that_is_no_class_is_counted_apart(scene: Scene) -> None:
    records = scene.answer(80)
    scene.tell(records, [0, 1] * 39 + ["maybe", 7])

    quality = scene.report().quality

    assert (quality.outcomes, quality.unusable) == (78, 2)


def test_a_metric_that_the_bundle_does_not_know_has_no_test_figure(scene: Scene) -> None:
    (scene.bundle.path / "metrics.json").write_text("{}", encoding="utf-8")
    records = scene.answer(100)
    scene.tell(records, scene.draw(records))

    found = figure(scene.report().quality, "f1")

    assert (found.status, found.test_value) == ("computed", None)


def test_slices_are_measured_where_rows_suffice(scene: Scene) -> None:
    rows = make_rows(scene.rng, 300)
    rows["site"] = np.repeat(np.array(["North", "South"], dtype=object), [280, 20])
    records = scene.answer(300, rows=rows)
    truth = scene.draw(records)
    scene.tell(records, truth)

    north, south = scene.report().quality.slices

    said = [record.decision["prediction"] for record in records]
    assert (north.value, north.outcomes, north.positives) == ("North", 280, sum(truth[:280]))
    assert north.figures[0].value == pytest.approx(f1_score(truth[:280], said[:280]))
    assert (south.value, south.outcomes, south.figures) == ("South", 20, ())
    assert south.reason == "too few outcomes to judge"


def test_a_slice_by_what_requests_do_not_carry_says_so(ledger: Ledger, tmp_path: Path) -> None:
    fields = {"age": {"type": "number"}, "region": {"type": "category", "use": "metadata"}}
    data = {"key": "id", "sources": {"train": "pumps.csv"}, "fields": fields}
    project = make_project(data=data, gates={"slices": ["region"]})
    scene = Scene(ledger, make_bundle(tmp_path / "bundle", project))
    records = scene.answer(60)
    scene.tell(records, scene.draw(records))

    (part,) = scene.report().quality.slices

    assert (part.status, part.reason) == ("cannot be computed", "the field is not on record")


def test_a_regression_is_measured_in_its_unit(ledger: Ledger, tmp_path: Path) -> None:
    scene = Scene(ledger, make_bundle(tmp_path / "bundle", regression()))
    records = scene.answer(100)
    scene.tell(records, [(record.score or 0.0) + 2.0 for record in records])

    quality = scene.report().quality

    assert quality.positives is None
    assert figure(quality, "mae").value == pytest.approx(2.0)
    assert figure(quality, "mape").status == "computed"


def test_a_constant_truth_and_a_true_zero_have_their_reasons(ledger: Ledger, tmp_path: Path) -> None:
    scene = Scene(ledger, make_bundle(tmp_path / "bundle", regression()))
    scene.tell(scene.answer(60), [0.0] * 60)

    quality = scene.report().quality

    assert figure(quality, "r2").reason == "the true value never changes"
    assert figure(quality, "mape").reason == "a true value is 0"
    assert figure(quality, "mae").status == "computed"


class OtherModel:
    """Says of every row what is on no record."""

    runtime = "native"

    def scores(self, columns: Columns) -> np.ndarray[Any, Any]:
        return np.full((count(columns), 3), 1 / 3)


def test_several_classes_are_measured_on_what_is_on_record(ledger: Ledger, tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "bundle", several_classes())
    scene = Scene(ledger, replace(bundle, predictor=OtherModel()))
    records = scene.answer(120)
    said = [record.decision["prediction"] for record in records]
    scene.tell(records, [*said[:90], *(["other"] * 30)])

    quality = scene.report().quality

    right = 90 + said[90:].count("other")
    assert figure(quality, "accuracy").value == pytest.approx(right / 120)
    stated = np.mean([record.score for record in records])
    assert figure(quality, "ece").value >= abs(right / 120 - stated) - 1e-9
    assert figure(quality, "log_loss").reason == "not every class' probability is on record"


def test_windows_are_weeks_with_late_outcomes_and_the_last_so_many(scene: Scene) -> None:
    records = scene.answer(600)
    scene.tell(records, scene.draw(records), delay=timedelta(days=40))

    quality = scene.report().quality

    weeks = [window for window in quality.windows if window.kind == "week"]
    assert sum(window.outcomes for window in weeks) == 600
    assert [window.since.weekday() for window in weeks] == [0] * len(weeks)
    assert [window.outcomes for window in quality.windows if window.kind == "last"] == [100, 500]
    of_week = [record for record in records if weeks[1].since <= record.at < weeks[1].until]
    truth = {outcome.prediction.id: outcome.outcome.value for outcome in scene.ledger.judged("pumps")}
    assert weeks[1].figures[0].value == pytest.approx(
        f1_score(
            [truth[record.id] for record in of_week], [record.decision["prediction"] for record in of_week]
        )
    )


def floored(scene: Scene, **floors: float) -> Scene:
    project = make_project(monitoring={"floors": floors})
    return Scene(scene.ledger, make_bundle(scene.bundle.path / "floored", project))


def test_a_floor_is_broken_for_sure_where_the_whole_interval_is_beyond(scene: Scene) -> None:
    scene = floored(scene, f2=0.99, brier=0.01, recall=0.001)
    records = scene.answer(600)
    scene.tell(records, scene.draw(records))

    quality = scene.report().quality
    f2, brier = broken_floors(quality, scene.project)

    assert [entry.metric for entry in quality.figures][-1] == "f2"
    assert (f2.metric, f2.floor, f2.sure, f2.outcomes) == ("f2", 0.99, True, 600)
    assert (brier.metric, brier.sure) == ("brier", True)


def test_a_floor_within_the_interval_is_broken_but_not_for_sure(scene: Scene) -> None:
    records = scene.answer(300)
    scene.tell(records, scene.draw(records))
    f1 = figure(scene.report().quality, "f1")

    scene = floored(scene, f1=(f1.value + f1.high) / 2)
    (breach,) = broken_floors(scene.report().quality, scene.project)

    assert (breach.value, breach.sure) == (f1.value, False)


def test_no_outcomes_break_no_floor(scene: Scene) -> None:
    scene = floored(scene, f1=0.99)
    scene.answer(100)

    assert broken_floors(scene.report().quality, scene.project) == ()
