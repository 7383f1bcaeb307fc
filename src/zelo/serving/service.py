"""What serving does for one project, without a web framework: predict, record, answer, reload, look up."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from typing import Any, Protocol

from zelo.decisions.decide import Decision
from zelo.errors import BundleError, LedgerError, RegistryError, UnknownError, ZeloError
from zelo.ledger.records import OutcomeCounts, PredictionRecord, new_id, utc_now
from zelo.ledger.store import Ledger
from zelo.registry.bundle import Bundle
from zelo.registry.sample import read_sample
from zelo.serving.answers import Answer, answer_of, body_of, told
from zelo.serving.health import Machine, artifacts, data, ledger_health, monitoring
from zelo.serving.sample import sample_data
from zelo.serving.schema import MAX_ROWS, RequestSchema, Row
from zelo.serving.scoring import Model, Question, decided, decided_ahead, decisions_of, question_of
from zelo.serving.truth import OutcomeSchema
from zelo.serving.worth import label_queue


class Load(Protocol):
    """Finds the champion and loads its bundle; called at the start and at each reload."""

    def __call__(self) -> tuple[str, Bundle]: ...


@dataclass(frozen=True, slots=True)
class Committed:
    """One ledger transaction, for whoever counts: predictions by version and label, and its seconds."""

    project: str
    labels: Mapping[tuple[str, str], int]
    rows: int
    seconds: float


class Service:
    """One project's model, its ledger and its clock. Thread-safe.

    Raises (at the start): what ``load`` raises, and BundleError where the model cannot answer.
    """

    def __init__(
        self,
        load: Load,
        ledger: Ledger,
        *,
        now: Callable[[], datetime] = utc_now,
        max_rows: int = MAX_ROWS,
    ) -> None:
        self._load = load
        self._ledger = ledger
        self._now = now
        self._max_rows = max_rows
        self._reloading = threading.Lock()
        self._watchers: list[Callable[[Committed], None]] = []
        self._machine = Machine()
        self._started = now()
        self._model = self._warmed()
        self.name = self._model.bundle.project.name

    @property
    def model(self) -> Model:
        """The version that answers now."""
        return self._model

    def watch(self, watcher: Callable[[Committed], None]) -> None:
        """Call ``watcher`` after each ledger transaction, in the thread that made it."""
        self._watchers.append(watcher)

    def ask_row(self, body: bytes) -> Question:
        """A question of one row from a JSON body. Raises RequestError."""
        model = self._model
        return question_of(model, model.requests.read_row(body))

    def ask_rows(self, body: bytes) -> Question:
        """A question of many rows from a JSON body; bad rows are set apart. Raises RequestError."""
        model = self._model
        checked = model.requests.read_rows(body)
        return Question(model, checked.rows, checked.indices, checked.errors, checked.bad_rows)

    def predict(self, questions: Sequence[Question]) -> list[list[Answer] | Exception]:
        """Answer every question: one predictor call a version, one ledger transaction for all.

        In place of its answers, a question that the model fails on gets the exception; the others are
        answered. Where the ledger fails, every question gets its error: what is not recorded is not answered.
        """
        found = decided(questions)
        at = self._now()
        records: list[PredictionRecord] = []
        results: list[list[Answer] | Exception] = []
        labels: Counter[tuple[str, str]] = Counter()
        for question, decisions in zip(questions, found, strict=True):
            if isinstance(decisions, Exception):
                results.append(decisions)
                continue
            mine = [
                self._record(question.model, row, decision, at)
                for row, decision in zip(question.rows, decisions, strict=True)
            ]
            records += mine
            labels.update((question.model.version, _label(decision)) for decision in decisions)
            results.append([answer_of(record) for record in mine])
        try:
            self._commit(records, labels)
        except LedgerError as error:
            return [error if isinstance(result, list) else result for result in results]
        return results

    def forecast(self, rows: Sequence[Row]) -> list[Answer]:
        """Forecast the rows that come one after the other, each from the one before it, and record them all.

        Raises:
            ServingError: the model gave no usable value.
            LedgerError: they cannot be recorded; none is answered.
        """
        model, at = self._model, self._now()
        inputs, decisions = decided_ahead(model, rows)
        records = [
            self._record(model, row, decision, at) for row, decision in zip(inputs, decisions, strict=True)
        ]
        self._commit(records, Counter((model.version, _label(decision)) for decision in decisions))
        return [answer_of(record) for record in records]

    def _commit(self, records: Sequence[PredictionRecord], labels: Counter[tuple[str, str]]) -> None:
        """One transaction for all; the watchers are told. Raises LedgerError."""
        if not records:
            return
        started = perf_counter()
        self._ledger.record_predictions(records)
        committed = Committed(self.name, labels, len(records), perf_counter() - started)
        for watcher in self._watchers:
            watcher(committed)

    def reload(self) -> tuple[str, str]:
        """Load and warm the champion, then let go of the old version: (the old version, the new one).

        Raises:
            ZeloError: it cannot be loaded, or it fails on an example; the old version goes on serving.
        """
        with self._reloading:
            before = self._model.version
            fresh = self._warmed()
            if (found := fresh.bundle.project.name) != self.name:
                raise RegistryError(
                    "the bundle is of another project",
                    where=str(fresh.bundle.path),
                    found=found,
                    expected=self.name,
                    hint=f"version {before} goes on serving",
                )
            self._model = fresh
            return before, fresh.version

    def record_outcomes(self, body: bytes) -> dict[str, Any]:
        """Record the outcomes of a JSON body; tell how many were joined, and which name no prediction.

        Raises:
            RequestError: an outcome is not valid; none is recorded.
            UnknownError: none of them names a known prediction.
            LedgerError: they cannot be recorded.
        """
        records = self._model.outcomes.read(body, now=self._now)
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
        """A recorded prediction with its inputs and, where it is known, its outcome. Raises UnknownError."""
        record = self._ledger.prediction(prediction_id)
        if record is None or record.project != self.name:
            raise UnknownError("no such prediction", where=self.name, found=prediction_id)
        outcomes = self._ledger.outcomes(prediction_id)
        if not outcomes:
            return told(record)
        last = outcomes[0]
        outcome = {"value": last.value, "observed_at": last.observed_at, "recorded_at": last.recorded_at}
        return {**told(record), "outcome": outcome}

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
        return label_queue(self._ledger, self._model.bundle.project, limit=limit)

    def health(self) -> dict[str, Any]:
        """How the service is, in plain words; ``status`` is ``ok`` or ``degraded``."""
        model = self._model
        bundle = model.bundle
        ledger = ledger_health(self._ledger)
        files = artifacts(bundle)
        well = ledger["reachable"] and not files["missing"]
        return {
            "status": "ok" if well else "degraded",
            "project": self.name,
            "model_version": model.version,
            "loaded_at": model.loaded_at,
            "runtime": {
                "name": bundle.predictor.runtime,
                "reason": str(bundle.manifest.get("runtime_reason") or "not recorded in the bundle"),
            },
            "artifacts": files,
            "data": data(bool(bundle.manifest.get("synthetic"))),
            "ledger": ledger,
            "drift_monitoring": monitoring(self._ledger, self.name),
            "cpu": self._machine.cpu(),
            "memory": self._machine.memory(),
            "uptime_seconds": round((self._now() - self._started).total_seconds(), 3),
        }

    def sample(self) -> dict[str, Any]:
        """Data to try the model on."""
        return sample_data(self._model)

    def facts(self) -> dict[str, Any]:
        """The model that answers now: its version, how it was made, and its decision policy."""
        model = self._model
        manifest = {name: value for name, value in model.bundle.manifest.items() if name != "files"}
        project = model.bundle.project
        return {
            "project": project.name,
            "title": project.title,
            "model_version": model.version,
            "bundle": model.bundle.hash,
            "runtime": model.bundle.predictor.runtime,
            "task": project.task.model_dump(mode="json", exclude_none=True),
            "policy": model.bundle.policy.model_dump(mode="json", exclude_none=True),
            "manifest": manifest,
        }

    def _warmed(self) -> Model:
        version, bundle = self._load()
        project = bundle.project
        requests = RequestSchema(project, max_rows=self._max_rows)
        model = Model(version, bundle, requests, OutcomeSchema(project), self._now(), read_sample(bundle))
        try:
            for rows in (1, 2):
                decisions_of(model, [requests.example()] * rows)
        except Exception as error:
            found = error.what if isinstance(error, ZeloError) else f"{type(error).__name__}: {error}"
            raise BundleError(
                "the model fails on an example of its own contract",
                where=str(bundle.path),
                found=found,
                expected="a finite score for each row",
                hint="train again; zelo verify tells which bundles are whole",
            ) from error
        return model

    def _record(self, model: Model, row: Row, decision: Decision, at: datetime) -> PredictionRecord:
        return PredictionRecord(
            id=new_id(),
            project=self.name,
            version=model.version,
            at=at,
            inputs=model.requests.recorded(row),
            decision=body_of(decision, model.bundle.project, model.bundle.policy),
            score=decision.score,
            entity=model.requests.entity_of(row),
        )


def _label(decision: Decision) -> str:
    if decision.band is not None:
        return decision.band
    return "value" if isinstance(decision.prediction, float) else str(decision.prediction)
