"""What a project has left behind that can prove something: read once, and nothing is run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from zelo.ledger.records import Event
from zelo.ledger.store import Ledger
from zelo.registry.aliases import read_aliases
from zelo.registry.bundle import check_files
from zelo.registry.evidence import read_evidence
from zelo.registry.store import Store
from zelo.spec.project import Project

KINDS = ("monitor", "traffic", "promotion", "rollback", "trigger", "replay", "serving")
_EVENTS = 500
RULES = Path("prometheus", "rules", "alerts.yml")


@dataclass(frozen=True)
class Artefacts:
    """Of the champion, or of the challenger where there is no champion yet; of neither, empty.

    ``made`` is the project as its bundle holds it, ``files`` the bundle's JSON by name, ``evidence`` the
    project's records from old to new, ``events`` the ledger's by kind, the latest first, ``texts`` the
    project's documents by file name, ``rules`` the alerts of Prometheus, ``inputs`` what each registered
    version reads, ``tests`` the files of tests about the project.
    """

    project: Project
    now: datetime
    version: str | None
    bundle: Path | None
    made: Project | None
    manifest: Mapping[str, Any]
    files: Mapping[str, Any]
    evidence: Sequence[Mapping[str, Any]]
    events: Mapping[str, Sequence[Event]]
    answered: int
    judged: bool
    texts: Mapping[str, str]
    rules: str
    inputs: Mapping[str, frozenset[str]]
    tests: tuple[str, ...]

    def file(self, name: str) -> str:
        """A file of the bundle, as a place to look."""
        return f"bundles/{self.project.name}/{self.bundle.name if self.bundle else '-'}/{name}"

    def record(self, record: Mapping[str, Any]) -> str:
        """A record of evidence, as a place to look."""
        return f"registry/{self.project.name}/evidence/{record['sequence']:04d}.json"

    def gate(self, code: str) -> tuple[str, str]:
        """What a gate last said of the version (``absent`` where none did), and the record that holds it."""
        for record in reversed(self.evidence):
            if record["version"] != self.version:
                continue
            for gate in record.get("gates", ()):
                if gate["code"] == code:
                    return str(gate["status"]), self.record(record)
        return "absent", ""

    def records(self, action: str) -> list[Mapping[str, Any]]:
        """The evidence of one action, from old to new."""
        return [record for record in self.evidence if record["action"] == action]

    def looks(self, **labels: str) -> list[Event]:
        """Looks with a gauge of quality that has these labels."""
        return [
            event
            for event in self.events["monitor"]
            if any(_is_quality(gauge, labels) for gauge in event.payload.get("gauges", ()))
        ]


def gather(
    store: Store, ledger: Ledger, project: Project, *, folder: Path, deploy: Path, tests: Path, now: datetime
) -> Artefacts:
    """Read everything that may prove a point.

    Args:
        folder: the project's.
        deploy: with the rules of Prometheus.
        tests: with the tests of the projects; it may be missing.

    Raises:
        BundleError: the version's bundle is damaged.
        RegistryError: the evidence, or the aliases, are.
        LedgerError: the ledger cannot be read.
    """
    aliases = read_aliases(store.registry, project.name)
    entry = aliases.get("champion") or aliases.get("challenger")
    bundle = store.bundles / project.name / entry["bundle"] if entry else None
    manifest = check_files(bundle)[0] if bundle else {}
    rules = deploy / RULES
    evidence = read_evidence(store.registry, project.name)
    return Artefacts(
        project=project,
        now=now,
        version=entry["version"] if entry else None,
        bundle=bundle,
        made=Project.model_validate_json((bundle / "project.json").read_bytes()) if bundle else None,
        manifest=manifest,
        files=_read(bundle) if bundle else {},
        evidence=evidence,
        events={kind: ledger.events(project.name, kind=kind, limit=_EVENTS) for kind in KINDS},
        answered=ledger.count(project.name),
        judged=bool(ledger.judged(project.name, limit=1)),
        texts={path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.md"))},
        rules=rules.read_text(encoding="utf-8") if rules.is_file() else "",
        inputs=dict(_inputs(store.bundles / project.name, evidence)),
        tests=tuple(path.name for path in sorted(tests.glob(f"test_{project.name}*.py"))),
    )


def _inputs(bundles: Path, evidence: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, frozenset[str]]]:
    for record in evidence:
        path = bundles / record["bundle"] / "project.json"
        if record["action"] == "register" and path.is_file():
            yield record["version"], frozenset(Project.model_validate_json(path.read_bytes()).inputs)


def _read(bundle: Path) -> dict[str, Any]:
    return {path.name: json.loads(path.read_text(encoding="utf-8")) for path in bundle.glob("*.json")}


def _is_quality(gauge: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    return gauge.get("name") == "zelo_model_quality" and labels.items() <= gauge["labels"].items()
