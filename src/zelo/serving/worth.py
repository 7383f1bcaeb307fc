"""The label queue: which recorded predictions a person should label next, and why."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic_core import to_json

from zelo.decisions.queue import Ranked, rank, trigrams
from zelo.errors import RequestError
from zelo.ledger.records import PredictionRecord
from zelo.ledger.store import Ledger
from zelo.serving.answers import Answer
from zelo.serving.schema import FieldError
from zelo.spec.project import Project

MOST_CANDIDATES = 2_000
"""Of the predictions without an outcome the newest are looked at, and as many of those with one."""
MOST_QUEUED = 200
_MUCH = 0.5
_WHY = {
    "pt-BR": {
        "abstained": "a resposta ficou abaixo da confiança do projeto",
        "unsure": "dúvida entre {0} e {1}",
        "rare": "{0} tem poucos rótulos até agora",
        "unlike": "diferente do que já foi rotulado",
        "none": "menos dúvida do que nas anteriores",
    },
    "en": {
        "abstained": "the answer was below the project's confidence",
        "unsure": "in doubt between {0} and {1}",
        "rare": "{0} has few labels so far",
        "unlike": "unlike what is labelled already",
        "none": "less in doubt than those before it",
    },
}


def label_queue(ledger: Ledger, project: Project, *, limit: int) -> list[Answer]:
    """Predictions without an outcome, the one whose label is worth most first; equal inputs once.

    Each has what it was about, its classes with their probabilities, its worth, and why in the project's
    language. It leaves the queue when its outcome comes.

    Raises:
        RequestError: the project predicts values, which have no labels.
        LedgerError: the ledger cannot be read.
    """
    if not project.classes:
        raise RequestError(
            "the project has no label queue",
            errors=[FieldError("task.kind", project.task.kind, "binary or multiclass")],
        )
    known = ledger.judged(project.name, order="newest", limit=MOST_CANDIDATES)
    unlabelled = ledger.unlabelled(project.name, limit=MOST_CANDIDATES)
    candidates = _distinct(unlabelled, project, labelled=[row.prediction for row in known])
    if not candidates:
        return []
    counts = np.array([sum(row.outcome.value == label for row in known) for label in project.classes])
    probabilities = np.array([_probabilities(record, project) for record in candidates])
    texts = [_text(record, project) for record in [*candidates, *(row.prediction for row in known)]]
    features = trigrams(texts)
    new, labelled = features[: len(candidates)], features[len(candidates) :]
    ranked = rank(probabilities, new, labelled, counts, most=limit)
    # Before the first label every class is rare, and every text unlike those that have one.
    telling = ("unsure", "rare", "unlike") if known else ("unsure",)
    return [_entry(candidates[i], probabilities[i], ranked, i, telling, project) for i in ranked.order]


def _distinct(
    records: Sequence[PredictionRecord], project: Project, *, labelled: Sequence[PredictionRecord]
) -> list[PredictionRecord]:
    """Of equal inputs the first record, and none of inputs that have a label."""
    known = {_inputs(record, project) for record in labelled}
    seen: dict[bytes, PredictionRecord] = {}
    for record in records:
        inputs = _inputs(record, project)
        if inputs not in known and record.decision.get("prediction") in project.classes:
            seen.setdefault(inputs, record)
    return list(seen.values())


def _inputs(record: PredictionRecord, project: Project) -> bytes:
    return to_json([record.inputs.get(name) for name in project.inputs])


def _probabilities(record: PredictionRecord, project: Project) -> list[float]:
    """Every class's probability [K]; what the record does not tell is shared alike by the other classes."""
    decision = record.decision
    told = {entry["label"]: entry["probability"] for entry in decision.get("classes", ())}
    told.setdefault(decision["prediction"], decision["probability"])
    others = len(project.classes) - len(told)
    rest = max(0.0, 1.0 - sum(told.values())) / others if others else 0.0
    return [told.get(label, rest) for label in project.classes]


def _text(record: PredictionRecord, project: Project) -> str:
    """What tells rows apart: their texts, or all their inputs where there is no text."""
    if project.texts:
        return " ".join(str(record.inputs.get(name) or "") for name in project.texts)
    return " ".join(f"{name}={record.inputs.get(name)}" for name in project.inputs)


def _entry(
    record: PredictionRecord,
    probabilities: Sequence[float],
    ranked: Ranked,
    place: int,
    telling: Sequence[str],
    project: Project,
) -> Answer:
    falling = sorted(zip(project.classes, probabilities, strict=True), key=lambda pair: -pair[1])
    listed = falling[: project.decision.top]
    reasons = [name for name in telling if getattr(ranked, name)[place] >= _MUCH]
    if record.decision.get("abstain"):
        reasons.insert(0, "abstained")
    words = _WHY[project.language]
    entity = {} if record.entity is None else {"entity": record.entity}
    return {
        "id": record.id,
        "at": record.at,
        **entity,
        "inputs": record.inputs,
        "prediction": record.decision["prediction"],
        "classes": [{"label": label, "probability": float(share)} for label, share in listed],
        "worth": round(float(ranked.worth[place]), 4),
        "why": [words[reason].format(falling[0][0], falling[1][0]) for reason in reasons or ["none"]],
    }
