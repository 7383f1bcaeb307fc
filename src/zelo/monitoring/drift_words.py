"""An alarm of drift as a sentence."""

from __future__ import annotations

from zelo.monitoring.alarms import Change, DriftAlarm
from zelo.monitoring.drift import SCORE
from zelo.monitoring.look_words import DRIFT
from zelo.monitoring.words import PORTUGUESE, Words

SHARES = ("missing", "category", "other")


def sentence(alarm: DriftAlarm, words: Words) -> str:
    """Which fields, what changed by how much, since when, and how many rows such a change takes."""
    told = DRIFT[words.language]
    shares = [f"{words.number(100 * share, 0)} %" for share in alarm.shares]
    shares[0] += f" {told['evidence']}"
    fields = ", ".join(
        f"{_name(field, words)} ({share})" for field, share in zip(alarm.fields, shares, strict=True)
    )
    again = told["times"].format(times=words.whole(alarm.times - 1), last_at=words.moment(alarm.last_at))
    return told["alarm"].format(
        state=told["active" if alarm.active else "past"],
        fields=fields,
        change=_change(alarm.change, words),
        since=words.moment(alarm.since),
        at=words.moment(alarm.at),
        rows=words.whole(alarm.rows) + told["row" if alarm.rows == 1 else "rows"],
        times=again if alarm.times > 1 else "",
        to_see=told["unseeable"]
        if alarm.rows_to_see is None
        else told["to_see"].format(count=words.whole(alarm.rows_to_see)),
    )


def _change(change: Change, words: Words) -> str:
    told = DRIFT[words.language]
    what = f" {told['and']} ".join(
        _measured(field, measure, words)
        for field, measure in zip(change.fields, change.measures, strict=True)
    )
    unit = f" {change.unit}" if change.unit else ""
    if change.kind in SHARES:
        before, after, size = words.percent(change.before), words.percent(change.after), ""
    elif change.kind == "correlation":
        before, after, size = words.number(change.before, 2), words.number(change.after, 2), ""
    else:
        before, after = (words.short(value) + unit for value in (change.before, change.after))
        size = words.short(change.size, signed=True) + unit
    return told[change.kind].format(
        what=what, category=repr(change.category or ""), before=before, after=after, size=size
    )


def _measured(field: str, measure: str | None, words: Words) -> str:
    name = _name(field, words)
    if measure is None:
        return name
    # The words of a coordinate are the project's own.
    return f"{name}: {words(measure) if measure in PORTUGUESE else measure}"


def _name(field: str, words: Words) -> str:
    return words(SCORE) if field == SCORE else field
