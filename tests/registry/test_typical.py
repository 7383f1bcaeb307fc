from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from tests.homes import Home
from tests.weeks import make_weekly_project, make_weekly_table

from zelo.data.snapshot import read_snapshot
from zelo.data.split import split
from zelo.decisions.policy import make_policy
from zelo.features.columns import columns_from_frame, take
from zelo.registry.bundle import Bundle
from zelo.registry.typical import TYPICAL, read_typical, typical_of
from zelo.spec.loading import parse_project

PROJECT = parse_project("""
name: pumps
title: Pumps
task: {kind: binary, target: failed}
data:
  sources: {train: pumps.csv}
  fields:
    age: {type: integer}
    load: {type: number, missing: allowed}
    fixed: {type: number}
    site: {type: category, missing: allowed}
    note: {type: text}
candidates: [prior]
select: {primary: f1}
""")
ROWS = {
    "age": np.array([1.0, 2.0, 3.0, 4.0]),
    "load": np.array([np.nan, 10.0, 20.0, 90.0]),
    "fixed": np.full(4, 5.0),
    "site": np.array(["", "South", "North", "South"], dtype=object),
    "note": np.array(["a", "b", "c", "d"], dtype=object),
}


def test_the_typical_row_is_medians_that_are_there_and_the_most_frequent_category() -> None:
    found = typical_of(ROWS, PROJECT)
    assert found.row == {"age": 2.0, "load": 20.0, "fixed": 5.0, "site": "South"}
    assert found.spread["load"] == np.std([10, 20, 90])
    assert found.levels["site"] == ("North", "South")
    assert found.levels["age"] == (1.0, 2.0, 3.0, 4.0)


def test_a_field_that_never_varies_has_a_spread_to_divide_by() -> None:
    found = typical_of(ROWS, PROJECT)
    assert (found.spread["fixed"], found.levels["fixed"]) == (1.0, (5.0,))


def test_a_field_without_any_value_is_typically_missing() -> None:
    found = typical_of({**ROWS, "load": np.full(4, np.nan), "site": np.full(4, "", dtype=object)}, PROJECT)
    assert (found.row["load"], found.levels["load"]) == (None, ())
    assert (found.row["site"], found.levels["site"]) == (None, ())


def test_the_history_of_a_forecast_is_its_own_measure() -> None:
    project = make_weekly_project()
    found = typical_of(columns_from_frame(project, make_weekly_table(60)), project)
    assert found.row.keys() == set(project.inputs) - set(project.lags)


def test_it_is_read_from_a_bundle_that_has_it(tmp_path: Path) -> None:
    found = typical_of(ROWS, PROJECT)
    (tmp_path / TYPICAL).write_text(found.model_dump_json())
    policy = make_policy(PROJECT)

    def bundle(*files: str) -> Bundle:
        return Bundle(tmp_path, "0" * 64, PROJECT, policy, {"files": dict.fromkeys(files, "")}, None)  # type: ignore[arg-type]

    assert read_typical(bundle(TYPICAL)) == found
    assert read_typical(bundle()) is None


def test_a_trained_bundle_has_that_of_its_training_rows(make_home: Callable[[str], Home]) -> None:
    served = make_home("served")
    bundle = served.bundle("champion")
    found = read_typical(bundle)
    assert found is not None
    table = read_snapshot(served.store.snapshots, served.name, bundle.manifest["snapshot"]).frame()
    trained = take(columns_from_frame(bundle.project, table), split(table, bundle.project).train)
    assert found == typical_of(trained, bundle.project)
