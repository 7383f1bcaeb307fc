"""The nearest change of a decision in a sentence, in the project's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zelo.decisions.decide import Decision
from zelo.spec.project import Project

_DIGITS = 6
_WORDS = {
    "pt-BR": {
        "change": "{field} em {to} (agora {own})",
        "and": " e ",
        "then": "Com {changes}, a decisão seria {target} = {prediction}{band}.",
        "band": ", {label}",
        "none": "Nenhuma mudança de um ou dois campos, dentro do contrato e do que o treino viu, mudaria a "
        "decisão.",
        "missing": "ausente",
    },
    "en": {
        "change": "{field} at {to} (now {own})",
        "and": " and ",
        "then": "With {changes}, the decision would be {target} = {prediction}{band}.",
        "band": ", {label}",
        "none": "No change of one or two fields, within the contract and what the training saw, would alter "
        "the decision.",
        "missing": "missing",
    },
}


def change_in_words(project: Project, changes: Sequence[Mapping[str, Any]], decision: Decision | None) -> str:
    """What would have to change, and what the decision would be; that nothing was found, without a decision.

    Args:
        project: in whose language.
        changes: ``field``, ``from``, ``to`` and, where there is one, ``unit``.
        decision: after the change.
    """
    words = _WORDS[project.language]
    if decision is None:
        return words["none"]
    told = [
        words["change"].format(
            field=change["field"], to=_value(project, change, "to"), own=_value(project, change, "from")
        )
        for change in changes
    ]
    band = "" if decision.band is None else words["band"].format(label=decision.band)
    return words["then"].format(
        changes=words["and"].join(told), target=project.task.target, prediction=decision.prediction, band=band
    )


def _value(project: Project, change: Mapping[str, Any], key: str) -> str:
    value = change[key]
    if value is None:
        return _WORDS[project.language]["missing"]
    if isinstance(value, str):
        return value
    text = f"{value:,.{_DIGITS}f}".rstrip("0").rstrip(".") if isinstance(value, float) else f"{value:,}"
    if project.language == "pt-BR":
        text = text.translate(str.maketrans(",.", ".,"))
    return f"{text} {change['unit']}" if "unit" in change else text
