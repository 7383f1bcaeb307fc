"""The project as it is trained: its project.yaml, under its configuration, under what a request brings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from zelo.errors import ConflictError
from zelo.ledger.configs import Config, Configs
from zelo.ledger.store import Ledger
from zelo.models.hyperparameters import ADJUSTABLE, HYPERPARAMETERS, Overrides, estimators, faults
from zelo.retraining.requests import check_overrides
from zelo.spec.project import Entry, Project

Changes = Mapping[str, Mapping[str, Any] | None]
"""Candidate -> hyperparameter -> value; None in either place: as it is without them."""


def overrides_of(config: Config | None) -> Overrides:
    """What a configuration lays over the project.yaml."""
    found: Overrides = {} if config is None else config.content.get("candidates", {})
    return found


def laid_over(overrides: Overrides, changes: Changes) -> dict[str, dict[str, Any]]:
    """The overrides after changes, in the manner of a JSON merge patch (RFC 7396)."""
    found = {name: dict(values) for name, values in overrides.items()}
    for name, values in changes.items():
        kept = {} if values is None else found.get(name, {}) | dict(values)
        found[name] = {key: value for key, value in kept.items() if value is not None}
    return {name: values for name, values in found.items() if values}


def with_overrides(project: Project, overrides: Overrides) -> Project:
    """The project with these hyperparameters in its candidates' entries."""

    def changed(entry: Entry) -> Entry:
        ((name, params),) = ({entry: {}} if isinstance(entry, str) else entry).items()
        return {name: {**params, **overrides[name]}} if name in overrides else entry

    return project.model_copy(update={"candidates": tuple(changed(entry) for entry in project.candidates)})


def effective(project: Project, ledger: Ledger, request: Mapping[str, Any] | None = None) -> Project:
    """The project as it is trained.

    Args:
        request: a training job's, with the version of the configuration that was in force when it was asked
            for under ``config_version`` (0: none) and its own hyperparameters under ``candidates``.

    Raises:
        RequestError: what was changed does not fit the project.yaml as it is now.
    """
    asked = request or {}
    configs = Configs(ledger)
    version = asked.get("config_version")
    config = configs.current(project.name) if version is None else configs.version(project.name, version)
    overrides = laid_over(overrides_of(config), asked.get("candidates") or {})
    check_overrides(project, overrides, where=f"{project.name}: configuration", hint=_hint(project))
    return with_overrides(project, overrides)


def change(
    project: Project,
    ledger: Ledger,
    changes: Changes,
    *,
    actor: str,
    reason: str,
    version: int | None = None,
) -> Config:
    """Write the next version of the configuration.

    Args:
        version: the version that the changes were made from, 0 for none; any if absent.

    Raises:
        RequestError: the changes do not fit the project.
        ConflictError: ``version`` is not the newest any more, or what was configured before does not fit the
            project any more; to take that back is always possible.
    """
    configs = Configs(ledger)
    before = configs.current(project.name)
    newest = 0 if before is None else before.version
    content = laid_over(overrides_of(before), changes)
    if brought(project, overrides_of(before), changes):
        refuse_stale(project, content)
    return configs.save(
        project.name,
        {"candidates": content},
        actor,
        reason,
        expected_version=newest if version is None else version,
    )


def brought(project: Project, before: Overrides, changes: Changes) -> Overrides:
    """What the changes bring beyond taking back what was set: values, and names that were never set.

    Raises:
        RequestError: it does not fit the project.
    """
    found: dict[str, dict[str, Any]] = {}
    for name, values in changes.items():
        had = before.get(name, {})
        new = {key: value for key, value in (values or {}).items() if value is not None or key not in had}
        if new or not had:
            found[name] = new
    check_overrides(project, found)
    return found


def refuse_stale(project: Project, overrides: Overrides) -> None:
    """Refuse to go on with a configuration that the project.yaml has outgrown.

    Raises:
        ConflictError: it has.
    """
    if found := faults(project, overrides):
        raise ConflictError(
            "the configuration does not fit the project.yaml any more",
            where=f"{project.name}: configuration",
            found=", ".join(fault.key for fault in found),
            expected=found[0].expected,
            hint=_hint(project),
        )


def _hint(project: Project) -> str:
    return (
        f"zelo config {project.name} --set CANDIDATE=null takes back what no longer fits, "
        "and so does POST /config with null in the candidate's place"
    )


def described(project: Project, config: Config | None) -> dict[str, Any]:
    """Each candidate's hyperparameters with value, range, and where the value comes from; for JSON.

    A value or default of None is the estimator's library's own choice. ``stale`` is what was configured and
    does not fit the project.yaml any more.
    """
    written, overrides = project.candidate_params, overrides_of(config)
    changed = None if config is None else {"at": config.at, "actor": config.actor, "reason": config.reason}
    by = f"configuration {config.version}" if config else ""
    return {
        "project": project.name,
        "version": 0 if config is None else config.version,
        "changed": changed,
        "candidates": {
            name: {
                "estimator": estimator,
                "hyperparameters": {
                    key: _described(key, default, written[name], overrides.get(name, {}), by)
                    for key, default in sorted(ADJUSTABLE.get(estimator, {}).items())
                },
            }
            for name, estimator in estimators(project).items()
        },
        "stale": _stale(project, overrides),
    }


def _stale(project: Project, overrides: Overrides) -> list[dict[str, Any]]:
    found = []
    for fault in faults(project, overrides):
        name, _, named = fault.key.partition(".")
        found += [
            {"hyperparameter": f"{name}.{key}", "value": overrides[name][key], "expected": fault.expected}
            for key in ([named] if named else overrides[name])
        ]
    return found


def _described(
    key: str, default: Any, written: Mapping[str, Any], changed: Mapping[str, Any], changed_by: str
) -> dict[str, Any]:
    value, source = default, "default"
    for place, words in ((written, "project.yaml"), (changed, changed_by)):
        if key in place:
            value, source = place[key], words
    return {"value": value, "default": default, "source": source, **asdict(HYPERPARAMETERS[key])}
