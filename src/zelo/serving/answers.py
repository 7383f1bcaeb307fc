"""What a caller gets of a decision: fresh, or from the record."""

from __future__ import annotations

from typing import Any

from zelo.decisions.decide import Decision
from zelo.decisions.policy import Policy
from zelo.ledger.records import PredictionRecord
from zelo.serving.author import told as told_author
from zelo.spec.project import Project

Answer = dict[str, Any]


def body_of(decision: Decision, project: Project, policy: Policy) -> dict[str, Any]:
    """The part of an answer that the ledger keeps as the decision; what does not apply is left out."""
    body: dict[str, Any] = {"prediction": decision.prediction}
    if project.forecast and project.forecast.answer:
        body[project.forecast.answer] = decision.prediction
    if decision.probability is not None:
        body["probability"] = decision.probability
    if policy.kind != "regression":
        body["score"] = decision.score
    if decision.band is not None:
        body["risk_level"] = decision.band
    if decision.recommendation is not None:
        body["recommendation"] = decision.recommendation
    if policy.kind != "binary" or decision.words:
        body |= _rarer(decision, project, policy)
    return body


def _rarer(decision: Decision, project: Project, policy: Policy) -> dict[str, Any]:
    parts = {
        "lower": decision.lower,
        "upper": decision.upper,
        "horizon": decision.horizon,
        "classes": [{"label": label, "probability": share} for label, share in decision.classes] or None,
        "abstain": decision.abstain,
        "label_set": list(decision.label_set) or None,
        "words": [{"word": word, "weight": weight} for word, weight in decision.words] or None,
        "drift_warning": None if decision.drift is None else bool(decision.drift),
        "drift_details": None if decision.drift is None else list(decision.drift),
        "model": told_author(policy.author, project.language) if policy.author else None,
    }
    return {name: value for name, value in parts.items() if value is not None}


def answer_of(record: PredictionRecord) -> Answer:
    """What the caller of a prediction gets."""
    return {"id": record.id, "model_version": record.version, **record.decision}


def told(record: PredictionRecord) -> Answer:
    """A recorded prediction, whole."""
    entity = {} if record.entity is None else {"entity": record.entity}
    return {
        **answer_of(record),
        "project": record.project,
        "variant": record.variant,
        **entity,
        "at": record.at,
        "inputs": record.inputs,
    }
