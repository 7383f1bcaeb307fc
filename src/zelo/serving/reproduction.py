"""A recorded prediction computed again by the version that made it, and held against the record bit for bit.

The bits of a score may depend on the rows that are scored with it: vector instructions take several rows at
once, and the rest one by one. So a row is tried alone, in the batch that the ledger has of it, and twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic_core import to_json

from zelo.decisions.decide import Decision
from zelo.errors import RequestError, ServingError, ZeloError
from zelo.ledger.records import PredictionRecord, ShadowRecord
from zelo.serving.answers import body_of
from zelo.serving.scoring import Model, Question, decided, decided_ahead, question_of

_RANK = "score it is ranked by"
How = Literal["alone", "in its batch", "beside itself", "in its chain of forecasts"]


@dataclass(frozen=True)
class Said:
    """What the ledger has of a row's answer by one version; ``answered`` is false of a shadow."""

    record: PredictionRecord
    version: str
    score: float | None
    decision: Mapping[str, Any]
    answered: bool


@dataclass(frozen=True)
class Attempt:
    """What the version says now, how many rows were scored together, and what of it is not as recorded."""

    how: How
    rows: int
    score: float
    decision: Mapping[str, Any]
    differences: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether score and decision have the same bits as the record."""
        return not self.differences


def answered(record: PredictionRecord) -> Said:
    """What the version said that answered."""
    return Said(record, record.version, record.score, record.decision, answered=True)


def shadowed(record: PredictionRecord, shadow: ShadowRecord) -> Said:
    """What the other version said."""
    return Said(record, shadow.version, shadow.score, shadow.decision, answered=False)


def attempts(model: Model, said: Said, together: Sequence[PredictionRecord]) -> list[Attempt]:
    """Compute an answer again until it has the bits of the record; the last attempt tells how it ended.

    Args:
        model: the version that said it.
        said: what the ledger has.
        together: the rows that were scored with it, itself among them, in their order.

    Raises:
        ServingError: the version cannot score the recorded inputs.
    """
    made = []
    for attempt in _attempts(model, said, together):
        made.append(attempt)
        if attempt.same:
            break
    return made


def broken_contract(model: Model, record: PredictionRecord) -> list[str]:
    """What of the recorded inputs the version's contract does not take, in words."""
    try:
        model.requests.read_row(to_json(record.inputs))
    except RequestError as error:
        return [f"{one.field}: found {one.found}, expected {one.expected}" for one in error.errors]
    return []


def _attempts(model: Model, said: Said, together: Sequence[PredictionRecord]) -> Iterator[Attempt]:
    place = [one.id for one in together].index(said.record.id)
    if "horizon" in said.decision:
        # A shadow's later histories hold its own forecasts, so both go from the first row on.
        decisions = _ahead(model, together)
        yield _held(model, said, decisions[place], "in its chain of forecasts", len(together))
        return
    row = dict(said.record.inputs)
    alone = [Question(model, [row])]
    if said.answered and model.texts:
        alone.insert(0, question_of(model, row))
    for question in alone:
        ((decision,),) = _decided([question])
        yield _held(model, said, decision, "alone", 1)
    batch = [_question(model, one, said.version) for one in together]
    if len(batch) > 1:
        (decision,) = _decided(batch)[place]
        yield _held(model, said, decision, "in its batch", len(batch))
    # Rows of its batch may not be in the ledger; what vector instructions make of it two show as well.
    (decision,) = _decided([batch[place]] * 2)[0]
    yield _held(model, said, decision, "beside itself", 2)


def _question(model: Model, record: PredictionRecord, version: str) -> Question:
    """A row as ``version`` was asked it in its batch: with its words where its answer told them."""
    row, told = dict(record.inputs), record.version == version and "words" in record.decision
    return question_of(model, row) if told else Question(model, [row])


def _ahead(model: Model, together: Sequence[PredictionRecord]) -> list[Decision]:
    try:
        return decided_ahead(model, [dict(one.inputs) for one in together])[1]
    except Exception as error:
        raise _unable(model, error) from error


def _decided(questions: Sequence[Question]) -> list[list[Decision]]:
    found = decided(questions)
    for one in found:
        if isinstance(one, Exception):
            raise _unable(questions[0].model, one) from one
    return [one for one in found if not isinstance(one, Exception)]


def _unable(model: Model, error: Exception) -> ServingError:
    found = error.what if isinstance(error, ZeloError) else f"{type(error).__name__}: {error}"
    return ServingError(
        "the version cannot score the recorded inputs",
        where=f"{model.bundle.project.name} version {model.version}",
        found=found,
        expected="what it said when it answered",
    )


def _held(model: Model, said: Said, decision: Decision, how: How, rows: int) -> Attempt:
    body = body_of(decision, model.bundle.project, model.bundle.policy)
    differences = _different({_RANK: said.score, **said.decision}, {_RANK: decision.score, **body})
    return Attempt(how, rows, decision.score, body, differences)


def _different(recorded: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[str, ...]:
    """By field, in JSON, whose shortest form of a number stands for its bits."""
    pairs = {name: (recorded.get(name), found.get(name)) for name in (*recorded, *found)}
    texts = {name: (to_json(then).decode(), to_json(now).decode()) for name, (then, now) in pairs.items()}
    return tuple(f"{name}: {then} recorded, {now} now" for name, (then, now) in texts.items() if then != now)
