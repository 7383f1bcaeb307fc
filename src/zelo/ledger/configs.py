"""Configurations: what was changed of a project's hyperparameters, each change a version that stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from zelo.errors import ConflictError
from zelo.ledger.engine import take_turns
from zelo.ledger.records import Event, new_id
from zelo.ledger.schema import configs, events
from zelo.ledger.store import Ledger


@dataclass(frozen=True, slots=True)
class Config:
    """A version of a project's configuration, from 1 on: who made it, when, why, and all that it says."""

    project: str
    version: int
    at: datetime
    actor: str
    reason: str
    content: Mapping[str, Any]


class Configs:
    """The configurations of a ledger. Every method raises :class:`LedgerError` as the ledger's own do."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def current(self, project: str) -> Config | None:
        """The newest version; ``None`` where nothing was ever changed."""
        found = self.history(project, limit=1)
        return found[0] if found else None

    def version(self, project: str, version: int) -> Config | None:
        """One version; ``None`` where there is none of that number."""
        query = _of(project).where(configs.c.version == version)
        with self._ledger.reading() as connection:
            row = connection.execute(query).first()
        return None if row is None else Config(**row._mapping)

    def history(self, project: str, *, limit: int | None = None) -> list[Config]:
        """The versions, the newest first."""
        query = _of(project).order_by(configs.c.version.desc()).limit(limit)
        with self._ledger.reading() as connection:
            return [Config(**row._mapping) for row in connection.execute(query)]

    def save(
        self,
        project: str,
        content: Mapping[str, Any],
        actor: str,
        reason: str,
        *,
        expected_version: int | None = None,
    ) -> Config:
        """Write the next version, and an event of kind ``config``, in one transaction.

        Args:
            expected_version: the version that the change was made from, 0 where there was none.

        Raises:
            ConflictError: another change came between.
        """
        with self._ledger.writing() as connection:
            take_turns(connection, project)
            query = sa.select(sa.func.coalesce(sa.func.max(configs.c.version), 0))
            newest = int(connection.execute(query.where(configs.c.project == project)).scalar_one())
            if expected_version not in (None, newest):
                raise ConflictError(
                    "the configuration has changed meanwhile",
                    found=f"version {newest}",
                    expected=f"version {expected_version}, from which this change was made",
                    hint="read it again, then change it",
                )
            config = Config(project, newest + 1, self._ledger.now(), actor, reason, dict(content))
            connection.execute(sa.insert(configs), asdict(config))
            event = Event(
                new_id(), project, "config", actor, reason, config.at, {"version": config.version, **content}
            )
            connection.execute(sa.insert(events), asdict(event))
        return config


def _of(project: str) -> sa.Select[Any]:
    return sa.select(configs).where(configs.c.project == project)
