"""The verbs that move the champion: each runs or reads its gates, moves the aliases, and leaves evidence."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from zelo.data.snapshot import read_snapshot
from zelo.errors import GateError, RegistryError
from zelo.registry.aliases import read_aliases, write_aliases
from zelo.registry.bundle import Bundle, load_bundle
from zelo.registry.decision_log import Action, named, passed_over, told
from zelo.registry.evidence import append_evidence
from zelo.registry.examination import examine
from zelo.registry.gates.gate import GateResult
from zelo.registry.gates.run import GATES, run_gates
from zelo.registry.model_versions import refuse_unknown, set_aliases
from zelo.registry.store import Store, load_champion, version_facts


@dataclass(frozen=True)
class Moved:
    """The champion before and after, with the gates where they were run."""

    version: str
    previous: str | None
    gates: tuple[GateResult, ...] = ()
    accepted: tuple[str, ...] = ()


def promote(
    store: Store, project: str, *, approver: str, reason: str, at: datetime, accept: Collection[str] = ()
) -> Moved:
    """Make the challenger champion, if every gate passes or is accepted by name.

    Raises:
        GateError: a gate fails and was not accepted; nothing has changed.
        RegistryError: there is no challenger, or ``accept`` names no gate.
    """
    _known(accept)
    aliases = read_aliases(store.registry, project)
    challenger = _entry(aliases, "challenger", project, f"zelo train {project} makes one")
    bundle = load_bundle(store.bundles / project / challenger["bundle"])
    snapshot = read_snapshot(store.snapshots, project, bundle.manifest["snapshot"])
    gates = tuple(run_gates(examine(bundle, snapshot, load_champion(store, project))))
    failed = [gate for gate in gates if gate.status == "failed"]
    if refused := [gate for gate in failed if gate.code not in accept]:
        raise GateError(
            f"version {challenger['version']} of {project} is not promoted",
            where=", ".join(gate.code for gate in refused),
            found="; ".join(f"{gate.code} {gate.title}: {gate.found}" for gate in refused),
            expected="; ".join(f"{gate.code} {gate.expected}" for gate in refused),
            hint="see docs/gates.md; --accept CODE with a --reason takes a failure upon yourself",
        )
    accepted = tuple(gate.code for gate in failed)
    champion = aliases.pop("champion", None)
    del aliases["challenger"]
    aliases["champion"] = challenger
    if champion:
        aliases["previous"] = champion
    refuse_unknown(store.tracking_uri, project, [entry["version"] for entry in aliases.values()])
    moved = Moved(challenger["version"], champion["version"] if champion else None, gates, accepted)
    append_evidence(
        store.registry,
        project,
        version_facts(moved.version, bundle)
        | _decision(store, bundle, "promote", moved, approver=approver, reason=reason, at=at)
        | {"accepted": list(accepted), "gates": [gate.as_dict() for gate in gates]},
    )
    _move(store, project, aliases)
    return moved


def rollback(store: Store, project: str, *, approver: str, reason: str, at: datetime) -> Moved:
    """Make the previous version champion again; the one that leaves becomes the previous.

    Raises:
        RegistryError: there is no previous version.
        BundleError: its bundle is missing or changed; the champion stays.
    """
    aliases = read_aliases(store.registry, project)
    champion = _entry(aliases, "champion", project, f"zelo promote {project} makes one")
    previous = _entry(aliases, "previous", project, "a first promotion has nothing to go back to")
    bundle = load_bundle(store.bundles / project / previous["bundle"])
    aliases["champion"], aliases["previous"] = previous, champion
    refuse_unknown(store.tracking_uri, project, [entry["version"] for entry in aliases.values()])
    moved = Moved(previous["version"], champion["version"])
    append_evidence(
        store.registry,
        project,
        version_facts(moved.version, bundle)
        | _decision(store, bundle, "rollback", moved, approver=approver, reason=reason, at=at),
    )
    _move(store, project, aliases)
    return moved


def _decision(
    store: Store, bundle: Bundle, action: Action, moved: Moved, *, approver: str, reason: str, at: datetime
) -> dict[str, object]:
    """What evidence says of a move beside the version: who, when and why, and the same in a sentence."""
    project = bundle.project.name
    new = named(store.registry, project, moved.version)
    old = named(store.registry, project, moved.previous) if moved.previous else None
    instead_of = passed_over(store.registry, project, moved.version)
    return {
        "action": action,
        "at": at.isoformat(),
        "approver": approver,
        "reason": reason,
        "replaced": moved.previous,
        "instead_of": instead_of,
        "decision": told(
            action,
            new,
            old,
            at=at,
            approver=approver,
            reason=reason,
            accepted=moved.accepted,
            language=bundle.project.language,
            instead_of=instead_of,
        ),
    }


def _move(store: Store, project: str, aliases: dict[str, dict[str, str]]) -> None:
    write_aliases(store.registry, project, aliases)
    set_aliases(store.tracking_uri, project, {alias: entry["version"] for alias, entry in aliases.items()})


def _entry(aliases: dict[str, dict[str, str]], alias: str, project: str, hint: str) -> dict[str, str]:
    if alias not in aliases:
        raise RegistryError(
            f"{project} has no {alias}",
            where=project,
            found=", ".join(f"{name} {entry['version']}" for name, entry in sorted(aliases.items()))
            or "no version",
            expected=f"a version with the alias {alias}",
            hint=hint,
        )
    return aliases[alias]


def _known(accept: Collection[str]) -> None:
    codes = [gate.code for gate in GATES]
    if unknown := sorted(set(accept) - set(codes)):
        raise RegistryError(
            "no such gate", where="--accept", found=", ".join(unknown), expected=", ".join(codes)
        )
