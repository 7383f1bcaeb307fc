from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from zelo.ledger.records import PredictionRecord, new_id
from zelo.ledger.sampled import DAY, counts_before, first_answer, sample
from zelo.ledger.store import Ledger

START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}") as opened:
        yield opened


def answer(ledger: Ledger, rows: int, day: float, *, version: str = "1", length: float = 1.0) -> None:
    ledger.record_predictions(
        [
            PredictionRecord(
                id=new_id(),
                project="pumps",
                version=version,
                at=START + timedelta(days=day + length * place / rows),
                inputs={"place": place},
                decision={},
                score=0.5,
            )
            for place in range(rows)
        ]
    )


def read(ledger: Ledger, until: float, *, since: float = 0.0, rows_a_day: int = 200) -> list[datetime]:
    first, last = (START + timedelta(days=day) for day in (since, until))
    found = sample(ledger, "pumps", "1", since=first, until=last, rows_a_day=rows_a_day)
    return [row.at for row in found]


def test_small_days_are_read_whole_and_in_order(ledger: Ledger) -> None:
    answer(ledger, 150, 1)
    answer(ledger, 200, 0)
    answer(ledger, 90, 0, version="2")

    found = sample(ledger, "pumps", "1", since=START, until=START + 9 * DAY, rows_a_day=200)

    assert len(found) == 350
    assert [row.at for row in found] == sorted(row.at for row in found)
    assert (found[0].inputs, found[0].score) == ({"place": 0}, 0.5)


def test_a_large_day_is_read_in_part_from_morning_to_night(ledger: Ledger) -> None:
    answer(ledger, 2000, 0)

    times = read(ledger, 1)

    # Binomial(2000, 0.1): five standard deviations.
    assert 133 < len(times) < 267
    assert 40 < sum(at < START + timedelta(hours=12) for at in times) < 160


def test_a_later_look_reads_the_same_rows_of_the_days_before(ledger: Ledger) -> None:
    answer(ledger, 2000, 0)
    answer(ledger, 1000, 1)
    early = read(ledger, 1.5)
    answer(ledger, 800, 2)

    later = read(ledger, 3)

    assert later[: len(early)] == early
    # As many as a day is allowed, by the share of the busiest day of the week before.
    assert 40 < sum(at >= START + 2 * DAY for at in later) < 130


def test_a_part_of_a_day_is_read_from_where_it_is_asked(ledger: Ledger) -> None:
    answer(ledger, 2000, 0)

    whole = read(ledger, 1)

    assert read(ledger, 1, since=0.25) == [at for at in whole if at >= START + DAY / 4]


def test_the_first_answer_is_the_version_s_own(ledger: Ledger) -> None:
    answer(ledger, 3, 0)
    answer(ledger, 3, 2, version="2")

    assert first_answer(ledger, "pumps", "1") == START
    assert first_answer(ledger, "pumps", "2") == START + 2 * DAY
    assert first_answer(ledger, "pumps", "3") is None


def test_days_are_counted_back_from_now(ledger: Ledger) -> None:
    answer(ledger, 40, 0)
    answer(ledger, 10, 2)
    answer(ledger, 5, 2, version="2")

    until = START + 3 * DAY

    assert counts_before(ledger, "pumps", until, days=29) == [15, 0, 40]
    assert counts_before(ledger, "pumps", until, days=2) == [15]
    # A day ends where the count begins, not at midnight.
    assert counts_before(ledger, "pumps", START + timedelta(days=2.5), days=29) == [8, 20, 20]
    assert counts_before(ledger, "pumps", START, days=29) == []
