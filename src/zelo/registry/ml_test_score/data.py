"""Features and data: items 1 to 7 of the first section."""

from __future__ import annotations

from zelo.registry.ml_test_score.artefacts import Artefacts
from zelo.registry.ml_test_score.documents import documented
from zelo.registry.ml_test_score.verdict import AUTOMATED, MANUAL, Check, Proof, Said, Verdict, nothing


def schema(found: Artefacts) -> Verdict:
    status, record = found.gate("G01")
    if status != "passed" or found.made is None:
        return nothing("a version whose gate G01 passed")
    shows = Said("gate G01 passed: {fields} fields with type and range", {"fields": len(found.made.fields)})
    return Verdict(AUTOMATED, (Proof(record, shows),))


def beneficial(found: Artefacts) -> Verdict:
    weights = found.files.get("importances.json")
    if not weights:
        return nothing("a version with measured importances")
    idle = [name for name, rise in weights.items() if rise <= 0]
    place = found.file("importances.json")
    if not idle:
        return Verdict(AUTOMATED, (Proof(place, Said("every field lowers the loss")),))
    named = {"fields": ", ".join(idle)}
    shows = Said("each field's worth is measured; the model does without {fields}", named)
    return Verdict(MANUAL, (Proof(place, shows),), Said("drop {fields}, or show what they are for", named))


def cost(found: Artefacts) -> Verdict:
    status, record = found.gate("G05")
    if status != "passed":
        return nothing("a version whose gate G05 passed")
    proof = Proof(record, Said("gate G05 passed: all features together are quick enough"))
    return Verdict(MANUAL, (proof,), Said("the cost of each feature by itself, against what it brings"))


def meta_level(found: Artefacts) -> Verdict:
    status, record = found.gate("G01")
    if status != "passed" or found.made is None:
        return nothing("a version whose gate G01 passed")
    kept_out = [name for name, field in found.made.fields.items() if field.use == "metadata"]
    proofs = (Proof(record, Said("gate G01 passed: the model reads the contract's inputs and no others")),)
    if not kept_out:
        return Verdict(MANUAL, proofs, Said("fields that must not be used, declared with use: metadata"))
    named = Said("kept out of the model by the contract: {fields}", {"fields": ", ".join(kept_out)})
    return Verdict(AUTOMATED, (*proofs, Proof(found.file("project.json"), named)))


def privacy(found: Artefacts) -> Verdict:
    return documented(
        found,
        ("privac", "lgpd"),
        Said("a heading on privacy in the project's documents: who reads the data, how long they stay"),
        Said("a program that checks who reads the data, and how long they are kept"),
    )


def new_features(found: Artefacts) -> Verdict:
    known: frozenset[str] | None = None
    for record in found.records("register"):
        inputs = found.inputs.get(record["version"])
        if inputs is None:
            continue
        if known is not None and (more := sorted(inputs - known)):
            told = {"fields": ", ".join(more), "version": record["version"]}
            proof = Proof(found.record(record), Said("{fields} came with version {version}", told))
            return Verdict(
                MANUAL, (proof,), Said("the time from a field's idea to its version, measured each time")
            )
        known = inputs if known is None else known | inputs
    return nothing("a version that reads a field more than those before it")


def feature_code(found: Artefacts) -> Verdict:
    parity = found.files.get("parity.json", {})
    status, record = found.gate("G04")
    if status != "passed" or not parity:
        return nothing("features that give the same values compiled as fitted: gate G04")
    proofs = (
        Proof(record, Said("gate G04 passed")),
        Proof(
            found.file("parity.json"),
            Said("features are computed in two ways on edges of each range, and agree"),
        ),
    )
    return Verdict(AUTOMATED, proofs)


ITEMS: tuple[tuple[str, str, Check], ...] = (
    ("D1", "Feature expectations are captured in a schema", schema),
    ("D2", "All features are beneficial", beneficial),
    ("D3", "No feature's cost is too much", cost),
    ("D4", "Features adhere to meta-level requirements", meta_level),
    ("D5", "The data pipeline has appropriate privacy controls", privacy),
    ("D6", "New features can be added quickly", new_features),
    ("D7", "All input feature code is tested", feature_code),
)
