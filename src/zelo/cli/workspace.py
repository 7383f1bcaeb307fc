"""What every command needs: the settings, a project, and the places that belong to it."""

from __future__ import annotations

import getpass
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from zelo.errors import SpecError
from zelo.settings import Settings
from zelo.spec.loading import find_project
from zelo.spec.project import Project

if TYPE_CHECKING:
    from zelo.data.prepare import Places
    from zelo.ledger.store import Ledger
    from zelo.registry.store import Store


@dataclass(frozen=True)
class Workspace:
    """Settings at the edge, turned into what the rooms take."""

    settings: Settings

    def project(self, name: str) -> Project:
        """A project by name. Raises SpecError."""
        return find_project(self.settings.projects, name)

    def folder(self, name: str) -> Path:
        return self.settings.projects / name

    def places(self, name: str) -> Places:
        """Where a project's data are."""
        from zelo.data.prepare import Places

        settings = self.settings
        return Places(
            folder=self.folder(name),
            data_dir=settings.data_dir,
            downloads=settings.downloads,
            snapshots=settings.snapshots,
            datasets=settings.datasets,
            offline=settings.offline,
            engine=settings.engine,
        )

    def store(self) -> Store:
        """Where versions are."""
        from zelo.registry.store import Store

        settings = self.settings
        settings.home.mkdir(parents=True, exist_ok=True)
        uri = os.environ.get("MLFLOW_TRACKING_URI") or settings.tracking_uri
        return Store(settings.bundles, settings.registry, settings.snapshots, uri, settings.artifacts)

    def ledger(self) -> Ledger:
        """The open ledger; the caller closes it."""
        from zelo.ledger.store import Ledger

        self.settings.home.mkdir(parents=True, exist_ok=True)
        return Ledger.open(self.settings.ledger_url)

    @property
    def approver(self) -> str:
        """Who acts: ``ZELO_APPROVER``, or the name that the system knows."""
        return self.settings.approver or getpass.getuser()


def open_workspace() -> Workspace:
    """The workspace that the environment describes.

    Raises:
        SpecError: a setting is not valid.
    """
    try:
        return Workspace(Settings())
    except ValidationError as error:
        first = error.errors()[0]
        raise SpecError(
            "a setting is not valid",
            where=f"ZELO_{'_'.join(str(part) for part in first['loc']).upper()}",
            found=repr(first["input"]),
            expected=first["msg"],
            hint="mend the environment variable",
        ) from error


def now() -> datetime:
    """The time, in UTC: the one clock of the command line."""
    return datetime.now(UTC)


def threads() -> int:
    """Cores that this process may use."""
    from zelo.registry.runtime import cores

    return cores()
