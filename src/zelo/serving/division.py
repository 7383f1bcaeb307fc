"""Which of two versions answers each row; what the other one says of it goes to the shadows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from time import perf_counter

from zelo.decisions.decide import Decision
from zelo.decisions.words import NOTHING_LEFT_OUT
from zelo.ledger.records import PredictionRecord, ShadowRecord, Variant, new_id
from zelo.registry.traffic import answers_other
from zelo.serving.answers import body_of
from zelo.serving.schema import Row
from zelo.serving.scoring import Model, Question, decided, decided_ahead

Said = list[Decision] | Exception


@dataclass
class Tally:
    """What became of rows asked for together, by version, as ``Committed`` tells it."""

    labels: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    scores: dict[str, list[float]] = field(default_factory=dict)
    abstained: Counter[str] = field(default_factory=Counter)
    scored: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    seconds_of: dict[str, float] = field(default_factory=dict)

    def asked(self, version: str, rows: int, seconds: float, *, failed: int = 0) -> None:
        """A version was asked for that many rows."""
        self.scored[version] += rows
        self.seconds_of[version] = self.seconds_of.get(version, 0.0) + seconds
        if failed:
            self.failed[version] += failed

    def answered(self, version: str, variant: Variant, decisions: Sequence[Decision]) -> None:
        """A version answered rows with these decisions."""
        for label, number in Counter(map(_label, decisions)).items():
            self.labels[version, variant, label] += number
        self.scores.setdefault(version, []).extend([decision.score for decision in decisions])
        if abstained := sum(1 for decision in decisions if decision.abstain):
            self.abstained[version] += abstained


@dataclass
class Divided:
    """Of each question its records, or the exception that is its caller's; and the shadows of all."""

    project: str
    at: datetime
    answered: list[list[PredictionRecord] | Exception] = field(default_factory=list)
    shadows: list[ShadowRecord] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)

    @property
    def records(self) -> list[PredictionRecord]:
        """Of all questions, in order."""
        return [record for one in self.answered if not isinstance(one, Exception) for record in one]

    def record(
        self,
        prediction_id: str,
        model: Model,
        decision: Decision,
        inputs: Row,
        entity: str | None,
        variant: Variant,
    ) -> PredictionRecord:
        """The record of an answered row; it is counted."""
        self.tally.answered(model.version, variant, [decision])
        return PredictionRecord(
            id=prediction_id,
            project=self.project,
            version=model.version,
            variant=variant,
            at=self.at,
            inputs=inputs,
            decision=body_of(decision, model.bundle.project, model.bundle.policy),
            score=decision.score,
            entity=entity,
        )

    def shadow(self, prediction_id: str, model: Model, decision: Decision) -> None:
        """Keep what the version that did not answer says of a row."""
        body = body_of(decision, model.bundle.project, model.bundle.policy)
        said = ShadowRecord(prediction_id, self.project, model.version, self.at, body, decision.score)
        self.shadows.append(said)


def divided(questions: Sequence[Question], project: str, at: datetime) -> Divided:
    """Ask every version that a question is for, and let the one that has a row's entity answer it.

    All rows of a version go through its predictor at once. A row without an entity goes by the id of its
    prediction. Where the other version fails on a question, the champion answers it; where the champion
    fails, the question fails, unless all its rows are the other one's.
    """
    found = Divided(project, at)
    if all(question.beside is None for question in questions):
        _alone(found, questions)
        return found
    shared = [_shared(question) for question in questions]
    mine = _asked([one.of_champion for one in shared], found.tally)
    theirs = iter(_asked([one.of_other for one in shared if one.of_other], found.tally))
    for question, one, said in zip(questions, shared, mine, strict=True):
        others = next(theirs) if one.of_other else None
        first, second = _Voice(question.model, question.rows, said), None
        if one.of_other and others is not None:
            second = _Voice(one.of_other.model, question.rows, others)
        found.answered.append(_settled(found, one, first, second))
    return found


def divided_ahead(question: Question, project: str, at: datetime) -> Divided:
    """Forecast the rows of a question that come one after the other, each from the one before it.

    One version answers all of them: what one began no other carries on.
    """
    found = Divided(project, at)
    one = _shared(question)
    one = replace(one, others=[any(one.others[:1])] * len(question.rows))
    first = _ahead(question.model, question.rows, found.tally)
    second = _ahead(question.beside.model, question.rows, found.tally) if question.beside else None
    found.answered.append(_settled(found, one, first, second))
    return found


@dataclass(frozen=True)
class _Shared:
    """A question's ids and entities, which of its rows the other version answers, and what each is asked."""

    ids: list[str]
    entities: list[str | None]
    others: list[bool]
    of_champion: Question
    of_other: Question | None


@dataclass(frozen=True)
class _Voice:
    """What a version says of rows."""

    model: Model
    rows: Sequence[Row]
    said: Said


def _shared(question: Question) -> _Shared:
    ids = [new_id() for _ in question.rows]
    entities = [question.model.requests.entity_of(row) for row in question.rows]
    if question.beside is None:
        return _Shared(ids, entities, [False] * len(ids), question, None)
    traffic, other = question.beside.traffic, replace(question, model=question.beside.model)
    others = [answers_other(entity or own, traffic) for entity, own in zip(entities, ids, strict=True)]
    # Which words carried a decision is looked for where it is told.
    mine, theirs = question, other
    if any(others):
        mine = replace(question, occlusion=NOTHING_LEFT_OUT)
    else:
        theirs = replace(other, occlusion=NOTHING_LEFT_OUT)
    return _Shared(ids, entities, others, mine, theirs)


def _alone(found: Divided, questions: Sequence[Question]) -> None:
    """Answer questions that the champion answers with no other version beside it."""
    by_version: dict[str, list[Decision]] = {}
    for question, said in zip(questions, _asked(questions, found.tally), strict=True):
        if isinstance(said, Exception):
            found.answered.append(said)
            continue
        model = question.model
        project, policy, requests = model.bundle.project, model.bundle.policy, model.requests
        by_version.setdefault(model.version, []).extend(said)
        found.answered.append(
            [
                PredictionRecord(
                    new_id(),
                    found.project,
                    model.version,
                    found.at,
                    requests.recorded(row),
                    body_of(decision, project, policy),
                    decision.score,
                    requests.entity_of(row),
                )
                for row, decision in zip(question.rows, said, strict=True)
            ]
        )
    for version, decisions in by_version.items():
        found.tally.answered(version, "champion", decisions)


def _asked(questions: Sequence[Question], tally: Tally) -> list[Said]:
    """Decisions a question, each version's predictor timed."""
    said: list[Said] = [[] for _ in questions]
    by_model: dict[int, list[int]] = {}
    for place, question in enumerate(questions):
        by_model.setdefault(id(question.model), []).append(place)
    for places in by_model.values():
        some = [questions[place] for place in places]
        started = perf_counter()
        found = decided(some)
        seconds = perf_counter() - started
        rows = [len(question.rows) for question in some]
        failed = sum(size for size, one in zip(rows, found, strict=True) if isinstance(one, Exception))
        tally.asked(some[0].model.version, sum(rows), seconds, failed=failed)
        for place, one in zip(places, found, strict=True):
            said[place] = one
    return said


def _ahead(model: Model, rows: Sequence[Row], tally: Tally) -> _Voice:
    started = perf_counter()
    said: Said
    try:
        rows, said = decided_ahead(model, rows)
    except Exception as error:  # noqa: BLE001 - a predictor may raise anything; the caller gets it
        said = error
    failed = len(rows) if isinstance(said, Exception) else 0
    tally.asked(model.version, len(rows), perf_counter() - started, failed=failed)
    return _Voice(model, rows, said)


def _settled(
    found: Divided, shared: _Shared, champion: _Voice, other: _Voice | None
) -> list[PredictionRecord] | Exception:
    others = shared.others
    if other is None or isinstance(other.said, Exception):
        others, other = [False] * len(others), None
    if isinstance(champion.said, Exception) and not (other and all(others)):
        return champion.said
    records = []
    for row, (own, entity) in enumerate(zip(shared.ids, shared.entities, strict=True)):
        answering, quiet = (other, champion) if other and others[row] else (champion, other)
        assert not isinstance(answering.said, Exception)
        variant: Variant = "champion" if answering is champion else "challenger"
        decision = answering.said[row]
        inputs = champion.model.requests.recorded(answering.rows[row])
        records.append(found.record(own, answering.model, decision, inputs, entity, variant))
        if quiet and not isinstance(quiet.said, Exception):
            found.shadow(own, quiet.model, quiet.said[row])
    return records


def _label(decision: Decision) -> str:
    if decision.band is not None:
        return decision.band
    return "value" if isinstance(decision.prediction, float) else str(decision.prediction)
