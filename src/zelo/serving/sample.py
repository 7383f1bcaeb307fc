"""Data to try a model on: the last history of a forecast, or a row that the contract's examples make."""

from __future__ import annotations

from typing import Any

from zelo.serving.scoring import Model

_NOTES = {
    "pt-BR": {
        "history": "os últimos {length} valores dos dados desta versão, os de teste entre eles",
        "synthetic": "os últimos {length} valores de dados sintéticos: um gerador os fez",
        "example": "um exemplo feito do contrato: não é um caso real",
    },
    "en": {
        "history": "the last {length} values of this version's data, those of the test among them",
        "synthetic": "the last {length} values of synthetic data: a generator made them",
        "example": "an example made from the contract: no real case",
    },
}


def sample_data(model: Model) -> dict[str, Any]:
    """``row`` as /predict takes it; of a forecast also its history, and the dates where they are known."""
    project = model.bundle.project
    notes, example = _NOTES[project.language], model.requests.example()
    if project.forecast is None or model.sample is None:
        return {"row": example, "synthetic": True, "note": notes["example"]}
    synthetic = bool(model.bundle.manifest.get("synthetic"))
    note = notes["synthetic" if synthetic else "history"].format(length=project.forecast.history)
    history = {project.history_name: model.sample[project.history_name]}
    return {"row": example | history, **model.sample, "synthetic": synthetic, "note": note}
