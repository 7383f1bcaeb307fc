"""The few things that a person should read first, in the order of how much they matter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from zelo.profiling.facts import Finding, Level, Profile

MANY_MISSING, MANY_SEEN, FEW_REPEATED, RARE = 0.05, 0.05, 0.01, 20
RELATED, CLOSE = 0.1, 0.9
"""Associations that are worth a word, and those of fields that say the same."""
ORDER: dict[Level, int] = {"serious": 0, "look": 1, "good": 2}


def with_findings(profile: Profile) -> Profile:
    """The profile with its findings, the serious ones first."""
    found = [*_rows(profile), *_target(profile), *_fields(profile), *_texts(profile)]
    return replace(profile, findings=tuple(sorted(found, key=lambda finding: ORDER[finding.level])))


def _finding(key: str, level: Level, section: str, **parts: Any) -> Finding:
    return Finding(key, level, parts, section)


def _rows(profile: Profile) -> list[Finding]:
    found, twins, labels = [], profile.duplicates, profile.labels
    if twins.conflicts:
        # Measured values differ a little; a label that differs is wrong at least once.
        level: Level = "serious" if profile.classes else "look"
        groups, rows = twins.conflicts, twins.conflicting_rows
        found.append(_finding("found_conflicts", level, "duplicates", groups=groups, rows=rows))
    if twins.in_test:
        found.append(
            _finding(
                "found_leak",
                "serious" if profile.texts and twins.in_test > MANY_SEEN * profile.test_rows else "look",
                "duplicates",
                rows=twins.in_test,
                share=twins.in_test / profile.test_rows,
            )
        )
    if twins.repeated:
        share = twins.repeated / profile.training_rows
        level = "look" if share > FEW_REPEATED else "good"
        found.append(_finding("found_repeated", level, "duplicates", rows=twins.repeated, share=share))
    else:
        found.append(_finding("found_unique", "good", "duplicates"))
    if twins.near_conflicts:
        found.append(_finding("found_near", "look", "duplicates", pairs=twins.near_conflicts))
    if labels.suspected:
        key = "found_suspects" if profile.classes else "found_residuals"
        share, agreement = labels.suspected / labels.examined, labels.agreement
        found.append(_finding(key, "look", "labels", rows=labels.suspected, share=share, agreement=agreement))
    return found


def _target(profile: Profile) -> list[Finding]:
    found = []
    present = [count for count in profile.classes if count.count]
    if profile.kind == "binary":
        positive = next(count for count in profile.classes if count.name == profile.positive)
        found.append(
            _finding(
                "found_prevalence",
                "look" if positive.share < 0.1 else "good",
                "target",
                label=positive.name,
                share=positive.share,
                rows=positive.count,
            )
        )
    elif profile.kind == "multiclass":
        found.append(
            _finding(
                "found_largest",
                "good",
                "target",
                label=present[0].name,
                share=present[0].share,
                classes=len(profile.classes),
            )
        )
    rare = [count.name for count in profile.classes if count.count < RARE]
    if rare:
        found.append(_finding("found_rare", "look", "target", classes=len(rare), rows=RARE, names=rare))
    best = next(iter(profile.relations.with_target), None)
    if best is not None and abs(best.value) >= RELATED:
        found.append(_finding("found_strongest", "good", "relations", field=best.one, value=abs(best.value)))
    return found


def _fields(profile: Profile) -> list[Finding]:
    found = []
    empty = [field.name for field in profile.fields if not field.distinct]
    if empty:
        found.append(_finding("found_empty", "look", "fields", names=empty))
    missing = sorted(
        (field for field in profile.fields if field.distinct and field.missing_share >= MANY_MISSING),
        key=lambda field: -field.missing_share,
    )
    if missing:
        found.append(
            _finding(
                "found_missing",
                "look",
                "fields",
                fields=len(missing),
                field=missing[0].name,
                share=missing[0].missing_share,
            )
        )
    elif not any(field.missing for field in profile.fields):
        found.append(_finding("found_complete", "good", "fields"))
    constant = [field.name for field in profile.fields if field.distinct == 1]
    if constant:
        found.append(_finding("found_constant", "look", "fields", names=constant))
    close = [pair for pair in profile.relations.pairs if abs(pair.value) >= CLOSE]
    if close:
        found.append(
            _finding(
                "found_close",
                "look",
                "relations",
                one=close[0].one,
                other=close[0].other,
                value=abs(close[0].value),
                pairs=len(close),
            )
        )
    gaps = [dates for dates in profile.dates if dates.empty]
    if gaps:
        found.append(
            _finding("found_gaps", "look", "dates", field=gaps[0].field, periods=gaps[0].empty, by=gaps[0].by)
        )
    return found


def _texts(profile: Profile) -> list[Finding]:
    return [
        _finding(
            "found_texts",
            "good",
            "texts",
            field=texts.field,
            words=texts.words.median,
            vocabulary=texts.vocabulary,
            share=texts.hapax_share,
        )
        for texts in profile.texts
    ]
