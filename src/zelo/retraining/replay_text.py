"""A replay as a person reads it, in the project's language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zelo.retraining.costs import Compared
from zelo.retraining.replay import Replay, Turned
from zelo.retraining.words import PORTUGUESE, Language, say, shown
from zelo.spec.project import Project

_LISTED = 6


def render(found: Replay, project: Project) -> str:
    """The report in lines."""
    return "\n".join(_lines(found, project.language, project.task.unit or ""))


def _lines(found: Replay, language: Language, unit: str) -> Iterator[str]:
    yield say(
        language,
        "Replay of version {new} beside champion {old}, on the traffic since {since}",
        new=found.challenger,
        old=found.champion,
        since=f"{found.since:%Y-%m-%d}",
    )
    if found.rows:
        yield from _changes(found, language, unit)
    for costs, phrase in (
        (
            found.costs,
            "cost on {rows} rows with an outcome: {currency} {old} before, {new} after, "
            "difference {difference}",
        ),
        (
            found.expected,
            "expected cost of {rows} rows without one: {currency} {old} before, {new} after, "
            "difference {difference}",
        ),
    ):
        if costs:
            yield _cost(costs, found.currency, phrase, language)
    for reason in found.because:
        # What a library said of a failure is no phrase of ours.
        yield f"  - {say(language, reason) if reason in PORTUGUESE else reason}"


def _changes(found: Replay, language: Language, unit: str) -> Iterator[str]:
    share = 100 * found.changed / found.rows
    if found.moved_beyond is None:
        yield "  " + say(
            language,
            "{changed} of {rows} decisions change ({share} %)",
            changed=found.changed,
            rows=found.rows,
            share=share,
        )
    else:
        yield "  " + say(
            language,
            "{changed} of {rows} values move by more than {beyond} ({share} %); on average by {move}",
            changed=found.changed,
            rows=found.rows,
            beyond=f"{shown(language, found.moved_beyond)} {unit}".strip(),
            share=share,
            move=f"{shown(language, found.mean_move)} {unit}".strip(),
        )
    if found.rows < found.logged:
        yield "  " + say(language, "{rows} of {logged} were drawn", rows=found.rows, logged=found.logged)
    yield from _turned(say(language, "decisions"), found.decisions, language)
    yield from _turned(say(language, "bands"), found.bands, language)
    if found.slices:
        yield f"  {say(language, 'most changes where')}:"
    for part in found.slices[:_LISTED]:
        yield "    " + say(
            language,
            "{field} is {value}: {changed} of {rows} ({share} %)",
            field=part.field,
            value=part.value,
            changed=part.changed,
            rows=part.rows,
            share=100 * part.changed / part.rows,
        )


def _turned(head: str, turned: Sequence[Turned], language: Language) -> Iterator[str]:
    if turned:
        yield f"  {head}:"
    for one in turned[:_LISTED]:
        yield "    " + say(
            language,
            "{rows} rows from {before} to {after}",
            rows=one.rows,
            before=one.before,
            after=one.after,
        )


def _cost(costs: Compared, currency: str, phrase: str, language: Language) -> str:
    told = say(
        language,
        phrase,
        rows=costs.rows,
        currency=currency,
        old=costs.champion,
        new=costs.challenger,
        difference=costs.difference,
    )
    if costs.low is None or costs.high is None:
        return f"  {told}"
    low, high = shown(language, costs.low), shown(language, costs.high)
    return f"  {told} ({say(language, '95 % interval')}: {low} … {high})"
