"""What a profile finds: planted duplicates, planted label errors, outliers, gaps; for each kind of task."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.profiling.samples import profiled, sample, snapshot, text_project, text_table, training_rows
from tests.tables import make_project, make_table

from zelo.profiling import duplicates, neighbours
from zelo.profiling.facts import Profile
from zelo.profiling.labels import ONE_CLASS
from zelo.profiling.page import render
from zelo.profiling.profile import profile
from zelo.profiling.rows import sides


@pytest.mark.parametrize("kind", ["text", "binary", "multiclass", "regression"])
def test_each_kind_of_task_is_described(kind: str, tmp_path: Path) -> None:
    table, project = sample(kind)
    steps: list[tuple[int, int]] = []
    found = profile(
        snapshot(table, project, tmp_path),
        project,
        threads=1,
        progress=lambda done, total: steps.append((done, total)),
    )
    assert found.training_rows + found.test_rows == found.rows == len(table)
    assert [field.name for field in found.fields] == list(project.data.fields)
    assert found.labels.reason is None
    assert found.labels.examined == found.training_rows
    assert sum(count.count for count in found.classes) == (0 if kind == "regression" else found.training_rows)
    assert found.findings
    assert steps[-1][0] == steps[-1][1]
    assert steps == sorted(steps)
    assert json.loads(json.dumps(found.as_dict()))["training_rows"] == found.training_rows


def test_the_same_data_give_the_same_profile(tmp_path: Path, profile_of: Callable[[str], Profile]) -> None:
    assert profiled(*sample("text"), tmp_path) == profile_of("text")


def test_figures_are_of_training_rows_alone(tmp_path: Path) -> None:
    table, project = make_table("binary"), make_project("binary")
    rows = training_rows(table, project, tmp_path)
    found = profiled(table, project, tmp_path)
    debt = next(field for field in found.fields if field.name == "debt")
    own = table.set_index("id").loc[rows.frame["id"]]
    assert debt.summary is not None
    assert debt.summary.maximum == own["debt"].max()
    assert debt.summary.mean == pytest.approx(own["debt"].mean())
    income = next(field for field in found.fields if field.name == "income")
    assert income.missing == own["income"].isna().sum() > 0
    region = next(field for field in found.fields if field.name == "region")
    assert {count.name: count.count for count in region.top} == own["region"][
        own["region"] != ""
    ].value_counts().to_dict()


def test_planted_duplicates_are_found(tmp_path: Path) -> None:
    project = text_project()
    table = text_table()
    rows = training_rows(table, project, tmp_path / "before").frame["id"].tolist()
    table = table.set_index("id", drop=False)
    table.loc[rows[0], "text"] = "  Broken GLASS, of the cab! "
    table.loc[rows[1], "text"] = "broken glass of the cab"
    table.loc[rows[2], "text"] = "Broken glas of the cab"
    table.loc[rows[:3], "mode"] = ["leaking", "noise", "noise"]
    # A row whose class changed may change sides: only those that are still there are looked for.
    twins = training_rows(table.reset_index(drop=True), project, tmp_path / "after")
    texts = neighbours.distinct_texts(twins)
    kept = set(twins.frame["id"]) & set(rows[:3])
    assert len(kept) == 3
    found = duplicates.describe(twins, twins, texts)
    assert (found.groups, found.repeated, found.conflicts, found.conflicting_rows) == (1, 1, 1, 2)
    assert {row.key for row in found.shown[0].rows} == set(rows[:2])
    assert found.in_test == len(twins)
    pair = next(near for near in found.near_shown if {near.one.key, near.other.key} & {rows[2]})
    assert pair.similarity >= found.threshold
    assert found.distinct == found.compared == len(twins) - 1


def test_equal_rows_of_a_table_with_different_targets_conflict(tmp_path: Path) -> None:
    project = make_project("binary")
    table = make_table("binary", missing=False)
    same = table.iloc[[5]].drop(columns="outcome")
    copies = pd.concat([same.assign(id=f"copy{number}", outcome=number % 2) for number in range(40)])
    found = profiled(pd.concat([table, copies], ignore_index=True), project, tmp_path).duplicates
    assert found.conflicts == 1
    assert found.shown[0].conflict
    assert found.shown[0].count == found.conflicting_rows >= 20
    assert len(found.shown[0].rows) < 10
    assert found.in_test > 2
    assert found.near_shown == ()


def test_too_many_texts_are_sampled_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "MOST_TEXTS", 50)
    rows = training_rows(text_table(), text_project(), tmp_path)
    texts = neighbours.distinct_texts(rows)
    assert texts is not None
    assert (len(texts.texts), texts.found) == (50, len(rows))
    found = duplicates.describe(rows, rows, texts)
    assert (found.compared, found.distinct) == (50, len(rows))


@pytest.mark.parametrize("kind", ["text", "binary"])
def test_planted_label_errors_are_found(kind: str, tmp_path: Path) -> None:
    table, project = sample(kind)
    target = project.task.target
    if kind == "binary":
        table = make_table("binary", rows=600)
        table[target] = (table["debt"] > 12.0).astype(int)
    keys = table["id"].tolist()[::40]
    flip = {"leaking": "noise", "noise": "hot", "hot": "leaking", 0: 1, 1: 0}
    wrong = table["id"].isin(keys)
    flipped = table[target].map(flip).astype(table[target].dtype)
    table[target] = table[target].where(~wrong, flipped)
    found = profiled(table, project, tmp_path)
    trained = set(training_rows(table, project, tmp_path).frame["id"])
    planted = set(keys) & trained
    suspects = [suspect.row.key for suspect in found.labels.suspects]
    assert len(planted) >= 5
    assert len(planted & set(suspects[: 2 * len(planted)])) >= 0.8 * len(planted)
    first = found.labels.suspects[0]
    assert first.suggested != first.given == first.row.target
    assert first.suggested_probability > first.given_probability


def test_planted_values_are_found_in_a_regression(tmp_path: Path) -> None:
    table, project = make_table("regression", rows=400), make_project("regression")
    key = training_rows(table, project, tmp_path / "before").frame["id"].iloc[7]
    table.loc[table["id"] == key, "outcome"] += 500.0
    found = profiled(table, project, tmp_path / "after").labels
    assert found.residuals[0].row.key == key
    assert found.residuals[0].z > 10
    assert found.suspects == ()


@pytest.mark.parametrize(("positives", "reason"), [(1, ONE_CLASS), (2, None)])
def test_a_class_too_rare_for_the_folds_does_not_stop_the_profile(
    positives: int, reason: str | None, tmp_path: Path
) -> None:
    table, project = make_table("binary"), make_project("binary")
    rows = training_rows(table, project, tmp_path / "before").frame
    kept = rows.loc[rows["outcome"] == 1, "id"].iloc[[0, -1][:positives]]
    table = table[(table["outcome"] == 0) | table["id"].isin(kept)].reset_index(drop=True)
    found = profiled(table, project, tmp_path / "after")
    assert next(count.count for count in found.classes if count.name == "1") == positives
    assert found.labels.at_random
    assert found.labels.reason == reason
    assert "one class alone" not in render(found) or reason


def test_a_model_that_cannot_be_fitted_is_told_not_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("no such thing")

    monkeypatch.setattr("zelo.profiling.labels.out_of_fold", broken)
    found = profiled(*sample("binary"), tmp_path).labels
    assert found.reason == "ValueError: no such thing"
    assert found.examined == 0


def test_rows_by_time_are_scored_where_a_fold_scores_them(tmp_path: Path) -> None:
    project = make_project("binary", split={"by": "time", "column": "day", "test": 0.25, "seed": 7})
    found = profiled(make_table("binary"), project, tmp_path)
    assert found.labels.reason is None
    assert 0 < found.labels.examined < found.training_rows


def test_an_impossible_row_is_the_first_outlier(tmp_path: Path) -> None:
    table, project = make_table("binary"), make_project("binary")
    key = training_rows(table, project, tmp_path / "before").frame["id"].iloc[3]
    table.loc[table["id"] == key, ["age", "income", "debt"]] = [99.0, 9000.0, 900.0]
    found = profiled(table, project, tmp_path / "after").outliers.numbers[0]
    assert found.row.key == key
    assert {extreme.field for extreme in found.extremes} == {"age", "income", "debt"}


def test_a_text_unlike_all_others_is_the_first_lone_one(tmp_path: Path) -> None:
    table, project = text_table(), text_project()
    key = training_rows(table, project, tmp_path / "before").frame["id"].iloc[3]
    table.loc[table["id"] == key, "text"] = "zzyzx qwghlm"
    found = profiled(table, project, tmp_path / "after").outliers.texts[0]
    assert found.row.key == key
    assert found.distance > 0.8


def test_relations_use_the_measure_of_their_kinds(profile_of: Callable[[str], Profile]) -> None:
    found = profile_of("binary").relations
    measures = {pair.one: pair.measure for pair in found.with_target}
    assert measures["debt"] == measures["age"] == "correlation_ratio"
    assert measures["region"] == "cramers_v"
    assert found.with_target[0].one == "debt"
    groups = next(by for by in found.target_by if by.field == "debt").groups
    assert len(groups) == 5
    assert groups[0].value < groups[-1].value
    assert "day" not in found.names


def test_few_numbers_that_neither_rise_nor_fall_are_related_all_the_same(tmp_path: Path) -> None:
    table = make_table("binary")
    table["debt"] = np.where(table["outcome"] == 1, np.where(table.index % 2, 0.0, 2.0), 1.0)
    best = profiled(table, make_project("binary"), tmp_path).relations.with_target[0]
    assert (best.one, best.measure) == ("debt", "cramers_v")
    assert best.value > 0.95


def test_months_without_rows_are_counted(tmp_path: Path) -> None:
    table, project = text_table(), text_project()
    table.loc[table["day"].dt.month == 3, "day"] = pd.NaT
    found = profiled(table, project, tmp_path)
    dates = found.dates[0]
    assert (dates.field, dates.by, dates.empty) == ("day", "month", 1)
    assert dates.missing > 0
    assert sum(period.rows for period in dates.periods) + dates.missing == found.training_rows
    assert any(finding.key == "found_gaps" for finding in found.findings)


def test_terms_and_vocabulary_of_texts(tmp_path: Path, profile_of: Callable[[str], Profile]) -> None:
    rows = training_rows(text_table(), text_project(), tmp_path)
    found = profile_of("text").texts[0]
    words = " ".join(rows.frame["text"]).split()
    assert found.tokens == len(words)
    assert found.vocabulary == len(set(words))
    assert found.hapax == sum(words.count(word) == 1 for word in set(words))
    terms = {item.label: [term.word for term in item.terms[:6]] for item in found.classes}
    assert "leak" in terms["leaking"]
    assert "hot" in terms["hot"]
    assert "leak" not in terms["hot"]
    assert "the" not in {count.name for count in found.top}


def test_test_rows_are_counted_not_opened(tmp_path: Path, profile_of: Callable[[str], Profile]) -> None:
    table, project = sample("text")
    made = snapshot(table, project, tmp_path)
    _, test = sides(made.frame(), project, made.sources)
    held_out = set(test.frame["id"])
    text = json.dumps(profile_of("text").as_dict())
    assert held_out
    assert not [key for key in held_out if f'"{key}"' in text]
