"""What is seen, when, by how much and since when, on rows made by a seed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from zelo.stats.detector import Alarm, Detection, Stream, detect, rows_to_see

BUDGET = 90.0
ONSET = 1000


def table(seed: int, rows: int, **changed: float) -> dict[str, Any]:
    """A price, an age with gaps, a country and a score; ``changed`` says in what they are another."""
    rng = np.random.default_rng(seed)
    link = changed.get("link", 0.0)
    price = rng.normal(size=rows)
    age = link * price + np.sqrt(1 - link**2) * rng.normal(size=rows)
    age[rng.random(rows) < changed.get("gone", 0.02)] = np.nan
    swap = changed.get("swap", 0.0)
    shares = [0.6 - swap, 0.3 + swap - changed.get("new", 0.0), 0.1, changed.get("new", 0.0)]
    country = rng.choice(np.array(["BR", "AR", "UY", "CL"], dtype=object), size=rows, p=shares)
    return {
        "price": 100 + 20 * (changed.get("spread", 1.0) * price + changed.get("shift", 0.0)),
        "age": 40 + 10 * age,
        "country": country,
        "score": 0.5 + 0.1 * (rng.normal(size=rows) + changed.get("score", 0.0)),
    }


def joined(*tables: dict[str, Any]) -> dict[str, Any]:
    return {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}


def watch(rows: dict[str, Any], seed: int = 1) -> Detection:
    streams = [Stream(name, values, score=name == "score") for name, values in table(seed, 2000).items()]
    return detect(streams, rows, np.arange(1, len(rows["price"]) + 1) / 100, budget=BUDGET)


def only(found: Detection) -> Alarm:
    assert found.alarms, "nothing was seen"
    return found.alarms[0]


def test_rows_as_the_reference_raise_nothing() -> None:
    found = watch(table(5, 3000))
    assert found.alarms == () == found.crossings
    assert found.wealth.shape == (3000,)
    assert (found.wealth >= 0).all()


def test_a_shift_of_late_onset() -> None:
    alarm = only(watch(joined(table(6, ONSET), table(7, 400, shift=1.0))))
    assert ONSET < alarm.row < ONSET + 60
    assert abs(alarm.onset - ONSET) < 15
    assert alarm.onset_day == pytest.approx((alarm.onset + 1) / 100)
    assert alarm.fields[0] == "price"
    assert alarm.shares[0] > 0.5
    assert alarm.change.kind == "mean"
    assert alarm.change.before == pytest.approx(100, abs=2)
    assert alarm.change.after - alarm.change.before == pytest.approx(20, abs=8)
    assert alarm.change.now == pytest.approx(120, abs=5)
    assert alarm.active


@pytest.mark.parametrize(
    ("changed", "kind", "streams", "now"),
    [
        ({"spread": 2.0}, "spread", ("price",), 40.0),
        ({"gone": 0.3}, "missing", ("age",), 0.3),
        ({"swap": 0.3}, "category", ("country",), None),
        ({"new": 0.2}, "other", ("country",), 0.2),
        ({"link": 0.8}, "correlation", ("price", "age"), 0.8),
        ({"score": 1.0}, "mean", ("score",), 0.6),
    ],
)
def test_each_kind_of_change(
    changed: dict[str, float], kind: str, streams: tuple[str, ...], now: float | None
) -> None:
    found = watch(joined(table(106, ONSET), table(107, 1000, **changed)), seed=2)
    alarm = only(found)
    assert (alarm.change.kind, alarm.change.streams) == (kind, streams)
    assert ONSET < alarm.row < ONSET + 200
    if now is not None:
        assert alarm.change.now == pytest.approx(now, rel=0.25)
    if kind == "category":
        assert alarm.change.category in {"BR", "AR"}
    assert alarm.active


def test_one_change_is_one_alarm_and_its_end_is_none() -> None:
    changed = joined(table(6, ONSET), table(7, 300, shift=1.0))
    during = watch(changed)
    assert len(during.crossings) > 2
    assert [alarm.times for alarm in during.alarms] == [len(during.crossings)]
    after = watch(joined(changed, table(8, 1500)))
    assert len(after.alarms) == 1
    assert not after.alarms[0].active
    assert after.alarms[0].change.now == pytest.approx(100, abs=6)


def test_a_later_look_tells_the_same_of_the_rows_before_it() -> None:
    rows = joined(table(6, ONSET), table(7, 600, shift=0.5))
    whole = watch(rows)
    part = watch({name: values[: ONSET + 300] for name, values in rows.items()})
    assert part.wealth == pytest.approx(whole.wealth[: ONSET + 300])
    assert part.crossings == tuple(row for row in whole.crossings if row < ONSET + 300)
    assert (part.alarms[0].row, part.alarms[0].onset) == (whole.alarms[0].row, whole.alarms[0].onset)


def test_coordinates_of_a_text_are_one_field() -> None:
    rng = np.random.default_rng(2)
    reference, rows = rng.normal(size=(1000, 3)), rng.normal(size=(600, 3))
    rows[300:, 2] += 1.5
    streams = [Stream(f"comment: {place}", reference[:, place], field="comment") for place in range(3)]
    values = {stream.name: rows[:, place] for place, stream in enumerate(streams)}
    found = detect(streams, values, np.arange(1, 601) / 100, budget=BUDGET)
    assert found.alarms[0].fields == ("comment",)
    assert found.alarms[0].change.streams == ("comment: 2",)


def test_a_batch_of_one_moment_and_a_field_that_is_always_missing() -> None:
    rows = joined(table(6, 500), table(7, 500, shift=2.0))
    rows["age"] = np.full(1000, np.nan)
    streams = [
        Stream(name, np.full(2000, np.nan) if name == "age" else values)
        for name, values in table(1, 2000).items()
    ]
    found = detect(streams, rows, np.repeat([1.0, 7.0], 500), budget=BUDGET)
    assert found.alarms[0].fields[0] == "price"
    assert np.isfinite(found.wealth).all()


def test_no_rows_say_nothing() -> None:
    found = watch(table(1, 0))
    assert found.alarms == ()
    assert len(found.wealth) == 0


def test_what_does_not_go_together_is_refused() -> None:
    price = Stream("price", np.arange(10.0))
    with pytest.raises(ValueError, match="names of their own"):
        detect([price, price], {"price": np.arange(3.0)}, np.arange(3.0), budget=BUDGET)
    with pytest.raises(ValueError, match="rows are not as the reference"):
        detect([price], {"price": np.arange(2.0)}, np.arange(3.0), budget=BUDGET)
    with pytest.raises(ValueError, match="days are in order"):
        detect([price], {"price": np.arange(2.0)}, np.array([2.0, 1.0]), budget=BUDGET)
    with pytest.raises(ValueError, match="of the same rows"):
        detect(
            [price, Stream("age", np.arange(9.0))],
            {"price": np.arange(2.0), "age": np.arange(2.0)},
            np.arange(2.0),
            budget=BUDGET,
        )


@pytest.mark.slow
@pytest.mark.parametrize(("deviations", "runs"), [(0.5, 15), (1.0, 15)])
def test_the_rows_that_a_shift_needs_are_what_simulations_need(deviations: float, runs: int) -> None:
    waits = []
    for seed in range(runs):
        rows = joined(table(100 + seed, ONSET), table(200 + seed, 600, shift=deviations))
        waits.append(next(row for row in watch(rows, 300 + seed).crossings if row >= ONSET) - ONSET + 1)
    expected = rows_to_see(deviations, fields=3, days_a_row=0.01, budget=BUDGET)
    assert expected == pytest.approx(np.median(waits), rel=0.3)


def test_a_small_shift_needs_more_rows_and_a_tiny_one_for_ever() -> None:
    shifts = (2.0, 1.0, 0.5, 0.25)
    waits = [rows_to_see(shift, fields=5, days_a_row=0.01, budget=BUDGET) or 0 for shift in shifts]
    assert 0 < waits[0] < waits[1] < waits[2] < waits[3]
    assert rows_to_see(0.05, fields=5, days_a_row=0.01, budget=BUDGET) is None


@pytest.mark.slow
def test_false_alarms_of_all_streams_together_keep_to_the_budget() -> None:
    """Of a small reference and a short budget, so that there are many: one is allowed in 5 days of 20."""
    alarms = []
    for seed in range(60):
        streams = [Stream(name, values, score=name == "score") for name, values in table(seed, 200).items()]
        rows = table(1000 + seed, 1000)
        alarms.append(len(detect(streams, rows, np.arange(1, 1001) / 50, budget=5.0, seed=seed).crossings))
    mean, error = np.mean(alarms), np.std(alarms) / np.sqrt(60)
    assert mean - 2 * error <= 4
    assert mean > 0.5, "a detector that never alarms keeps to any budget"
