"""From a trained challenger to its first share of the traffic, where the project lets that happen."""

from __future__ import annotations

from datetime import datetime

from zelo.errors import GateError, RegistryError
from zelo.ledger.jobs import Jobs
from zelo.ledger.store import Ledger
from zelo.registry.aliases import read_aliases
from zelo.registry.store import Store
from zelo.registry.traffic import read_traffic
from zelo.registry.trial import start_traffic
from zelo.retraining.replay import UNREADABLE, Replay, replayed
from zelo.retraining.triggers import TRIGGER
from zelo.retraining.words import say
from zelo.spec.project import Project

DEARER = "on rows with an outcome the challenger is dearer"


def begin(ledger: Ledger, store: Store, project: Project, *, actor: str, now: datetime) -> Replay | None:
    """Replay what the last trigger's job made, and where nothing speaks against it give it its first share.

    Each version is tried once: what came of it, its traffic or what refused it, stands in an event. A replay
    alone is no try: anybody may look at one, and a round may end before it acts on its own.

    Returns:
        The replay, where there was something to begin.

    Raises:
        RegistryError, BundleError: the aliases or a bundle are damaged.
        LedgerError: the ledger cannot be read or written.
    """
    version = _made_by_trigger(ledger, project)
    aliases = read_aliases(store.registry, project.name)
    if version is None or aliases.get("challenger", {}).get("version") != version:
        return None
    if read_traffic(store.registry, project.name) or _tried(ledger, project.name, version):
        return None
    found = replayed(ledger, store, project, actor=actor, now=now)
    if found is None:
        return None
    if not found.passes:
        reason = UNREADABLE if UNREADABLE in found.because else DEARER
        _refused(ledger, project, version, actor, say(project.language, reason))
        return found
    reason = say(project.language, "the gates passed, and the replay says nothing against it")
    try:
        start_traffic(
            store,
            ledger,
            project.name,
            mode="canary",
            shares=project.retraining.canary.steps,
            approver=actor,
            reason=reason,
            at=now,
        )
    except (GateError, RegistryError) as error:
        _refused(ledger, project, version, actor, f"{error.what}: {error.found}")
    return found


def _made_by_trigger(ledger: Ledger, project: Project) -> str | None:
    """The version that the last trigger's job made, where it is to get traffic."""
    last = ledger.events(project.name, kind=TRIGGER, limit=1)
    if not last or last[0].payload["action"] != "canary" or last[0].payload["job"] is None:
        return None
    job = Jobs(ledger).job(last[0].payload["job"])
    return None if job is None or job.result is None else str(job.result["version"])


def _tried(ledger: Ledger, project: str, version: str) -> bool:
    return any(event.payload["version"] == version for event in ledger.events(project, kind="traffic"))


def _refused(ledger: Ledger, project: Project, version: str, actor: str, reason: str) -> None:
    payload = {"what": "refused", "mode": "canary", "version": version, "share": 0}
    ledger.record_event(project.name, "traffic", actor, reason, payload)
