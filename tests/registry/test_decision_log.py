from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from zelo.registry.decision_log import gates_passed, named, passed_over, told
from zelo.registry.evidence import append_evidence

AT = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
BY: dict[str, Any] = {"at": AT, "approver": "ana", "reason": "its errors are smaller", "accepted": ()}


@pytest.mark.parametrize(
    ("action", "old", "sentence"),
    [
        ("promote", None, "model 7 (ridge) became the first champion on 2026-11-21 by ana, because: {}"),
        (
            "promote",
            "5 (auto_ets)",
            "model 7 (ridge) replaced model 5 (auto_ets) on 2026-11-21 by ana, because: {}",
        ),
        (
            "rollback",
            "8",
            "model 7 (ridge) was put back in the place of model 8 on 2026-11-21 by ana, because: {}",
        ),
    ],
)
def test_decisions_in_words(action: Any, old: str | None, sentence: str) -> None:
    expected = sentence.format("its errors are smaller")
    assert told(action, "7 (ridge)", old, **BY, language="en") == expected


def test_in_portuguese_and_with_accepted_gates() -> None:
    said = told("promote", "7 (ridge)", "5 (auto_ets)", **BY | {"accepted": ("G05", "G06")}, language="pt-BR")

    assert said == (
        "o modelo 7 (ridge) substituiu o modelo 5 (auto_ets) em 21/11/2026, por ana, porque: its errors are "
        "smaller (apesar de G05, G06)"
    )
    assert gates_passed("pt-BR") == "os gates passaram"


def test_braces_in_a_reason_are_no_places() -> None:
    assert told("promote", "7", "5", **BY | {"reason": "{new} {0}"}, language="en").endswith("{new} {0}")


def test_a_version_has_the_candidate_that_the_evidence_names(tmp_path: Path) -> None:
    append_evidence(tmp_path, "pumps", {"action": "register", "version": "1", "candidate": "ridge"})
    append_evidence(tmp_path, "pumps", {"action": "register", "version": "2"})

    assert [named(tmp_path, "pumps", version) for version in ("1", "2", "3")] == ["1 (ridge)", "2", "3"]


def test_a_champion_that_was_picked_by_hand_is_told_with_whom_it_stands_in_for() -> None:
    said = told("promote", "2 (lstm)", None, **BY | {"accepted": ("G02",)}, language="pt-BR", instead_of="ar")
    assert said.endswith("(apesar de G02); a comparação teria ficado com ar")
    said = told("rollback", "2 (lstm)", "3", **BY, language="en", instead_of="persistence")
    assert said.endswith("; the comparison would have taken persistence")


def test_whom_a_version_stands_in_for_is_what_its_registration_says(tmp_path: Path) -> None:
    for version, instead_of in (("1", None), ("2", "ridge")):
        facts = {"action": "register", "version": version, "instead_of": instead_of}
        append_evidence(tmp_path, "pumps", facts)
    append_evidence(tmp_path, "pumps", {"action": "register", "version": "3"})

    found = [passed_over(tmp_path, "pumps", version) for version in ("1", "2", "3", "4")]
    assert found == [None, "ridge", None, None]
