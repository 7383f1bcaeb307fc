from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.postgres import postgres

from zelo.errors import LedgerError
from zelo.ledger.records import OutcomeRecord, PredictionRecord, new_id
from zelo.ledger.schema import metadata
from zelo.ledger.store import Ledger

START = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with postgres() as server:
        yield server.database("store")


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Ledger]:
    """An empty one, of each kind."""
    if request.param == "sqlite":
        with Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}", now=Clock()) as opened:
            yield opened
    else:
        with Ledger.open(request.getfixturevalue("database"), now=Clock()) as opened:
            with opened.writing() as connection:
                connection.exec_driver_sql(f"TRUNCATE {', '.join(metadata.tables)}")
            yield opened


def record(**changes: Any) -> PredictionRecord:
    facts: dict[str, Any] = {
        "id": new_id(),
        "project": "churn",
        "version": "3",
        "at": START,
        "inputs": {"idade": 41, "pais": "França"},
        "decision": {"prediction": 1, "score": 0.9},
        "score": 0.9,
        "entity": "ana",
    }
    return PredictionRecord(**{**facts, **changes})


def test_what_is_recorded_is_read_as_it_was(ledger: Ledger) -> None:
    written = record(at=START + timedelta(microseconds=1))

    ledger.record_predictions([written])

    assert ledger.prediction(written.id) == written


json_values = (
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text()
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(
    at=st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC)),
    inputs=st.dictionaries(st.text(), json_values),
    score=st.none() | st.floats(allow_nan=False, allow_infinity=False),
)
def test_any_record_survives_the_round_trip(
    ledger: Ledger, at: datetime, inputs: dict[str, Any], score: float | None
) -> None:
    inputs = {name: value for name, value in inputs.items() if value not in (float("inf"), float("-inf"))}
    written = record(at=at, inputs=inputs, score=score)

    ledger.record_predictions([written])

    assert ledger.prediction(written.id) == written


def test_a_set_with_one_bad_record_leaves_nothing(ledger: Ledger) -> None:
    once = record()
    ledger.record_predictions([once])

    with pytest.raises(LedgerError, match="no JSON"):
        ledger.record_predictions([record(), record(inputs={"x": object()})])

    assert ledger.count("churn") == 1


def test_latest_of_an_entity_and_ranking(ledger: Ledger) -> None:
    later = START + timedelta(days=1)
    ledger.record_predictions(
        [
            record(entity="ana", score=0.99),
            record(entity="ana", score=0.20, at=later),
            record(entity="bia", score=0.80),
            record(entity="cai", score=0.95),
            record(entity=None, score=1.0),
            record(entity="dora", score=1.0, project="other"),
        ]
    )

    assert [found.score for found in ledger.predictions("churn", entity="ana")] == [0.20, 0.99]
    ranking = ledger.predictions("churn", latest_only=True, order="score", minimum_score=0.5)
    assert [(found.entity, found.score) for found in ranking] == [("cai", 0.95), ("bia", 0.80)]
    assert len(ledger.predictions("churn", latest_only=True, order="score", limit=1)) == 1


def test_of_two_predictions_at_the_same_moment_the_last_recorded_is_the_latest(ledger: Ledger) -> None:
    pair = [record(score=0.1), record(score=0.2)]
    ledger.record_predictions(pair)

    assert ledger.predictions("churn", latest_only=True) == [pair[1]]


def test_ids_made_in_a_row_are_sorted() -> None:
    ids = [new_id() for _ in range(5000)]

    assert ids == sorted(set(ids))


def test_time_and_version_choose(ledger: Ledger) -> None:
    days = [record(at=START + timedelta(days=day), version=str(day)) for day in range(4)]
    ledger.record_predictions(days)
    since, until = START + timedelta(days=1), START + timedelta(days=3)

    assert ledger.predictions("churn", since=since, until=until, order="oldest") == days[1:3]
    assert ledger.count("churn", since=since, until=until) == 2
    assert ledger.count("churn", version="2") == 1
    assert ledger.count("other") == 0


@pytest.mark.parametrize("ledger", ["sqlite"], indirect=True)
def test_ranking_and_latest_are_answered_from_an_index(ledger: Ledger) -> None:
    statements: list[tuple[str, Any]] = []
    sa.event.listen(
        ledger.engine,
        "before_cursor_execute",
        lambda _c, _k, sql, parameters, *_: statements.append((sql, parameters)),
    )
    ledger.predictions("churn", latest_only=True, order="score", minimum_score=0.5, limit=10)
    ledger.predictions("churn", entity="ana", limit=1)
    ledger.predictions("churn", since=START, limit=10)
    ledger.about("churn", ["ana", "rui"])
    asked = [entry for entry in statements if "FROM predictions" in entry[0]]
    assert len(asked) == 4

    for sql, parameters in asked:
        with ledger.engine.connect() as connection:
            plan = str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters).all())
        assert "USING INDEX" in plan
        # What has one time, or one score, is sorted by id: the indexes do not hold ids.
        assert "TEMP B-TREE" not in plan.replace("TEMP B-TREE FOR RIGHT PART OF ORDER BY", "")
        assert "SCAN" not in plan


def test_an_outcome_is_joined_by_id_or_by_entity(ledger: Ledger) -> None:
    first, second = record(), record(at=START + timedelta(days=2))
    ledger.record_predictions([first, second])

    counts = ledger.record_outcomes(
        "churn",
        [
            OutcomeRecord(value=1, observed_at=START + timedelta(days=1), entity="ana"),
            OutcomeRecord(value=0, observed_at=START + timedelta(days=9), prediction_id=second.id),
        ],
    )

    assert (counts.joined, counts.repeated, counts.unknown) == (2, 0, ())
    judged = ledger.judged("churn")
    assert [(found.prediction.id, found.outcome.value) for found in judged] == [(first.id, 1), (second.id, 0)]
    assert judged[0].prediction == first
    assert ledger.judged("churn", since=START + timedelta(days=1))[0].prediction == second


def test_unknown_outcomes_are_reported_and_not_stored(ledger: Ledger) -> None:
    known, foreign = record(), record(project="other")
    ledger.record_predictions([known, foreign])

    counts = ledger.record_outcomes(
        "churn",
        [
            OutcomeRecord(value=1, observed_at=START, prediction_id=new_id()),
            OutcomeRecord(value=1, observed_at=START, prediction_id=known.id),
            OutcomeRecord(value=1, observed_at=START - timedelta(seconds=1), entity="ana"),
            OutcomeRecord(value=1, observed_at=START, entity="nobody"),
            OutcomeRecord(value=1, observed_at=START, prediction_id=foreign.id),
        ],
    )

    assert (counts.joined, counts.unknown) == (1, (0, 2, 3, 4))
    assert len(ledger.judged("churn")) == 1
    assert ledger.outcomes(foreign.id) == []


def test_of_repeated_outcomes_the_last_is_read_and_all_are_kept(ledger: Ledger) -> None:
    known = record()
    ledger.record_predictions([known])
    truth = OutcomeRecord(value="não", observed_at=START, prediction_id=known.id)
    ledger.record_outcomes("churn", [truth])

    counts = ledger.record_outcomes("churn", [truth, OutcomeRecord("sim", START, prediction_id=known.id)])

    assert (counts.joined, counts.repeated) == (2, 2)
    assert [outcome.value for outcome in ledger.outcomes(known.id)] == ["sim", "não", "não"]
    assert [found.outcome.value for found in ledger.judged("churn")] == ["sim"]


def test_what_has_no_outcome_waits_the_newest_first(ledger: Ledger) -> None:
    records = [record(id=f"p{place}", at=START + timedelta(hours=place)) for place in range(4)]
    ledger.record_predictions([*records, record(id="other", project="other")])
    ledger.record_outcomes("churn", [OutcomeRecord(1, START, prediction_id="p2")])

    assert [found.id for found in ledger.unlabelled("churn")] == ["p3", "p1", "p0"]
    assert [found.id for found in ledger.unlabelled("churn", limit=2)] == ["p3", "p1"]
    assert [found.id for found in ledger.unlabelled("churn", since=records[1].at)] == ["p3", "p1"]


def test_the_newest_of_the_judged(ledger: Ledger) -> None:
    records = [record(id=f"p{place}", at=START + timedelta(hours=place)) for place in range(3)]
    ledger.record_predictions(records)
    ledger.record_outcomes("churn", [OutcomeRecord(1, START, prediction_id=one.id) for one in records])

    assert [found.prediction.id for found in ledger.judged("churn")] == ["p0", "p1", "p2"]
    newest = ledger.judged("churn", order="newest", limit=2)
    assert [found.prediction.id for found in newest] == ["p2", "p1"]


def test_events_are_kept(ledger: Ledger) -> None:
    ledger.record_event("churn", "promotion", "ana", "better", {"version": "4"})
    ledger.record_event("churn", "rollback", "zelo", "worse")

    assert [event.kind for event in ledger.events("churn")] == ["rollback", "promotion"]
    assert ledger.events("churn", kind="promotion")[0].payload == {"version": "4"}
    assert ledger.events("other") == []


def test_more_ids_than_a_query_takes(ledger: Ledger) -> None:
    many = [record(entity=str(number)) for number in range(1203)]
    ledger.record_predictions(many)

    counts = ledger.record_outcomes(
        "churn", [OutcomeRecord(value=0, observed_at=START, prediction_id=one.id) for one in many]
    )

    assert counts.joined == 1203


def test_what_is_known_about_some_entities(ledger: Ledger) -> None:
    weeks = [
        record(id=f"p{place}", entity=f"w{place % 3}", at=START + timedelta(place)) for place in range(6)
    ]
    ledger.record_predictions([*weeks, record(id="other", project="other", entity="w0")])
    for value in (10.0, 12.0):
        ledger.record_outcomes("churn", [OutcomeRecord(value, START, prediction_id="p3")])

    found = ledger.about("churn", ["w0", "w1", "w9", "w0"])

    values = [(one.id, one.entity, outcome and outcome.value) for one, outcome in found]
    assert values == [("p0", "w0", None), ("p1", "w1", None), ("p3", "w0", 12.0), ("p4", "w1", None)]
    assert found[2][0] == weeks[3]
    assert ledger.about("churn", []) == []


def test_more_entities_than_a_query_takes(ledger: Ledger) -> None:
    many = [record(entity=str(number)) for number in range(1203)]
    ledger.record_predictions(many)

    assert [one.id for one, _ in ledger.about("churn", [str(number) for number in range(1203)])] == [
        one.id for one in many
    ]
