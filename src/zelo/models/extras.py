"""Libraries that the base install leaves out."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence

from zelo.errors import SpecError
from zelo.spec.project import Project


def require(project: Project, libraries: Sequence[str], *, what: str, expected: str, extras: str) -> None:
    """Nothing where all libraries are installed; none is imported.

    Raises:
        SpecError: one is not; the message says by which extras it comes.
    """
    missing = [name for name in libraries if importlib.util.find_spec(name) is None]
    if missing:
        raise SpecError(
            f"{what} libraries that are not installed",
            where=f"{project.name}: candidates",
            found=f"without {', '.join(missing)}",
            expected=expected,
            hint=f"pip install 'zelo[{extras}]'",
        )
