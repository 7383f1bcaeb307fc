from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zelo.data.split import split
from zelo.errors import DataError
from zelo.spec.project import Project

MakeProject = Callable[..., Project]

TIME = {"by": "time", "test": 0.2, "column": "day"}
DAY = {"type": "date", "use": "metadata"}

relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def labelled(counts: dict[int, int], batch: int = 0) -> pd.DataFrame:
    failed = [label for label, count in counts.items() for _ in range(count)]
    keys = pd.Series([f"{batch}-{place}" for place in range(len(failed))], dtype="str")
    return pd.DataFrame({"row__": range(1, len(failed) + 1), "id": keys, "failed": failed, "batch__": batch})


@relaxed
@given(
    counts=st.fixed_dictionaries({0: st.integers(10, 80), 1: st.integers(4, 40)}),
    test=st.floats(0.1, 0.5),
    seed=st.integers(0, 2**32),
)
def test_by_class_is_disjoint_complete_and_exactly_stratified(
    make_project: MakeProject, counts: dict[int, int], test: float, seed: int
) -> None:
    frame = labelled(counts)
    sides = split(frame, make_project(split={"by": "class", "test": test, "seed": seed}))
    assert sorted([*sides.train, *sides.test]) == list(range(len(frame)))
    assert Counter(frame["failed"].iloc[sides.test]) == Counter(
        {label: round(test * count) for label, count in counts.items() if round(test * count)}
    )
    assert sides.train.dtype == sides.test.dtype == np.int64


@relaxed
@given(first=st.integers(20, 60), second=st.integers(4, 60), by=st.sampled_from(["class", "random"]))
def test_appended_rows_move_nobody_to_the_other_side(
    make_project: MakeProject, first: int, second: int, by: str
) -> None:
    project = make_project(split={"by": by, "test": 0.2})
    before = labelled({0: first, 1: first // 2})
    after = pd.concat([before, labelled({0: second, 1: second}, batch=1)], ignore_index=True)
    old, new = split(before, project), split(after, project)
    assert new.test[new.test < len(before)].tolist() == old.test.tolist()
    assert len(new.test) > len(old.test)


def test_a_rows_place_in_the_file_does_not_matter(make_project: MakeProject) -> None:
    frame = labelled({0: 50, 1: 20})
    shuffled = frame.sample(frac=1, random_state=1).reset_index(drop=True)
    project = make_project()
    tested = set(frame["id"].iloc[split(frame, project).test])
    assert set(shuffled["id"].iloc[split(shuffled, project).test]) == tested


def test_the_seed_decides(make_project: MakeProject) -> None:
    frame = labelled({0: 50, 1: 20})
    first, again, other = (
        split(frame, make_project(split={"seed": seed, "test": 0.2})).test.tolist() for seed in (1, 1, 2)
    )
    assert first == again != other


def test_without_a_key_the_row_number_decides(make_project: MakeProject) -> None:
    frame = labelled({0: 50, 1: 20})
    by_row = split(frame.drop(columns="id"), make_project(data__key=None))
    by_id = split(frame.assign(id=frame["row__"].astype("str")), make_project())
    assert by_row.test.tolist() == by_id.test.tolist()


@relaxed
@given(days=st.lists(st.integers(0, 30), min_size=5, max_size=60).filter(lambda days: len(set(days)) > 1))
def test_by_time_the_future_never_trains_the_past(make_project: MakeProject, days: list[int]) -> None:
    dates = pd.Timestamp("2024-01-01") + pd.to_timedelta(days, unit="D")
    frame = pd.DataFrame({"row__": range(len(days)), "day": dates})
    project = make_project(data__key=None, data__fields__day=DAY, split=TIME)
    try:
        sides = split(frame, project)
    except DataError:
        # The tie of the first date reaches into the latest share: nothing earlier is left to train on.
        assert (dates == dates.min()).sum() > 0.8 * len(days) - 1
        return
    assert dates[sides.train].max() < dates[sides.test].min()
    assert sorted([*sides.train, *sides.test]) == list(range(len(days)))
    assert len(sides.test) >= round(0.2 * len(days))


def test_a_side_without_rows_is_an_error(make_project: MakeProject) -> None:
    with pytest.raises(DataError, match="a side of the split is empty"):
        split(labelled({0: 2, 1: 2}), make_project())


def test_a_missing_date_is_an_error(make_project: MakeProject) -> None:
    frame = pd.DataFrame({"row__": [1, 2, 3], "day": [pd.Timestamp("2024-01-01"), pd.NaT, pd.NaT]})
    project = make_project(data__key=None, data__fields__day=DAY, split=TIME)
    with pytest.raises(DataError, match=r"2 row\(s\) without a date"):
        split(frame, project)
