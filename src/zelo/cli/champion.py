"""The champion of a project, and the service on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zelo.cli.workspace import Workspace

if TYPE_CHECKING:
    from zelo.ledger.store import Ledger
    from zelo.registry.bundle import Bundle
    from zelo.serving.service import Service


def champion(workspace: Workspace, name: str) -> tuple[str, Bundle]:
    """The champion's version and bundle, checked by hash. The project's folder is not needed for it."""
    from zelo.registry.aliases import read_aliases, resolve
    from zelo.registry.bundle import load_bundle

    if not read_aliases(workspace.settings.registry, name):
        workspace.project(name)
    found = resolve(workspace.settings.registry, workspace.settings.bundles, name)
    return found.version, load_bundle(found.bundle_path)


def open_service(workspace: Workspace, name: str, ledger: Ledger) -> Service:
    """A service on the project's champion."""
    from zelo.serving.service import Service

    return Service(lambda: champion(workspace, name), ledger)
