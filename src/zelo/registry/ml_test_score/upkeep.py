"""Monitoring: items 1 to 7 of the fourth section."""

from __future__ import annotations

from datetime import datetime

from zelo.registry.ml_test_score.artefacts import RULES, Artefacts
from zelo.registry.ml_test_score.verdict import AUTOMATED, MANUAL, Check, Proof, Said, Verdict, nothing
from zelo.spec.acting import length

_REPEATED = 2


def dependencies(found: Artefacts) -> Verdict:
    if not found.manifest:
        return nothing("a version")
    known = Said("the hash of every package and of the data is kept, and a change of it is seen")
    return Verdict(
        MANUAL,
        (Proof(found.file("manifest.json"), known),),
        Said("a notice that is sent by itself when a source or a package changes"),
    )


def invariants(found: Artefacts) -> Verdict:
    status, record = found.gate("G01")
    if status != "passed":
        return nothing("a version whose gate G01 passed")
    proof = Proof(record, Said("gate G01 passed; rows outside the contract are refused, each time"))
    looks = found.events["monitor"]
    if len(looks) < _REPEATED:
        return Verdict(MANUAL, (proof,), Said("looks that come again: zelo monitor, or a worker's rounds"))
    return Verdict(AUTOMATED, (proof, _looked(found)))


def skew(found: Artefacts) -> Verdict:
    parity = found.files.get("parity.json", {})
    if not parity.get("passed"):
        return nothing("a compiled model that gives what the fitted one gives: gate G04")
    proof = Proof(
        found.file("parity.json"), Said("what serves gives what was fitted, on real rows and on edges")
    )
    if len(found.events["monitor"]) < _REPEATED:
        return Verdict(MANUAL, (proof,), Said("looks that come again: zelo monitor, or a worker's rounds"))
    return Verdict(AUTOMATED, (proof, _looked(found)))


def stale(found: Artefacts) -> Verdict:
    every = found.project.retraining.every
    if every is None or not found.manifest:
        return nothing("retraining.every in project.yaml: how old a version may grow")
    made = datetime.fromisoformat(found.manifest["created"])
    told = {"every": every, "days": (found.now - made).days}
    proof = Proof(
        found.file("manifest.json"), Said("trained {days} days ago, where {every} is the most", told)
    )
    if found.now - made > length(every):
        return Verdict(MANUAL, (proof,), Said("a younger version: zelo retrain --due"))
    return Verdict(AUTOMATED, (proof,))


def stable(found: Artefacts) -> Verdict:
    parity = found.files.get("parity.json", {})
    if not parity.get("passed"):
        return nothing("a compiled model that gives what the fitted one gives: gate G04")
    proof = Proof(
        found.file("parity.json"), Said("finite scores on missing values and on the ends of each range")
    )
    minutes = found.events["serving"]
    if not minutes:
        return Verdict(
            MANUAL, (proof,), Said("traffic: the rows that a version fails on are counted by the minute")
        )
    counted = Said("rows that a version fails on are counted by the minute")
    return Verdict(AUTOMATED, (proof, Proof(f"event {minutes[0].id}", counted)))


def performance(found: Artefacts) -> Verdict:
    status, record = found.gate("G05")
    if status != "passed":
        return nothing("a version whose gate G05 passed")
    proof = Proof(record, Said("gate G05 passed: quick enough, and measured for each version"))
    if "HighLatency" not in found.rules or not found.events["serving"]:
        return Verdict(
            MANUAL, (proof,), Said("served traffic, with the alert HighLatency among the rules of Prometheus")
        )
    alert = Proof(f"deploy/{RULES.as_posix()}", Said("the alert {name} watches it", {"name": "HighLatency"}))
    return Verdict(AUTOMATED, (proof, alert))


def quality(found: Artefacts) -> Verdict:
    known, estimated = found.looks(kind="outcomes"), found.looks(kind="estimated")
    if not known and not estimated:
        return nothing("looks at a served version: zelo monitor measures, or estimates, its quality")
    shows = Said("{count} looks measured quality on outcomes", {"count": len(known)})
    if not known:
        shows = Said("{count} looks estimated quality without outcomes", {"count": len(estimated)})
    proof = Proof(f"event {(known or estimated)[0].id}", shows)
    retraining = found.project.retraining
    limits = found.project.monitoring.floors or (retraining.quality and "quality" in retraining.when)
    if not known or not limits or len(known) < _REPEATED:
        wants = Said("outcomes at two looks or more, and a floor (monitoring.floors) or a trigger on quality")
        return Verdict(MANUAL, (proof,), wants)
    limited = Proof(
        f"projects/{found.project.name}/project.yaml", Said("a floor, or a trigger, says how low it may fall")
    )
    return Verdict(AUTOMATED, (proof, limited))


def _looked(found: Artefacts) -> Proof:
    looks = found.events["monitor"]
    return Proof(f"event {looks[0].id}", Said("{count} looks at what arrives", {"count": len(looks)}))


ITEMS: tuple[tuple[str, str, Check], ...] = (
    ("O1", "Dependency changes result in a notification", dependencies),
    ("O2", "Data invariants hold for inputs", invariants),
    ("O3", "Training and serving are not skewed", skew),
    ("O4", "Models are not too stale", stale),
    ("O5", "Models are numerically stable", stable),
    ("O6", "Computing performance has not regressed", performance),
    ("O7", "Prediction quality has not regressed", quality),
)
