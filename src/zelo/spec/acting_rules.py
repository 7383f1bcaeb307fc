"""Rules of watching and retraining; see :mod:`zelo.spec.rules`."""

from __future__ import annotations

from zelo.spec.project import LATENCY, Project

_OF_KIND = {
    "binary": ("false_positive", "false_negative"),
    "multiclass": ("wrong",),
    "regression": ("over", "under"),
}


def floors_are_measured(project: Project) -> str | None:
    for metric in project.monitoring.floors:
        if metric == LATENCY or metric not in project.metrics:
            known = ", ".join(project.metrics)
            return f"monitoring.floors: found {metric!r}; expected metrics of the task: {known}"
    return None


def the_band_at_risk_is_a_band(project: Project) -> str | None:
    at_risk = project.monitoring.at_risk
    known = [band.label for band in project.decision.bands]
    if at_risk is None or at_risk.band in known:
        return None
    expected = f"one of {', '.join(known)}" if known else "it with decision.bands alone"
    return f"monitoring.at_risk.band: found {at_risk.band!r}; expected {expected}"


def costs_fit_the_task(project: Project) -> str | None:
    if project.costs is None:
        return None
    expected = _OF_KIND[project.task.kind]
    written = project.costs.model_fields_set - {"currency"}
    if written != set(expected):
        found = ", ".join(sorted(written)) or "none"
        return f"costs: found {found} on a {project.task.kind} task; expected {' and '.join(expected)}"
    return None


def triggers_have_their_limits(project: Project) -> str | None:
    retraining = project.retraining
    for name, limit in (("quality", retraining.quality), ("outcomes", retraining.outcomes)):
        if (name in retraining.when) != (limit is not None):
            where = "no" if limit is None else "it with a"
            when = ", ".join(retraining.when) or "nothing"
            return f"retraining.{name}: found {where} limit and when: {when}; expected both or neither"
    if retraining.quality and retraining.quality.metric not in project.select.measured:
        known = ", ".join(project.select.measured)
        return f"retraining.quality.metric: found {retraining.quality.metric!r}; expected one of {known}"
    return None


ACTING_RULES = (
    floors_are_measured,
    the_band_at_risk_is_a_band,
    costs_fit_the_task,
    triggers_have_their_limits,
)
