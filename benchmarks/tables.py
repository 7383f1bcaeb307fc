"""The real tables that the figures are about. A benchmark on generated data says so."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from zelo.cli.workspace import Workspace
from zelo.data.prepare import Places, check_source
from zelo.settings import Settings
from zelo.spec.loading import load_project
from zelo.spec.project import Project

PROJECTS = Path(__file__).parent.parent / "projects"


def places_of(name: str, home: Path | None = None) -> Places:
    """Where a project's data are, and where snapshots and data sets go."""
    settings = Settings(projects=PROJECTS)
    return Workspace(settings.model_copy(update={"home": home}) if home else settings).places(name)


def project_table(name: str, source: str = "train") -> tuple[Project, pd.DataFrame, str]:
    """The project, its checked rows, and where they come from."""
    project = load_project(PROJECTS / name)
    located, checked = check_source(project, source, places_of(name))
    origin = "SYNTHETIC rows" if located.synthetic else located.path.name
    return project, checked.frame, f"{len(checked.frame)} rows of {origin}"
