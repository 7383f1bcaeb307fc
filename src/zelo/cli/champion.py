"""The champion of a project, and the service on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zelo.cli.workspace import Workspace

if TYPE_CHECKING:
    from zelo.ledger.store import Ledger
    from zelo.registry.bundle import Bundle
    from zelo.serving.follow import Versions
    from zelo.serving.service import Service


def champion(workspace: Workspace, name: str) -> tuple[str, Bundle]:
    """The champion's version and bundle, checked by hash. The project's folder is not needed for it."""
    from zelo.registry.aliases import resolve
    from zelo.registry.bundle import load_bundle

    _refuse_unknown(workspace, name)
    found = resolve(workspace.settings.registry, workspace.settings.bundles, name)
    return found.version, load_bundle(found.bundle_path)


def versions(workspace: Workspace, name: str) -> Versions:
    """A project's versions, for a service to load and to follow."""
    from zelo.serving.follow import Versions

    _refuse_unknown(workspace, name)
    return Versions(workspace.settings.registry, workspace.settings.bundles, name)


def open_service(workspace: Workspace, name: str, ledger: Ledger) -> Service:
    """A service on the project's champion, and on the version that has a part of its traffic."""
    from zelo.registry.arithmetic import tell_arithmetic
    from zelo.registry.proofs import Proofs
    from zelo.serving.service import Service

    found = versions(workspace, name)
    service = Service(found, ledger, found, proofs=Proofs(workspace.settings.registry, name))
    tell_arithmetic(ledger, name)
    return service


def _refuse_unknown(workspace: Workspace, name: str) -> None:
    """A project without any version must at least be one that the workspace knows."""
    from zelo.registry.aliases import read_aliases

    if not read_aliases(workspace.settings.registry, name):
        workspace.project(name)
