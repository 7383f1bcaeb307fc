"""Model development: items 1 to 7 of the second section."""

from __future__ import annotations

from zelo.registry.ml_test_score.artefacts import Artefacts
from zelo.registry.ml_test_score.documents import documented
from zelo.registry.ml_test_score.verdict import AUTOMATED, MANUAL, Check, Proof, Said, Verdict, nothing

_SERIOUS_TRIALS = 20


def reviewed(found: Artefacts) -> Verdict:
    code = found.manifest.get("code", {})
    if not code.get("commit") or code.get("changed"):
        return nothing("a version made from a commit, with no file changed since")
    shows = Said("made from commit {commit}, with no file changed", {"commit": code["commit"][:12]})
    return Verdict(
        MANUAL, (Proof(found.file("manifest.json"), shows),), Said("a record of who reviewed the commit")
    )


def online_and_offline(found: Artefacts) -> Verdict:
    looks = found.looks(kind="outcomes")
    if not looks:
        return nothing("outcomes, and zelo monitor, which sets their figures beside the test set's")
    shows = Said("{count} looks set the figures on outcomes beside the test set's", {"count": len(looks)})
    proof = Proof(f"event {looks[0].id}", shows)
    versions = {event.payload.get("version") for event in looks}
    if len(versions) < 2:
        wants = Said("outcomes of a second version: one version shows a level, and no correlation")
        return Verdict(MANUAL, (proof,), wants)
    return Verdict(AUTOMATED, (proof,))


def tuned(found: Artefacts) -> Verdict:
    if found.made is None:
        return nothing("a version")
    trials = found.made.tuning.trials
    if trials >= _SERIOUS_TRIALS:
        shows = Said("{trials} trials a candidate in each training", {"trials": trials})
        return Verdict(AUTOMATED, (Proof(found.file("project.json"), shows),))
    entries = found.files["candidates.json"]["candidates"]
    kinds = [entry["estimator"] for entry in entries]
    again = sorted({kind for kind in kinds if kinds.count(kind) > 1})
    wants = Said("tuning.trials of {trials} or more in project.yaml", {"trials": _SERIOUS_TRIALS})
    if trials or again:
        shows = Said("several settings were compared: {names}", {"names": ", ".join(again) or trials})
        return Verdict(MANUAL, (Proof(found.file("candidates.json"), shows),), wants)
    return Verdict(0.0, (), wants)


def staleness(found: Artefacts) -> Verdict:
    compared = [
        (record, gate["found"])
        for record in found.records("register")
        for gate in record.get("gates", ())
        if gate["code"] == "G03" and "against the champion" in gate["found"]
    ]
    if not compared:
        return nothing("a second training: gate G03 then measures how far the older version falls behind")
    record, said = compared[-1]
    proof = Proof(found.record(record), Said("an older version on newer rows: {found}", {"found": said}))
    snapshots = {entry["snapshot"] for entry, _ in compared}
    if len(snapshots) < 2:
        return Verdict(MANUAL, (proof,), Said("the same on two newer snapshots"))
    return Verdict(AUTOMATED, (proof,))


def simpler(found: Artefacts) -> Verdict:
    status, record = found.gate("G02")
    if status != "passed":
        return nothing("a version that beats the naive baseline: gate G02")
    names = [entry["name"] for entry in found.files["candidates.json"]["candidates"]]
    shows = Said("{count} candidates were compared on the same rows", {"count": len(names)})
    proofs = (
        Proof(record, Said("gate G02 passed: better than the naive baseline")),
        Proof(found.file("candidates.json"), shows),
    )
    return Verdict(AUTOMATED, proofs)


def slices(found: Artefacts) -> Verdict:
    status, record = found.gate("G06")
    if status == "passed":
        return Verdict(
            AUTOMATED, (Proof(record, Said("gate G06 passed: no slice falls far below the whole")),)
        )
    if found.files.get("slices.json"):
        proof = Proof(found.file("slices.json"), Said("the slices were measured"))
        return Verdict(
            MANUAL, (proof,), Said("slices with enough rows, of which none falls far below the whole")
        )
    return nothing("gates.slices in project.yaml: the fields whose values matter")


def inclusion(found: Artefacts) -> Verdict:
    return documented(
        found,
        ("inclus", "fairness", "equidade", "viés", "bias"),
        Said(
            "a heading on inclusion in the project's documents: whom the model may fail, and what was found"
        ),
        Said("a gate on the groups that matter; Zelo cannot know which fields stand for them"),
    )


ITEMS: tuple[tuple[str, str, Check], ...] = (
    ("M1", "Model specifications are reviewed and submitted", reviewed),
    ("M2", "Offline and online metrics correlate", online_and_offline),
    ("M3", "All hyperparameters have been tuned", tuned),
    ("M4", "The impact of model staleness is known", staleness),
    ("M5", "A simpler model is not better", simpler),
    ("M6", "Model quality is sufficient on important slices", slices),
    ("M7", "The model is tested for considerations of inclusion", inclusion),
)
