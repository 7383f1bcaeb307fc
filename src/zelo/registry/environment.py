"""What a model was made with: packages, Python, and the commit of the code."""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any


def environment() -> dict[str, Any]:
    """Installed distributions with versions, Python and platform."""
    packages = {dist.metadata["Name"].lower(): dist.version for dist in metadata.distributions()}
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "packages": dict(sorted(packages.items())),
    }


def environment_hash(facts: dict[str, Any]) -> str:
    """sha256 of an environment, hex."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def code_commit(folder: Path) -> dict[str, Any]:
    """The commit of the folder's repository, and whether files differ from it; None outside one."""

    def git(*arguments: str) -> str | None:
        try:
            done = subprocess.run(  # noqa: S603  (fixed arguments, no shell)
                ["git", "-C", str(folder), *arguments],  # noqa: S607
                capture_output=True,
                text=True,
                timeout=10,
                check=True,
            )
        except (OSError, subprocess.SubprocessError):
            return None
        return done.stdout.strip()

    commit = git("rev-parse", "HEAD")
    changes = git("status", "--porcelain") if commit else None
    return {"commit": commit, "changed": bool(changes) if changes is not None else None}
