"""SYNTHETIC raw cells as the first stage leaves them: five years of a fleet, written by many hands."""

from __future__ import annotations

from pathlib import Path

import duckdb

DAYS, AIRCRAFT, SHARE_OF_DUPLICATES = 1826, 120, 0.01

_DAY = """
    CASE form % 10 WHEN 0 THEN strftime(day, '%Y-%m-%d') WHEN 1 THEN strftime(day, '%Y-%m-%d 00:00:00')
        WHEN 2 THEN strftime(day, '%d/%m/%y') WHEN 3 THEN strftime(day, '%d.%m.%Y')
        WHEN 4 THEN strftime(day, '%d/%m/%Y') || ' ' || lpad(CAST(value % 24 AS VARCHAR), 2, '0') || ':15'
        ELSE strftime(day, '%d/%m/%Y') END"""
_HOURS = """
    CASE form // 10 % 6 WHEN 0 THEN (minutes // 60) || ':' || lpad(CAST(minutes % 60 AS VARCHAR), 2, '0')
        WHEN 1 THEN (minutes // 60) || ':' || lpad(CAST(minutes % 60 AS VARCHAR), 2, '0') || ':00'
        WHEN 2 THEN (minutes // 60) || 'h' || lpad(CAST(minutes % 60 AS VARCHAR), 2, '0')
        WHEN 3 THEN CAST(round(minutes / 60, 1) AS VARCHAR)
        ELSE replace(CAST(round(minutes / 60, 1) AS VARCHAR), '.', ',') END"""
_MARK = "chr(CAST(65 + {0} // 26 % 26 AS INTEGER)) || chr(CAST(65 + {0} % 26 AS INTEGER))"


def write_events(path: Path, count: int) -> None:
    """``count`` events in the order of time; one in a hundred says again what one before it said.

    Columns ``order``, ``date``, ``acft``, ``origin`` and ``HH`` as text, and the file, sheet and row of each.
    """
    # What is said follows the event, how it is written follows the row: a duplicate may look otherwise.
    query = f"""
        WITH rows AS (
            SELECT place, hash(place) % 1000003 AS form,
                place - CASE WHEN hash(place + 7) % 1000 < {SHARE_OF_DUPLICATES * 1000:g} AND place > 3000
                    THEN hash(place + 11) % 3000 + 1 ELSE 0 END AS event
            FROM range({count}) numbers(place)
        ), events AS (
            SELECT *, hash(event + 13) % 1000003 AS value,
                CAST(hash(event + 17) % 540 AS INTEGER) + 6 AS minutes,
                DATE '2019-01-07' + CAST(event * {DAYS} // {count} AS INTEGER) AS day
            FROM rows
        )
        SELECT
            'OS-' || year(day) || '-' || lpad(CAST(event AS VARCHAR), 8, '0') AS "order",
            {_DAY} AS date,
            CASE form % 8 WHEN 0 THEN 'pr-q' ELSE 'PR-Q' END
                || {_MARK.format(f"(value % {AIRCRAFT})")} AS acft,
            ['PILOT', 'Piloto', 'Cabine', 'CABIN', 'Manutenção', 'SCHEDULED'][
                CAST(value // 7 % 6 AS INTEGER) + 1] AS origin,
            {_HOURS} AS "HH",
            'events_unscheduled/' || strftime(DATE '2019-01-07' + CAST(place * {DAYS} // {count} AS INTEGER),
                '%Y-%m') || '.xlsx' AS file__,
            'Plan1' AS sheet__,
            place AS row__
        FROM events"""
    _write(path, query)


def write_utilization(path: Path) -> None:
    """What each aircraft did on each day; one day in a hundred was sent twice."""
    query = f"""
        WITH flown AS (
            SELECT place // {AIRCRAFT} AS number, place % {AIRCRAFT} AS aircraft, again,
                hash(place) % 1000003 AS value, hash(place * 2 + again) % 1000003 AS form,
                CAST(hash(place + 3) % 840 AS INTEGER) AS minutes,
                DATE '2019-01-07' + CAST(place // {AIRCRAFT} AS INTEGER) AS day
            FROM range({DAYS * AIRCRAFT}) numbers(place), range(2) copies(again)
            WHERE again = 0 OR place // {AIRCRAFT} % 100 = 0
        )
        SELECT
            {_DAY} AS date,
            'F' || aircraft % 4 AS fleet,
            'PR-Q' || {_MARK.format("aircraft")} AS acft,
            {_HOURS} AS flight_hours,
            CAST(value % 9 AS VARCHAR) AS cycles,
            replace(CAST(round(aircraft % 20 + number / 365, 2) AS VARCHAR), '.', ',') AS age,
            'aircraft_utilization/' || strftime(day, '%Y-%m') || '.csv' AS file__,
            '' AS sheet__,
            number * 2 * {AIRCRAFT} + again * {AIRCRAFT} + aircraft AS row__
        FROM flown ORDER BY number, again, aircraft"""
    _write(path, query)


def _write(path: Path, query: str) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
