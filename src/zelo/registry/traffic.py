"""Which share of the traffic another version than the champion answers, in one small file a project.

A serving process reads it beside the aliases; without the file the champion answers alone.
"""

from __future__ import annotations

import hashlib
import json
import os
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, ValidationError

from zelo.errors import RegistryError
from zelo.spec.frozen import Frozen

TRAFFIC = "traffic.json"
BUCKETS = 10_000


class Traffic(Frozen):
    """Another version beside the champion: whichever of the two answers, both score every row.

    ``shadow`` and ``watch`` (the version before, after a promotion) answer nobody: their ``share`` is 0.
    ``canary`` climbs ``steps`` and ends as champion; ``split`` keeps its share until somebody decides.
    """

    mode: Literal["shadow", "canary", "split", "watch"]
    version: str
    bundle: str
    share: int
    steps: tuple[int, ...] = ()
    started: AwareDatetime
    since: AwareDatetime
    """When the share became what it is."""
    actor: str
    reason: str
    accepted: tuple[str, ...] = ()
    """Failing gates that the actor took upon themselves."""

    @property
    def next_share(self) -> int | None:
        """The canary's next step; ``None`` after the last one, and of every other mode."""
        return next((step for step in self.steps if step > self.share), None)

    def stepped(self, share: int, at: datetime) -> Traffic:
        """The same with another share from ``at`` on."""
        return self.model_copy(update={"share": share, "since": at})


def traffic_path(registry: Path, project: str) -> Path:
    """Where it is written how a project's traffic is divided."""
    return registry / project / TRAFFIC


def answers_other(entity: str, traffic: Traffic) -> bool:
    """Whether the other version answers this entity: always the same one, and still so where the share grows.

    The hash is salted with the version, so that not the same entities are first each time.
    """
    digest = hashlib.sha256(f"{traffic.version}:{entity}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % BUCKETS < traffic.share * BUCKETS // 100


def read_traffic(registry: Path, project: str) -> Traffic | None:
    """The traffic's division; ``None`` where the champion answers alone.

    Raises:
        RegistryError: the file is damaged.
    """
    path = traffic_path(registry, project)
    try:
        return Traffic.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise RegistryError(
            "the division of the traffic is damaged",
            where=str(path),
            found=f"{error.error_count()} faults, the first: {error.errors()[0]['msg']}",
            expected="what zelo promote --canary, --shadow or --split wrote",
            hint=f"delete the file: the champion of {project} then answers alone",
        ) from error


def write_traffic(registry: Path, project: str, traffic: Traffic | None) -> None:
    """Replace the file at once, or take it away; a reader sees the old one or the new one."""
    path = traffic_path(registry, project)
    if traffic is None:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    with temporary.open("w", encoding="utf-8") as stream:
        json.dump(traffic.model_dump(mode="json"), stream, indent=2, sort_keys=True)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(temporary, path)
