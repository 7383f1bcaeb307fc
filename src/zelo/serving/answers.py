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
    own_name = project.forecast.answer if project.forecast else None
    parts = {
        "prediction": decision.prediction,
        **({own_name: decision.prediction} if own_name else {}),
        "probability": decision.probability,
        "score": None if policy.kind == "regression" else decision.score,
        "risk_level": decision.band,
        "recommendation": decision.recommendation,
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
