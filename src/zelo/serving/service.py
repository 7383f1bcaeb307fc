"""What serving does for one project, without a web framework: predict, record, answer, reload, look up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import perf_counter
from typing import Any

from zelo.errors import LedgerError, UnknownError
from zelo.ledger.records import OutcomeCounts, utc_now
from zelo.ledger.store import Ledger
from zelo.registry.proofs import Proofs
from zelo.registry.traffic import Traffic
from zelo.serving.answers import Answer, answer_of, told
from zelo.serving.division import Divided, divided, divided_ahead
from zelo.serving.health import Machine, artifacts, data, ledger_health, monitoring, told_traffic
from zelo.serving.loaded import Division, Load, Loaded
from zelo.serving.sample import sample_data
from zelo.serving.schema import MAX_ROWS, CheckedRows, RequestSchema, Row
from zelo.serving.scoring import Model, Question, question_of
from zelo.serving.worth import label_queue


@dataclass(frozen=True, slots=True)
class Committed:
    """What became of questions answered together, for whoever counts.

    ``rows`` were recorded in one ledger transaction of ``seconds``; with 0 rows there was none, because the
    model failed on all. What is said by version is about the version that answered, but for ``scored``,
    ``failed`` and ``seconds_of``: while the traffic is divided both versions score every row.
    """

    project: str
    labels: Mapping[tuple[str, str, str], int]
    """Predictions by version, variant and label."""
    rows: int
    seconds: float
    scores: Mapping[str, Sequence[float]] = field(default_factory=dict)
    abstained: Mapping[str, int] = field(default_factory=dict)
    scored: Mapping[str, int] = field(default_factory=dict)
    """Rows that a version was asked for."""
    failed: Mapping[str, int] = field(default_factory=dict)
    """Of these, the rows of the questions that it failed on."""
    seconds_of: Mapping[str, float] = field(default_factory=dict)
    """How long a version's predictor took, in all."""


class Service:
    """One project's model, its ledger and its clock. Thread-safe.

    Raises (at the start): what ``load`` raises, and BundleError where the model cannot answer.
    """

    def __init__(
        self,
        load: Load,
        ledger: Ledger,
        division: Division | None = None,
        *,
        now: Callable[[], datetime] = utc_now,
        max_rows: int = MAX_ROWS,
        proofs: Proofs | None = None,
    ) -> None:
        self._ledger = ledger
        self.proofs = proofs
        self._now = now
        self._watchers: list[Callable[[Committed], None]] = []
        self._machine = Machine()
        self._started = now()
        self._loaded = Loaded(load, division, now=now, max_rows=max_rows)
        self.name = self._loaded.name

    @property
    def model(self) -> Model:
        """The champion: the version that answers now, alone or with another one beside it."""
        return self._loaded.answering[0]

    @property
    def traffic(self) -> Traffic | None:
        """How the traffic is divided now; ``None`` where the champion answers alone."""
        beside = self._loaded.answering[1]
        return beside.traffic if beside else None

    @property
    def trouble(self) -> str | None:
        """What of the registry could not be loaded, and why."""
        return self._loaded.trouble

    def watch(self, watcher: Callable[[Committed], None]) -> None:
        """Call ``watcher`` after each ledger transaction, in the thread that made it."""
        self._watchers.append(watcher)

    def ask_row(self, body: bytes) -> Question:
        """A question of one row from a JSON body. Raises RequestError."""
        model, beside = self._loaded.answering
        return question_of(model, model.requests.read_row(body), beside)

    def ask_rows(self, body: bytes) -> Question:
        """A question of many rows from a JSON body; bad rows are set apart. Raises RequestError."""
        return self.ask(lambda requests: requests.read_rows(body))

    def ask(self, read: Callable[[RequestSchema], CheckedRows], version: str | None = None) -> Question:
        """A question of the rows that ``read`` finds by the contract of the version that answers now.

        ``version`` asks the champion alone, and by name: no other one answers, or scores the rows beside it.

        Raises:
            UnknownError: the champion is another version.
        """
        model, beside = self._loaded.answering
        if version is not None:
            if version != model.version:
                raise UnknownError(
                    "this version is not served", where=self.name, found=version, expected=model.version
                )
            beside = None
        checked = read(model.requests)
        return Question(model, checked.rows, checked.indices, checked.errors, checked.bad_rows, beside=beside)

    def question(self, rows: Sequence[Row]) -> Question:
        """A question of rows that were checked already."""
        model, beside = self._loaded.answering
        return Question(model, rows, range(len(rows)), beside=beside)

    def predict(self, questions: Sequence[Question]) -> list[list[Answer] | Exception]:
        """Answer every question: one predictor call a version, one ledger transaction for all.

        While the traffic is divided both versions score every row, and the one that has the row's entity
        answers. In place of its answers, a question that the model fails on gets the exception; the others
        are answered. Where the ledger fails, every question gets its error: what is not recorded is not
        answered.
        """
        found = divided(questions, self.name, self._now())
        try:
            self._commit(found)
        except LedgerError as error:
            return [error if isinstance(result, list) else result for result in found.answered]
        return [
            result if isinstance(result, Exception) else [answer_of(record) for record in result]
            for result in found.answered
        ]

    def forecast(self, rows: Sequence[Row]) -> list[Answer]:
        """Forecast the rows that come one after the other, each from the one before it, and record them all.

        Raises:
            ServingError: the model gave no usable value.
            LedgerError: they cannot be recorded; none is answered.
        """
        found = divided_ahead(self.question(rows), self.name, self._now())
        self._commit(found)
        (result,) = found.answered
        if isinstance(result, Exception):
            raise result
        return [answer_of(record) for record in result]

    def _commit(self, found: Divided) -> None:
        """One transaction for all; the watchers are told. Raises LedgerError."""
        records, tally, seconds = found.records, found.tally, 0.0
        if records:
            started = perf_counter()
            self._ledger.record_predictions(records, found.shadows)
            seconds = perf_counter() - started
        committed = Committed(
            self.name,
            tally.labels,
            len(records),
            seconds,
            scores=tally.scores,
            abstained=tally.abstained,
            scored=tally.scored,
            failed=tally.failed,
            seconds_of=tally.seconds_of,
        )
        for watcher in self._watchers:
            watcher(committed)

    def reload(self) -> tuple[str, str]:
        """Load the champion and the division again: (the old version, the new one). Raises ZeloError."""
        return self._loaded.reload()

    def follow(self) -> None:
        """Go over to the champion and the division that are written now; see :class:`Loaded`."""
        self._loaded.follow()

    def record_outcomes(self, body: bytes) -> dict[str, Any]:
        """Record the outcomes of a JSON body; tell how many were joined, and which name no prediction.

        Raises:
            RequestError: an outcome is not valid; none is recorded.
            UnknownError: none of them names a known prediction.
            LedgerError: they cannot be recorded.
        """
        records = self.model.outcomes.read(body, now=self._now)
        counts: OutcomeCounts = self._ledger.record_outcomes(self.name, records)
        unknown = [
            {"index": index, "prediction_id": records[index].prediction_id, "entity": records[index].entity}
            for index in counts.unknown
        ]
        if not counts.joined:
            raise UnknownError(
                "no outcome names a known prediction",
                found=", ".join(str(entry["prediction_id"] or entry["entity"]) for entry in unknown[:10]),
                expected="the id of a prediction, or an entity with a prediction at or before observed_at",
            )
        told = [{name: value for name, value in entry.items() if value is not None} for entry in unknown]
        return {
            "received": len(records),
            "joined": counts.joined,
            "repeated": counts.repeated,
            "unknown": told,
        }

    def prediction(self, prediction_id: str) -> Answer:
        """A recorded prediction: its inputs, a link to its version's evidence, its outcome if known.

        Raises:
            UnknownError: there is none of that id.
        """
        record = self._ledger.prediction(prediction_id)
        if record is None or record.project != self.name:
            raise UnknownError("no such prediction", where=self.name, found=prediction_id)
        answer = told(record)
        if self.proofs and (number := self.proofs.number(record.version, record.at)):
            answer["evidence"] = f"/projects/{self.name}/evidence/{number}"
        if outcomes := self._ledger.outcomes(prediction_id):
            last = outcomes[0]
            outcome = {"value": last.value, "observed_at": last.observed_at, "recorded_at": last.recorded_at}
            answer["outcome"] = outcome
        return answer

    def latest(self, entity: str) -> Answer:
        """The latest prediction of an entity. Raises UnknownError."""
        found = self._ledger.predictions(self.name, entity=entity, limit=1)
        if not found:
            raise UnknownError("no prediction of this entity", where=self.name, found=entity)
        return told(found[0])

    def predictions(
        self,
        *,
        entity: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int,
    ) -> list[Answer]:
        """Recorded predictions, the newest first."""
        found = self._ledger.predictions(self.name, entity=entity, since=since, until=until, limit=limit)
        return [told(record) for record in found]

    def ranking(self, *, minimum_score: float | None, limit: int) -> list[Answer]:
        """The latest prediction of each entity, the highest score first."""
        found = self._ledger.predictions(
            self.name, latest_only=True, order="score", minimum_score=minimum_score, limit=limit
        )
        return [told(record) for record in found]

    def queue(self, *, limit: int) -> list[Answer]:
        """Recorded predictions without an outcome, the one whose label is worth most first.

        Raises:
            RequestError: the project has no classes to label.
        """
        return label_queue(self._ledger, self.model.bundle.project, limit=limit)

    def health(self) -> dict[str, Any]:
        """How the service is, in plain words; ``status`` is ``ok`` or ``degraded``."""
        model = self.model
        bundle = model.bundle
        ledger = ledger_health(self._ledger)
        files = artifacts(bundle)
        well = ledger["reachable"] and not files["missing"] and self.trouble is None
        return {
            "status": "ok" if well else "degraded",
            "project": self.name,
            "model_version": model.version,
            "loaded_at": model.loaded_at,
            "runtime": {
                "name": bundle.predictor.runtime,
                "reason": str(bundle.manifest.get("runtime_reason") or "not recorded in the bundle"),
            },
            "traffic": told_traffic(self.traffic),
            "registry": {
                "followed": self.trouble is None,
                **({"problem": self.trouble} if self.trouble else {}),
            },
            "artifacts": files,
            "data": data(bool(bundle.manifest.get("synthetic"))),
            "ledger": ledger,
            "drift_monitoring": monitoring(self._ledger, self.name),
            "cpu": self._machine.cpu(),
            "memory": self._machine.memory(),
            "uptime_seconds": round((self._now() - self._started).total_seconds(), 3),
        }

    def last_look(self) -> Mapping[str, Any] | None:
        """What the latest ``zelo monitor`` left in the ledger; ``None`` before it. Raises LedgerError."""
        events = self._ledger.events(self.name, kind="monitor", limit=1)
        return events[0].payload if events else None

    def sample(self) -> dict[str, Any]:
        """Data to try the model on."""
        return sample_data(self.model)

    def facts(self) -> dict[str, Any]:
        """The model that answers now: its version, how it was made, and its decision policy."""
        model = self.model
        manifest = {name: value for name, value in model.bundle.manifest.items() if name != "files"}
        project = model.bundle.project
        return {
            "project": project.name,
            "title": project.title,
            "model_version": model.version,
            "bundle": model.bundle.hash,
            "runtime": model.bundle.predictor.runtime,
            "traffic": told_traffic(self.traffic),
            "task": project.task.model_dump(mode="json", exclude_none=True),
            "policy": model.bundle.policy.model_dump(mode="json", exclude_none=True),
            "manifest": manifest,
        }
