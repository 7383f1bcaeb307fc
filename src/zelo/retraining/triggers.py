"""What makes a training: its schedule, an alarm of drift, quality on outcomes, the number of new outcomes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from zelo.ledger.configs import Configs
from zelo.ledger.jobs import Job, Jobs
from zelo.ledger.logged import new_outcomes
from zelo.ledger.store import Ledger
from zelo.monitoring.quality import Figure, Quality, broken_floors
from zelo.monitoring.watch import read_window, watch
from zelo.registry.bundle import Bundle
from zelo.registry.evidence import read_evidence
from zelo.registry.store import Store
from zelo.registry.traffic import read_traffic
from zelo.retraining.words import say
from zelo.spec.acting import QualityBreach, length
from zelo.spec.project import LOWER_IS_BETTER, Project

Trigger = Literal["schedule", "drift", "quality", "outcomes"]
TRIGGER, TRAIN = "trigger", "train"


@dataclass(frozen=True)
class Due:
    """A reason for a training: which trigger, why in the project's language, and its figures."""

    trigger: Trigger
    reason: str
    figures: Mapping[str, Any] = field(default_factory=dict)


def due(
    ledger: Ledger, store: Store, project: Project, champion: tuple[str, Bundle], *, now: datetime
) -> list[Due]:
    """Every reason for a training that stands now; none while the last one's cool-down lasts.

    Nor while a job of the project waits or runs, or another version has its trial: what it will be is not
    known yet.

    Args:
        project: as it is today: its triggers and limits.
        champion: its version and bundle.

    Raises:
        RegistryError, BundleError: the evidence, the traffic or the bundle is damaged.
        LedgerError: the ledger cannot be read.
    """
    if cooling(ledger, project, now=now) or Jobs(ledger).active(project.name) is not None:
        return []
    if (traffic := read_traffic(store.registry, project.name)) and traffic.mode != "watch":
        return []
    trained = last_training(store, project.name)
    if trained is None:
        return []
    return list(_standing(ledger, project, champion, trained, now))


def cooling(ledger: Ledger, project: Project, *, now: datetime) -> bool:
    """Whether the last trigger is nearer than the cool-down."""
    last = ledger.events(project.name, kind=TRIGGER, limit=1)
    return bool(last) and now - last[0].at < length(project.retraining.cool_down)


def last_training(store: Store, project: str) -> datetime | None:
    """When the newest version was registered; ``None`` before the first."""
    records = read_evidence(store.registry, project)
    times = [datetime.fromisoformat(record["at"]) for record in records if record["action"] == "register"]
    return max(times, default=None)


def act(
    ledger: Ledger,
    project: Project,
    found: list[Due],
    *,
    actor: str,
    notify: Callable[[str], object],
) -> Job | None:
    """Write down why, and start a job unless the project only wants to be told.

    Args:
        found: the reasons, at least one; the first one names the trigger.
        notify: tells a worker of a job's id; where that fails, a worker finds the job by itself.

    Returns:
        The job, if one was started.

    Raises:
        ConflictError: somebody asked for a job of the project since.
        LedgerError: the ledger cannot be written.
    """
    first, action = found[0], project.retraining.action
    reason = "; ".join(one.reason for one in found)
    payload: dict[str, Any] = {
        "trigger": first.trigger,
        "triggers": [one.trigger for one in found],
        "action": action,
        "figures": {one.trigger: dict(one.figures) for one in found},
    }
    if action == "propose":
        ledger.record_event(project.name, TRIGGER, actor, reason, payload | {"job": None})
        return None
    config = Configs(ledger).current(project.name)
    request: dict[str, Any] = {
        "candidates": {},
        "only": None,
        "pick": None,
        "trials": None,
        "reason": reason,
        "config_version": 0 if config is None else config.version,
        "outcomes": True,
    }
    job = Jobs(ledger).submit(project.name, TRAIN, request, actor, when_busy="refuse")
    ledger.record_event(project.name, TRIGGER, actor, reason, payload | {"job": job.id})
    notify(job.id)
    return job


def _standing(
    ledger: Ledger, project: Project, champion: tuple[str, Bundle], trained: datetime, now: datetime
) -> Iterator[Due]:
    retraining, language = project.retraining, project.language
    if retraining.every and now - trained >= length(retraining.every):
        reason = say(
            language,
            "schedule: the last training was on {date}, and one is due every {every}",
            date=f"{trained:%Y-%m-%d}",
            every=retraining.every,
        )
        yield Due("schedule", reason, {"trained": trained.isoformat(), "every": retraining.every})
    if "drift" in retraining.when:
        yield from _drift(ledger, project, champion[0], trained)
    if "quality" in retraining.when and retraining.quality:
        yield from _quality(ledger, project, champion, retraining.quality, now)
    if "outcomes" in retraining.when and retraining.outcomes:
        rows = new_outcomes(ledger, project.name, after=trained)
        if rows >= retraining.outcomes:
            reason = say(
                language,
                "outcomes: {rows} new ones since the last training, and {wanted} are asked for",
                rows=rows,
                wanted=retraining.outcomes,
            )
            yield Due("outcomes", reason, {"rows": rows, "wanted": retraining.outcomes})


def _drift(ledger: Ledger, project: Project, version: str, trained: datetime) -> Iterator[Due]:
    """An alarm of the champion's that no training has answered yet."""
    for event in ledger.events(project.name, kind="alarm"):
        told = event.payload
        if event.at > trained and told.get("code") == "drift" and told.get("version") == version:
            reason = say(
                project.language,
                "drift: an alarm at {date} in {fields}",
                date=f"{event.at:%Y-%m-%d %H:%M}",
                fields=", ".join(told["fields"]),
            )
            facts = {"alarm": event.id, "fields": list(told["fields"]), "since": told["since"]}
            yield Due("drift", reason, facts)
            return


def _quality(
    ledger: Ledger, project: Project, champion: tuple[str, Bundle], breach: QualityBreach, now: datetime
) -> Iterator[Due]:
    version, bundle = champion
    within = _measured(ledger, champion, now - length(breach.within), now)
    # A version that was made before the project asked for the metric has no figure of it.
    figure = next((one for one in within.figures if one.metric == breach.metric), None)
    if figure is not None and is_worse(figure, breach.worse_by):
        reason = say(
            project.language,
            "quality: {metric} is {value} on {rows} outcomes, and was {test} on the test set",
            metric=breach.metric,
            value=figure.value,
            rows=within.outcomes,
            test=figure.test_value,
        )
        facts = {"metric": breach.metric, "value": figure.value, "test": figure.test_value}
        yield Due("quality", reason, {**facts, "low": figure.low, "high": figure.high})
        return
    floored = bundle.project.model_copy(update={"monitoring": project.monitoring})
    for broken in broken_floors(within, floored):
        if broken.sure:
            reason = say(
                project.language,
                "quality: {metric} is {value} on {rows} outcomes, beyond its floor of {floor}",
                metric=broken.metric,
                value=broken.value,
                rows=within.outcomes,
                floor=broken.floor,
            )
            yield Due("quality", reason, {"metric": broken.metric, "value": broken.value, "version": version})
            return


def is_worse(figure: Figure, worse_by: float) -> bool:
    """Whether a figure is worse than on the test set by that share of it, and by more than its interval."""
    if figure.value is None or figure.low is None or figure.high is None or figure.test_value is None:
        return False
    test = figure.test_value
    if figure.metric in LOWER_IS_BETTER:
        return figure.value >= test + worse_by * abs(test) and figure.low > test
    return figure.value <= test - worse_by * abs(test) and figure.high < test


def _measured(ledger: Ledger, champion: tuple[str, Bundle], since: datetime, until: datetime) -> Quality:
    version, bundle = champion
    window = read_window(ledger, bundle.project.name, version, since=since, until=until)
    return watch(window, bundle, now=until).quality
