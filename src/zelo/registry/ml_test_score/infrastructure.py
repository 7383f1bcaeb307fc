"""Infrastructure: items 1 to 7 of the third section."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zelo.registry.ml_test_score.artefacts import Artefacts
from zelo.registry.ml_test_score.verdict import AUTOMATED, MANUAL, Check, Proof, Said, Verdict, nothing

_SAME = ("snapshot", "candidate", "params", "environment")


def reproducible(found: Artefacts) -> Verdict:
    registered = found.records("register")
    for place, later in enumerate(registered):
        for earlier in registered[:place]:
            if _alike(earlier, later) and earlier["metrics"] == later["metrics"]:
                told = {"first": earlier["version"], "second": later["version"]}
                shows = Said(
                    "versions {first} and {second}: the same data and settings, the same figures", told
                )
                return Verdict(AUTOMATED, (Proof(found.record(later), shows),))
    if not found.manifest:
        return nothing("a version")
    shows = Said("data, environment and seed are pinned")
    wants = Said("a second training on the same snapshot and settings that reaches the same figures")
    return Verdict(MANUAL, (Proof(found.file("manifest.json"), shows),), wants)


def _alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return one["version"] != other["version"] and all(one[name] == other[name] for name in _SAME)


def unit_tested(found: Artefacts) -> Verdict:
    if not found.tests:
        return nothing("tests of the project, in tests/projects")
    shows = Said("tests of the project are there")
    proofs = tuple(Proof(f"tests/projects/{name}", shows) for name in found.tests)
    return Verdict(MANUAL, proofs, Said("a record that they ran for the commit of the version"))


def integration_tested(found: Artefacts) -> Verdict:
    if not found.answered:
        return nothing("a version that went from its data to answers: zelo serve")
    shows = Said(
        "{count} answers, each of a version that was trained and examined here", {"count": found.answered}
    )
    proofs = (Proof("ledger: predictions", shows),)
    jobs = [event for event in found.events["trigger"] if event.payload.get("job")]
    if not jobs:
        return Verdict(
            MANUAL, proofs, Said("a training that a trigger started, from new data to a challenger")
        )
    by_itself = Said("a trigger started job {job}", {"job": jobs[0].payload["job"]})
    return Verdict(AUTOMATED, (*proofs, Proof(f"event {jobs[0].id}", by_itself)))


def validated(found: Artefacts) -> Verdict:
    promoted = [record for record in found.records("promote") if record["version"] == found.version]
    if not promoted:
        return nothing("a champion: zelo promote runs the gates again")
    record = promoted[-1]
    failed = [gate["code"] for gate in record.get("gates", ()) if gate["status"] == "failed"]
    if failed:
        shows = Said(
            "gates ran before it served; taken upon themselves by a person: {codes}",
            {"codes": ", ".join(failed)},
        )
        return Verdict(
            MANUAL, (Proof(found.record(record), shows),), Said("a champion that passes every gate")
        )
    shows = Said("every gate passed, or had nothing to judge, before it served")
    return Verdict(AUTOMATED, (Proof(found.record(record), shows),))


def debuggable(found: Artefacts) -> Verdict:
    if not found.answered or found.bundle is None:
        return nothing("answers in the ledger, with the inputs and the version of each")
    proofs = (
        Proof("ledger: predictions", Said("the inputs, version and decision of each answer are kept")),
        Proof(found.file("pipeline.skops"), Said("the fitted steps can be run one by one")),
    )
    return Verdict(MANUAL, proofs, Said("a tool that shows one answer step by step"))


def canaried(found: Artefacts) -> Verdict:
    started = [
        event
        for event in found.events["traffic"]
        if event.payload.get("what") == "started"
        and event.payload.get("mode") in ("canary", "shadow", "split")
    ]
    if not started:
        return nothing("zelo promote --canary 5,25,100, or --shadow")
    mine = [event for event in started if event.payload.get("version") == found.version]
    shown = (mine or started)[0]
    told = {"mode": shown.payload["mode"], "version": shown.payload["version"]}
    proof = Proof(f"event {shown.id}", Said("{mode} of version {version}", told))
    if not mine:
        return Verdict(MANUAL, (proof,), Said("the version that serves now, canaried before it was champion"))
    return Verdict(AUTOMATED, (proof,))


def rolled_back(found: Artefacts) -> Verdict:
    events = found.events["rollback"]
    by_itself = [event for event in events if event.payload.get("why") in ("errors", "latency", "quality")]
    if by_itself:
        why = Said("rolled back by itself, for {why}", {"why": by_itself[0].payload["why"]})
        return Verdict(AUTOMATED, (Proof(f"event {by_itself[0].id}", why),))
    records = found.records("rollback")
    wants = Said("a rollback that nobody had to ask for")
    if events:
        return Verdict(MANUAL, (Proof(f"event {events[0].id}", Said("rolled back by a person")),), wants)
    if records:
        return Verdict(MANUAL, (Proof(found.record(records[-1]), Said("rolled back by a person")),), wants)
    return nothing("a rollback that was tried once: zelo rollback")


ITEMS: tuple[tuple[str, str, Check], ...] = (
    ("I1", "Training is reproducible", reproducible),
    ("I2", "Model specifications are unit tested", unit_tested),
    ("I3", "The pipeline is integration tested", integration_tested),
    ("I4", "Model quality is validated before serving", validated),
    ("I5", "The model can be debugged on a single example", debuggable),
    ("I6", "Models are canaried before serving", canaried),
    ("I7", "Serving models can be rolled back", rolled_back),
)
