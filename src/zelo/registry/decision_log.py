"""What promote and rollback decided, as a sentence that they leave in the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

from zelo.registry.evidence import read_evidence

Action = Literal["promote", "rollback"]
Language = Literal["pt-BR", "en"]

WORDS: dict[Language, dict[str, str]] = {
    "pt-BR": {
        "first": "o modelo {new} tornou-se o primeiro campeão",
        "promote": "o modelo {new} substituiu o modelo {old}",
        "rollback": "o modelo {new} voltou ao lugar do modelo {old}",
        "whole": "{what} em {on}, por {approver}, porque: {reason}",
        "accepted": "{said} (apesar de {gates})",
        "picked": "{said}; a comparação teria ficado com {instead_of}",
        "gates passed": "os gates passaram",
        "shadow": "o modelo {new} passou a pontuar, à sombra, cada linha que o modelo {old} responde",
        "canary": "o modelo {new} passou a responder {share} % do tráfego do modelo {old}",
        "split": "o tráfego foi dividido: o modelo {new} responde {share} %, o modelo {old} o resto",
        "stepped": "o modelo {new} passou a responder {share} % do tráfego do modelo {old}",
        "ended": "o modelo {new} saiu do tráfego; o modelo {old} responde sozinho",
    },
    "en": {
        "first": "model {new} became the first champion",
        "promote": "model {new} replaced model {old}",
        "rollback": "model {new} was put back in the place of model {old}",
        "whole": "{what} on {on} by {approver}, because: {reason}",
        "accepted": "{said} (in spite of {gates})",
        "picked": "{said}; the comparison would have taken {instead_of}",
        "gates passed": "gates passed",
        "shadow": "model {new} began to score, as a shadow, each row that model {old} answers",
        "canary": "model {new} began to answer {share}% of the traffic of model {old}",
        "split": "the traffic was divided: model {new} answers {share}%, model {old} the rest",
        "stepped": "model {new} began to answer {share}% of the traffic of model {old}",
        "ended": "model {new} left the traffic; model {old} answers alone",
    },
}


def gates_passed(language: Language) -> str:
    """The reason of a promotion whose approver gave none."""
    return WORDS[language]["gates passed"]


def told(
    action: Action,
    new: str,
    old: str | None,
    *,
    at: datetime,
    approver: str,
    reason: str,
    accepted: Sequence[str],
    language: Language,
    instead_of: str | None = None,
) -> str:
    """Who took whose place, when, by whom and why.

    Args:
        new: the champion now, as :func:`named` names it.
        old: the one before; ``None`` at a first promotion.
        accepted: the failing gates that the approver took upon themselves.
        instead_of: whom the comparison would have taken, where the champion was picked by hand.
    """
    words = WORDS[language]
    what = words["first" if old is None else action].format(new=new, old=old)
    said = _whole(what, at=at, approver=approver, reason=reason, language=language)
    if accepted:
        said = words["accepted"].format(said=said, gates=", ".join(accepted))
    return words["picked"].format(said=said, instead_of=instead_of) if instead_of else said


def told_of_traffic(
    what: str,
    new: str,
    champion: str,
    share: int,
    *,
    at: datetime,
    approver: str,
    reason: str,
    language: Language,
) -> str:
    """How the traffic was divided, when, by whom and why.

    Args:
        what: shadow, canary or split at the start, stepped, or ended.
        new: the version beside the champion, as :func:`named` names it.
        champion: as well.
        share: percent of the entities that ``new`` answers.
    """
    said = WORDS[language][what].format(new=new, old=champion, share=share)
    return _whole(said, at=at, approver=approver, reason=reason, language=language)


def _whole(what: str, *, at: datetime, approver: str, reason: str, language: Language) -> str:
    on = f"{at:%d/%m/%Y}" if language == "pt-BR" else f"{at:%Y-%m-%d}"
    return WORDS[language]["whole"].format(what=what, on=on, approver=approver, reason=reason)


def named(registry: Path, project: str, version: str) -> str:
    """A version with its candidate, as the evidence has it: a bundle may be broken by now.

    Raises:
        RegistryError: a record is no JSON.
    """
    candidate = _told_of(registry, project, version, "candidate")
    return version if candidate is None else f"{version} ({candidate})"


def passed_over(registry: Path, project: str, version: str) -> str | None:
    """Whom the comparison would have taken, where the version was picked by hand.

    Raises:
        RegistryError: a record is no JSON.
    """
    return _told_of(registry, project, version, "instead_of")


def _told_of(registry: Path, project: str, version: str, fact: str) -> str | None:
    """What the first record of a version, its registration, says."""
    records = read_evidence(registry, project)
    return next((one.get(fact) for one in records if one.get("version") == version), None)
