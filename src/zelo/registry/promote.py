"""The verbs that move the champion: each runs or reads its gates, moves the aliases, and leaves evidence."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from zelo.data.snapshot import read_snapshot
from zelo.errors import GateError, RegistryError
from zelo.registry.aliases import read_aliases, write_aliases
from zelo.registry.bundle import Bundle, load_bundle
from zelo.registry.contracts import differences
from zelo.registry.decision_log import Action, named, passed_over, told
from zelo.registry.evidence import append_evidence
from zelo.registry.examination import examine
from zelo.registry.gates.gate import GateResult
from zelo.registry.gates.run import GATES, run_gates
from zelo.registry.lock import one_at_a_time
from zelo.registry.model_versions import refuse_unknown, set_aliases
from zelo.registry.store import Store, load_champion, version_facts
from zelo.registry.traffic import Traffic, read_traffic, write_traffic

Entry = dict[str, str]


@dataclass(frozen=True)
class Moved:
    """The champion before and after, with the gates where they were run.

    ``ended``: the division of the traffic that the move ended. ``watched``: the version before scores every
    row beside the new champion.
    """

    version: str
    previous: str | None
    gates: tuple[GateResult, ...] = ()
    accepted: tuple[str, ...] = ()
    ended: Traffic | None = None
    watched: bool = False


@dataclass(frozen=True)
class Examined:
    """A version's bundle and the gates that it passed, or whose failures somebody answers for."""

    bundle: Bundle
    gates: tuple[GateResult, ...]
    accepted: tuple[str, ...]


def promote(
    store: Store,
    project: str,
    *,
    approver: str,
    reason: str,
    at: datetime,
    accept: Collection[str] = (),
    watch: bool = False,
) -> Moved:
    """Make the challenger champion, if every gate passes or is accepted by name.

    A division of the traffic with this challenger ends, and so does the watch over the champion.

    Args:
        watch: let the version before score every row beside the new champion, where it can.

    Raises:
        GateError: a gate fails and was not accepted; nothing has changed.
        RegistryError: there is no challenger, ``accept`` names no gate, or the traffic is divided with
            another version than the challenger.
    """
    refuse_unknown_gates(accept)
    with one_at_a_time(store.registry, project):
        aliases = read_aliases(store.registry, project)
        hint = f"zelo train {project} makes one"
        challenger = entry_of(aliases, "challenger", project, hint)
        _refuse_other_trial(store.registry, project, challenger["version"])
        by = By(approver, reason, at)
        return made_champion(store, project, challenger, by, accept=accept, watch=watch)


def rollback(store: Store, project: str, *, approver: str, reason: str, at: datetime) -> Moved:
    """Make the previous version champion again; the one that leaves becomes the previous.

    It answers alone: a division of the traffic ends.

    Raises:
        RegistryError: there is no previous version.
        BundleError: its bundle is missing or changed; the champion stays.
    """
    with one_at_a_time(store.registry, project):
        return put_back(store, project, By(approver, reason, at))


@dataclass(frozen=True)
class By:
    """Who moves a version, why and when; ``facts`` go into the evidence as they are."""

    approver: str
    reason: str
    at: datetime
    facts: Mapping[str, Any] = field(default_factory=dict)


def made_champion(
    store: Store, project: str, entry: Entry, by: By, *, accept: Collection[str], watch: bool
) -> Moved:
    """Move the champion to a version, with its gates, evidence and aliases, and end the division.

    Raises: see :func:`promote`, whose lock the caller holds.
    """
    examined = examined_for(store, project, entry, accept)
    aliases, ended = read_aliases(store.registry, project), read_traffic(store.registry, project)
    champion = aliases.pop("champion", None)
    if aliases.get("challenger") == entry:
        del aliases["challenger"]
    aliases["champion"] = entry
    if champion:
        aliases["previous"] = champion
    refuse_unknown(store.tracking_uri, project, [one["version"] for one in aliases.values()])
    watched = watch and champion is not None and _reads_the_same(store, project, champion, examined.bundle)
    replaced = champion["version"] if champion else None
    moved = Moved(entry["version"], replaced, examined.gates, examined.accepted, ended, watched)
    append_evidence(
        store.registry,
        project,
        version_facts(moved.version, examined.bundle)
        | _decision(store, examined.bundle, "promote", moved, by)
        | {"accepted": list(moved.accepted), "gates": [gate.as_dict() for gate in moved.gates]},
    )
    _move(store, project, aliases)
    write_traffic(store.registry, project, _watch(champion, by) if watched and champion else None)
    return moved


def put_back(store: Store, project: str, by: By) -> Moved:
    """Move the champion back to the version before.

    Raises: see :func:`rollback`, whose lock the caller holds.
    """
    aliases = read_aliases(store.registry, project)
    champion = entry_of(aliases, "champion", project, f"zelo promote {project} makes one")
    previous = entry_of(
        aliases,
        "previous",
        project,
        f"a first promotion has nothing to go back to; zelo traffic {project} --stop ends a division",
    )
    bundle = load_bundle(store.bundles / project / previous["bundle"])
    aliases["champion"], aliases["previous"] = previous, champion
    refuse_unknown(store.tracking_uri, project, [entry["version"] for entry in aliases.values()])
    ended = read_traffic(store.registry, project)
    moved = Moved(previous["version"], champion["version"], ended=ended)
    append_evidence(
        store.registry,
        project,
        version_facts(moved.version, bundle) | _decision(store, bundle, "rollback", moved, by),
    )
    _move(store, project, aliases)
    write_traffic(store.registry, project, None)
    return moved


def examined_for(store: Store, project: str, entry: Entry, accept: Collection[str]) -> Examined:
    """Run the gates of a version against the champion.

    Raises:
        GateError: one fails and was not accepted.
        BundleError: the bundle is missing or changed.
    """
    bundle = load_bundle(store.bundles / project / entry["bundle"])
    snapshot = read_snapshot(store.snapshots, project, bundle.manifest["snapshot"])
    gates = tuple(run_gates(examine(bundle, snapshot, load_champion(store, project))))
    failed = [gate for gate in gates if gate.status == "failed"]
    if refused := [gate for gate in failed if gate.code not in accept]:
        raise GateError(
            f"version {entry['version']} of {project} is not promoted",
            where=", ".join(gate.code for gate in refused),
            found="; ".join(f"{gate.code} {gate.title}: {gate.found}" for gate in refused),
            expected="; ".join(f"{gate.code} {gate.expected}" for gate in refused),
            hint="see docs/gates.md; --accept CODE with a --reason takes a failure upon yourself",
        )
    return Examined(bundle, gates, tuple(gate.code for gate in failed))


def _refuse_other_trial(registry: Path, project: str, version: str) -> None:
    traffic = read_traffic(registry, project)
    if traffic is not None and traffic.mode != "watch" and traffic.version != version:
        raise RegistryError(
            f"the traffic of {project} is divided with another version",
            where=project,
            found=f"a {traffic.mode} of version {traffic.version}",
            expected=f"version {version}, or no division",
            hint=f"zelo traffic {project} --stop ends it",
        )


def _reads_the_same(store: Store, project: str, champion: Entry, bundle: Bundle) -> bool:
    before = load_bundle(store.bundles / project / champion["bundle"])
    return not differences(bundle.project, before.project)


def _watch(champion: Entry, by: By) -> Traffic:
    return Traffic(
        mode="watch",
        version=champion["version"],
        bundle=champion["bundle"],
        share=0,
        started=by.at,
        since=by.at,
        actor=by.approver,
        reason=by.reason,
    )


def _decision(store: Store, bundle: Bundle, action: Action, moved: Moved, by: By) -> dict[str, object]:
    """What evidence says of a move beside the version: who, when and why, and the same in a sentence."""
    project = bundle.project.name
    new = named(store.registry, project, moved.version)
    old = named(store.registry, project, moved.previous) if moved.previous else None
    instead_of = passed_over(store.registry, project, moved.version)
    return {
        "action": action,
        **by.facts,
        "at": by.at.isoformat(),
        "approver": by.approver,
        "reason": by.reason,
        "replaced": moved.previous,
        "instead_of": instead_of,
        "decision": told(
            action,
            new,
            old,
            at=by.at,
            approver=by.approver,
            reason=by.reason,
            accepted=moved.accepted,
            language=bundle.project.language,
            instead_of=instead_of,
        ),
    }


def _move(store: Store, project: str, aliases: dict[str, Entry]) -> None:
    write_aliases(store.registry, project, aliases)
    set_aliases(store.tracking_uri, project, {alias: entry["version"] for alias, entry in aliases.items()})


def entry_of(aliases: dict[str, Entry], alias: str, project: str, hint: str) -> Entry:
    """The version behind an alias. Raises RegistryError."""
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


def refuse_unknown_gates(accept: Collection[str]) -> None:
    """Raise RegistryError where a code is no gate's."""
    codes = [gate.code for gate in GATES]
    if unknown := sorted(set(accept) - set(codes)):
        raise RegistryError(
            "no such gate", where="--accept", found=", ".join(unknown), expected=", ".join(codes)
        )
