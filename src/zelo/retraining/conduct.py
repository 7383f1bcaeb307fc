"""The verb ``conduct``: a look at a project's divided traffic, and what the evidence asks for.

A new version (the challenger or, for a while after its promotion, the champion) is taken out where it fails,
is slow, or is worse on outcomes; a canary steps on where a step has lasted and is promoted after its last.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from zelo.errors import GateError
from zelo.ledger.shadows import paired
from zelo.ledger.store import Ledger
from zelo.monitoring.bundled import read_json
from zelo.registry.aliases import read_aliases
from zelo.registry.bundle import load_bundle
from zelo.registry.store import Store
from zelo.registry.traffic import Traffic, read_traffic
from zelo.registry.trial import end_traffic, step_traffic
from zelo.retraining.losses import SHARES, differences
from zelo.retraining.served import Served, served_since
from zelo.retraining.words import say
from zelo.spec.acting import Rollback, length
from zelo.spec.project import Project
from zelo.stats.betting import log_wealth, log_wealth_of_counts, mixed

Why = Literal["errors", "latency", "quality"]
Action = Literal["rolled back", "stepped", "promoted", "ended", "waits"]
SLOW_WINDOWS = 0.2
"""The share of windows of time whose 95th percentile may lie above the limit."""


@dataclass(frozen=True)
class Conducted:
    """What was done with the version ``judged``, and why in the project's language."""

    project: str
    judged: str
    other: str
    mode: str
    action: Action
    reason: str
    why: Why | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Evidence:
    """Against the version that is judged: what the ledger says of it since its trial began.

    The wealth of each gambler is in logarithms; a version is taken out where one reaches that of
    ``1 / false_alarms``.
    """

    served: Served
    outcomes: int
    errors: float
    latency: float
    quality: float
    losses: Mapping[str, float]

    def why(self, rollback: Rollback) -> Why | None:
        """What the version is taken out for, if anything."""
        limit = -math.log(rollback.false_alarms)
        found: tuple[tuple[Why, float], ...] = (
            ("errors", self.errors),
            ("latency", self.latency),
            ("quality", self.quality),
        )
        return next((name for name, wealth in found if wealth >= limit), None)

    def as_dict(self) -> dict[str, Any]:
        """For an event's payload."""
        return {
            "rows": self.served.rows,
            "failed": self.served.failed,
            "windows": self.served.windows,
            "slow": self.served.slow,
            "p95_ms": self.served.p95_ms,
            "outcomes": self.outcomes,
            "mean_loss_difference": {
                name: found if math.isfinite(found) else None for name, found in self.losses.items()
            },
            "wealth": {
                "errors": math.exp(min(self.errors, 700)),
                "latency": math.exp(min(self.latency, 700)),
                "quality": math.exp(min(self.quality, 700)),
            },
        }


def conduct(ledger: Ledger, store: Store, project: Project, *, actor: str, now: datetime) -> Conducted | None:
    """Look once, and act on what is found.

    Args:
        project: as it is today: its limits of rollback and its canary's steps.

    Returns:
        ``None`` where the champion answers alone.

    Raises:
        RegistryError, BundleError, GateError: the aliases or the traffic cannot be read or moved.
        LedgerError: the ledger cannot be read or written.
    """
    traffic = read_traffic(store.registry, project.name)
    if traffic is None:
        return None
    champion = read_aliases(store.registry, project.name)["champion"]["version"]
    if traffic.version == champion:
        return _cut_off(ledger, store, project, traffic, actor=actor, now=now)
    watch = traffic.mode == "watch"
    judged, other = (champion, traffic.version) if watch else (traffic.version, champion)
    evidence = gather(ledger, store, project, traffic, judged, other)
    rollback = project.retraining.rollback
    figures = evidence.as_dict() | {"limit": 1 / rollback.false_alarms}
    found = Conducted(project.name, judged, other, traffic.mode, "waits", "", figures=figures)
    if why := evidence.why(rollback):
        reason = _told(why, evidence, project)
        end_traffic(
            store,
            ledger,
            project.name,
            # While a new champion is watched, the other version is the one before it.
            promote=watch,
            approver=actor,
            reason=reason,
            at=now,
            why=why,
            figures=figures,
            seen=traffic,
        )
        return Conducted(project.name, judged, other, traffic.mode, "rolled back", reason, why, figures)
    return _go_on(ledger, store, project, traffic, found, actor=actor, now=now)


def gather(
    ledger: Ledger, store: Store, project: Project, traffic: Traffic, judged: str, other: str
) -> Evidence:
    """What speaks against the version that is judged, since the trial began.

    Raises: see :func:`conduct`.
    """
    rollback = project.retraining.rollback
    served = served_since(
        ledger, project.name, judged, other, since=traffic.started, slow_ms=rollback.latency_ms
    )
    pairs = paired(ledger, project.name, (judged, other), since=traffic.started)
    scale = _scale(store, project, traffic)
    losses = differences(pairs, judged, project, scale=scale)
    rows = len(next(iter(losses.values())))
    quality = 0.0
    if rows:
        paths = {name: log_wealth(found) for name, found in losses.items()}
        # Looks are few and outcomes many: what the wealth ever reached counts, seen or not.
        quality = float(mixed(list(paths.values()), [SHARES[name] for name in paths]).max())
    return Evidence(
        served=served,
        outcomes=rows,
        errors=log_wealth_of_counts(served.failed, served.rows, rollback.errors),
        latency=log_wealth_of_counts(served.slow, served.windows, SLOW_WINDOWS),
        quality=quality,
        losses={name: float(found.mean()) if rows else math.nan for name, found in losses.items()},
    )


def _scale(store: Store, project: Project, traffic: Traffic) -> float:
    """What a value's errors are told in: the mean absolute error on the test set of the other version."""
    if project.task.kind != "regression":
        return 1.0
    bundle = load_bundle(store.bundles / project.name / traffic.bundle)
    return float(read_json(bundle, "metrics.json")["mae"]["value"])


def _told(why: Why, evidence: Evidence, project: Project) -> str:
    rollback, served = project.retraining.rollback, evidence.served
    if why == "errors":
        return say(
            project.language,
            "errors: {failed} of {rows} answers failed, and {limit} % are allowed",
            failed=served.failed,
            rows=served.rows,
            limit=rollback.errors * 100,
        )
    if why == "latency":
        return say(
            project.language,
            "latency: the 95th percentile was above {limit} ms in {slow} of {windows} windows",
            slow=served.slow,
            windows=served.windows,
            limit=rollback.latency_ms,
        )
    return say(
        project.language,
        "quality: worse than the other version on {rows} outcomes; the evidence is {wealth} to 1",
        rows=evidence.outcomes,
        wealth=math.exp(min(evidence.quality, 700)),
    )


def _go_on(
    ledger: Ledger,
    store: Store,
    project: Project,
    traffic: Traffic,
    found: Conducted,
    *,
    actor: str,
    now: datetime,
) -> Conducted:
    """A watch that has lasted ends; a canary that has answered enough, for long enough, steps on."""

    def done(action: Action, reason: str) -> Conducted:
        return Conducted(
            found.project, found.judged, found.other, found.mode, action, reason, figures=found.figures
        )

    retraining, language = project.retraining, project.language
    if traffic.mode == "watch":
        watched = retraining.rollback.watched
        if watched is None or now - traffic.started >= length(watched):
            reason = say(language, "the new champion was watched, and nothing was found against it")
            end_traffic(
                store,
                ledger,
                project.name,
                promote=False,
                approver=actor,
                reason=reason,
                at=now,
                seen=traffic,
            )
            return done("ended", reason)
        return done("waits", say(language, "the new champion is watched"))
    if traffic.mode != "canary":
        return done("waits", say(language, "nothing was found against it; a person decides"))
    answers = ledger.count(project.name, version=traffic.version, since=traffic.since)
    canary = retraining.canary
    if answers < canary.predictions or now - traffic.since < length(canary.lasting):
        reason = say(
            language,
            "{answers} of {wanted} answers at {share} %, since {since}",
            answers=answers,
            wanted=canary.predictions,
            share=traffic.share,
            since=f"{traffic.since:%Y-%m-%d %H:%M}",
        )
        return done("waits", reason)
    return done(*_move_on(ledger, store, project, traffic, answers, actor=actor, now=now))


def _move_on(
    ledger: Ledger,
    store: Store,
    project: Project,
    traffic: Traffic,
    answers: int,
    *,
    actor: str,
    now: datetime,
) -> tuple[Action, str]:
    """A canary's next step or, after its last one, its promotion; where a gate fails by now, it waits."""
    facts = {"answers": answers, "share": traffic.share}
    reason = say(project.language, "{answers} answers at {share} %, and nothing against it", **facts)
    if traffic.next_share is not None:
        step_traffic(store, ledger, project.name, approver=actor, reason=reason, at=now, seen=traffic)
        return "stepped", reason
    try:
        end_traffic(
            store,
            ledger,
            project.name,
            promote=True,
            approver=actor,
            reason=reason,
            at=now,
            watch=project.retraining.rollback.watched is not None,
            seen=traffic,
        )
    except GateError as error:
        phrase = "{answers} answers at {share} %, but gates fail by now: {gates}; a person decides"
        return "waits", say(project.language, phrase, **facts, gates=error.where)
    return "promoted", reason


def _cut_off(
    ledger: Ledger, store: Store, project: Project, traffic: Traffic, *, actor: str, now: datetime
) -> Conducted:
    """A move whose process ended between its two writes: the aliases are moved, the division still stands."""
    reason = say(
        project.language, "a move was cut off; version {version} is champion", version=traffic.version
    )
    end_traffic(
        store, ledger, project.name, promote=False, approver=actor, reason=reason, at=now, seen=traffic
    )
    return Conducted(project.name, traffic.version, traffic.version, traffic.mode, "ended", reason)
