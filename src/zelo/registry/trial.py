"""A challenger's trial on real traffic: started, stepped, ended; each leaves evidence and an event."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from zelo.errors import RegistryError
from zelo.ledger.store import Ledger
from zelo.registry.aliases import read_aliases
from zelo.registry.bundle import Bundle, load_bundle
from zelo.registry.contracts import refuse_other_contract
from zelo.registry.decision_log import named, told_of_traffic
from zelo.registry.evidence import append_evidence
from zelo.registry.gates.gate import GateResult
from zelo.registry.lock import one_at_a_time
from zelo.registry.promote import (
    By,
    Entry,
    entry_of,
    examined_for,
    made_champion,
    put_back,
    refuse_unknown_gates,
)
from zelo.registry.store import Store, version_facts
from zelo.registry.traffic import Traffic, read_traffic, write_traffic

Trial = Literal["shadow", "canary", "split"]
What = Literal["started", "stepped", "ended"]
Why = Literal["errors", "latency", "quality", "person"]


@dataclass(frozen=True)
class Started:
    """The division, beside which champion, and the gates that the challenger passed."""

    traffic: Traffic
    champion: str
    gates: tuple[GateResult, ...]
    accepted: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ended:
    """The division that was, and the champion that answers alone now; ``replaced`` where it is another one.

    ``watched``: the version before scores every row beside the new champion.
    """

    traffic: Traffic
    champion: str
    replaced: str | None = None
    gates: tuple[GateResult, ...] = ()
    watched: bool = False


def start_traffic(
    store: Store,
    ledger: Ledger,
    project: str,
    *,
    mode: Trial,
    shares: Sequence[int] = (),
    approver: str,
    reason: str,
    at: datetime,
    accept: Collection[str] = (),
) -> Started:
    """Let the challenger score every row beside the champion, and answer a first share of the entities.

    Args:
        shares: percent; of a canary its steps, of a split the one share, of a shadow none.

    Raises:
        GateError: a gate fails and was not accepted; nothing has changed.
        RegistryError: there is no champion or no challenger, they read other inputs, or the traffic is
            divided already.
    """
    refuse_unknown_gates(accept)
    with one_at_a_time(store.registry, project):
        _refuse_divided(store, project)
        aliases = read_aliases(store.registry, project)
        champion = entry_of(aliases, "champion", project, f"zelo promote {project} makes the first one")
        entry = entry_of(aliases, "challenger", project, f"zelo train {project} makes one")
        serving = _bundle(store, project, champion)
        refuse_other_contract(
            (champion["version"], serving.project),
            (entry["version"], _bundle(store, project, entry).project),
        )
        examined = examined_for(store, project, entry, accept)
        traffic = Traffic(
            mode=mode,
            version=entry["version"],
            bundle=entry["bundle"],
            share=shares[0] if shares else 0,
            steps=tuple(shares) if mode == "canary" else (),
            started=at,
            since=at,
            actor=approver,
            reason=reason,
            accepted=examined.accepted,
        )
        gates = {
            "accepted": list(examined.accepted),
            "gates": [gate.as_dict() for gate in examined.gates],
        }
        by = By(approver, reason, at, gates)
        _prove(store, project, "started", traffic, champion["version"], by)
        write_traffic(store.registry, project, traffic)
    _tell(ledger, project, "started", traffic, champion["version"], by)
    return Started(traffic, champion["version"], examined.gates, examined.accepted)


def _refuse_divided(store: Store, project: str) -> None:
    if (divided := read_traffic(store.registry, project)) and divided.mode != "watch":
        raise RegistryError(
            f"the traffic of {project} is divided already",
            where=project,
            found=f"a {divided.mode} of version {divided.version}",
            expected="one challenger at a time",
            hint=f"zelo traffic {project} --stop ends it",
        )


def step_traffic(
    store: Store,
    ledger: Ledger,
    project: str,
    *,
    approver: str,
    reason: str,
    at: datetime,
    seen: Traffic | None = None,
) -> Traffic:
    """Give a canary its next share (``Traffic.next_share``).

    Args:
        seen: the division that the step was decided on.

    Raises:
        RegistryError: the traffic is not divided by a canary, its last step is reached (end it then), or
            somebody has moved it since it was ``seen``.
    """
    with one_at_a_time(store.registry, project):
        before = _divided(store.registry, project, seen)
        if before.next_share is None:
            raise RegistryError(
                f"the traffic of {project} has no further step",
                where=project,
                found=f"a {before.mode} of version {before.version} with {before.share} % of the entities",
                expected="a canary below its last step",
                hint=f"zelo promote {project}, or zelo traffic {project} --stop",
            )
        traffic = before.stepped(before.next_share, at)
        champion = read_aliases(store.registry, project)["champion"]["version"]
        by = By(approver, reason, at)
        _prove(store, project, "stepped", traffic, champion, by)
        write_traffic(store.registry, project, traffic)
    _tell(ledger, project, "stepped", traffic, champion, by)
    return traffic


def end_traffic(
    store: Store,
    ledger: Ledger,
    project: str,
    *,
    promote: bool,
    approver: str,
    reason: str,
    at: datetime,
    why: Why | None = None,
    figures: Mapping[str, Any] | None = None,
    watch: bool = False,
    seen: Traffic | None = None,
) -> Ended:
    """Let one version answer alone: the other one of the division with ``promote``, or else the champion.

    After a promotion (mode ``watch``) the other one is the version before: ``promote`` is then a rollback.
    Where the other one is champion already, a move was cut off between its two writes: the division ends.

    Args:
        why: what took a version out, for an event ``rollback``; ``None`` where nothing was taken out.
        figures: what was measured; goes into that event and into the evidence.
        watch: after a promotion, let the version before score every row beside the new champion.
        seen: the division that was judged: what ended another one's trial is not done to this one's.

    Raises:
        GateError: a gate fails by now; nothing has changed.
        RegistryError: the traffic is not divided, or somebody has moved it since it was ``seen``.
    """
    by = By(approver, reason, at, {"why": why, "figures": dict(figures or {})} if why else {})
    with one_at_a_time(store.registry, project):
        traffic = _divided(store.registry, project, seen)
        champion = read_aliases(store.registry, project)["champion"]["version"]
        promote = promote and traffic.version != champion
        ended = Ended(traffic, champion)
        if promote and traffic.mode == "watch":
            moved = put_back(store, project, by)
            ended = Ended(traffic, moved.version, champion)
        elif promote:
            entry = {"version": traffic.version, "bundle": traffic.bundle}
            moved = made_champion(store, project, entry, by, accept=traffic.accepted, watch=watch)
            ended = Ended(traffic, moved.version, champion, moved.gates, moved.watched)
        else:
            _prove(store, project, "ended", traffic, champion, by)
            write_traffic(store.registry, project, None)
    _tell(ledger, project, "ended", traffic, ended.champion, by)
    if promote and traffic.mode != "watch":
        payload: dict[str, Any] = {"version": ended.champion, "previous": ended.replaced}
        ledger.record_event(project, "promotion", approver, reason, payload)
    elif promote or why:
        taken_out = champion if promote else traffic.version
        rolled_back = {"version": taken_out, "champion": ended.champion, "mode": traffic.mode}
        payload = rolled_back | {"why": why or "person", "figures": dict(figures or {})}
        ledger.record_event(project, "rollback", approver, reason, payload)
    return ended


def _divided(registry: Path, project: str, seen: Traffic | None) -> Traffic:
    traffic = read_traffic(registry, project)
    if traffic is None:
        raise RegistryError(
            f"the traffic of {project} is not divided",
            where=project,
            found="the champion answers alone",
            expected="a challenger beside it",
            hint=f"zelo promote {project} --canary 5,25,100 gives the challenger a share",
        )
    if seen is not None and traffic != seen:
        raise RegistryError(
            f"the traffic of {project} was moved meanwhile",
            where=project,
            found=f"a {traffic.mode} of version {traffic.version} with {traffic.share} %",
            expected=f"a {seen.mode} of version {seen.version} with {seen.share} %",
            hint=f"look at zelo traffic {project}, then decide again",
        )
    return traffic


def _bundle(store: Store, project: str, entry: Entry) -> Bundle:
    return load_bundle(store.bundles / project / entry["bundle"])


def _prove(store: Store, project: str, what: What, traffic: Traffic, champion: str, by: By) -> None:
    """Evidence comes before the division: one that is there has a record."""
    bundle = load_bundle(store.bundles / project / traffic.bundle)
    append_evidence(
        store.registry,
        project,
        version_facts(traffic.version, bundle)
        | dict(by.facts)
        | {
            "action": "traffic",
            "what": what,
            "mode": traffic.mode,
            "share": traffic.share,
            "steps": list(traffic.steps),
            "champion": champion,
            "at": by.at.isoformat(),
            "approver": by.approver,
            "reason": by.reason,
            "decision": told_of_traffic(
                traffic.mode if what == "started" else what,
                named(store.registry, project, traffic.version),
                named(store.registry, project, champion),
                traffic.share,
                at=by.at,
                approver=by.approver,
                reason=by.reason,
                language=bundle.project.language,
            ),
        },
    )


def _tell(ledger: Ledger, project: str, what: What, traffic: Traffic, champion: str, by: By) -> None:
    payload = {
        "what": what,
        "mode": traffic.mode,
        "version": traffic.version,
        "share": traffic.share,
        "champion": champion,
    }
    ledger.record_event(project, "traffic", by.approver, by.reason, payload)
