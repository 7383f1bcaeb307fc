"""The versions that answer now, loaded and warm: the champion, and the one beside it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from zelo.errors import BundleError, RegistryError, ZeloError
from zelo.registry.bundle import Bundle
from zelo.registry.contracts import refuse_other_contract
from zelo.registry.sample import read_sample
from zelo.registry.traffic import Traffic
from zelo.registry.typical import read_typical
from zelo.serving.schema import RequestSchema
from zelo.serving.scoring import Beside, Model, decisions_of
from zelo.serving.truth import OutcomeSchema

_LOG = logging.getLogger(__name__)


class Load(Protocol):
    """Finds the champion and loads its bundle; called at the start and at each reload."""

    def __call__(self) -> tuple[str, Bundle]: ...


class Division(Protocol):
    """Where it is written which version is champion, and which other one has a part of the traffic."""

    def champion(self) -> str: ...

    def traffic(self) -> Traffic | None: ...

    def load(self, traffic: Traffic) -> Bundle: ...


class Loaded:
    """``answering`` is replaced whole, so that whoever reads it once sees versions that belong together.

    ``trouble`` tells what of the registry could not be loaded, and why.

    Raises (at the start): what ``load`` raises, and BundleError where the champion cannot answer.
    """

    def __init__(
        self, load: Load, division: Division | None, *, now: Callable[[], datetime], max_rows: int
    ) -> None:
        self._load = load
        self._division = division
        self._now = now
        self._max_rows = max_rows
        self._reloading = threading.Lock()
        self.trouble: str | None = None
        champion = self._warmed(*load())
        self.name = champion.bundle.project.name
        self.answering: tuple[Model, Beside | None] = (champion, None)
        self.answering = self._divided(champion)

    def reload(self) -> tuple[str, str]:
        """Load and warm the champion, then let go of the old version: (the old version, the new one).

        The division of the traffic is read again as well.

        Raises:
            ZeloError: it cannot be loaded, or it fails on an example; the old version goes on serving.
        """
        with self._reloading:
            before = self.answering[0].version
            fresh = self._warmed(*self._load())
            if (found := fresh.bundle.project.name) != self.name:
                raise RegistryError(
                    "the bundle is of another project",
                    where=str(fresh.bundle.path),
                    found=found,
                    expected=self.name,
                    hint=f"version {before} goes on serving",
                )
            self.answering = self._divided(fresh)
            return before, fresh.version

    def follow(self) -> None:
        """Go over to the champion and the division that are written now; what is loaded is not loaded again.

        What cannot be loaded is logged, and :attr:`trouble` tells it: the old champion goes on serving, or
        the champion answers alone.
        """
        if self._division is None:
            return
        try:
            champion = self._division.champion()
            beside = self.answering[1]
            if champion == self.answering[0].version:
                with self._reloading:
                    self.answering = self._divided(self.answering[0])
            elif beside is not None and champion == beside.model.version:
                with self._reloading:
                    self.answering = self._divided(beside.model)
            else:
                self.reload()
        except (ZeloError, OSError) as error:
            _LOG.error("%s goes on with version %s: %s", self.name, self.answering[0].version, error)
            self.trouble = str(error)

    def _divided(self, champion: Model) -> tuple[Model, Beside | None]:
        """The champion with the version beside it, if there is one that can score its rows."""
        self.trouble = None
        if self._division is None:
            return champion, None
        try:
            traffic = self._division.traffic()
            # Between a promotion's two writes the version beside the champion is the champion.
            if traffic is None or traffic.version == champion.version:
                return champion, None
            other = self._already(traffic) or self._warmed(traffic.version, self._division.load(traffic))
            refuse_other_contract(
                (champion.version, champion.bundle.project), (other.version, other.bundle.project)
            )
        except (ZeloError, OSError) as error:
            _LOG.error("%s: version %s answers alone: %s", self.name, champion.version, error)
            self.trouble = str(error)
            return champion, None
        return champion, Beside(traffic, other)

    def _already(self, traffic: Traffic) -> Model | None:
        """The version of that division, if it is one of those that answer now."""
        champion, beside = self.answering
        for model in (champion, *([beside.model] if beside else [])):
            if (model.version, model.bundle.path.name) == (traffic.version, traffic.bundle):
                return model
        return None

    def _warmed(self, version: str, bundle: Bundle) -> Model:
        project = bundle.project
        requests = RequestSchema(project, max_rows=self._max_rows)
        model = Model(
            version,
            bundle,
            requests,
            OutcomeSchema(project),
            self._now(),
            read_sample(bundle),
            read_typical(bundle),
        )
        try:
            for rows in (1, 2):
                decisions_of(model, [requests.example()] * rows)
        except Exception as error:
            found = error.what if isinstance(error, ZeloError) else f"{type(error).__name__}: {error}"
            raise BundleError(
                "the model fails on an example of its own contract",
                where=str(bundle.path),
                found=found,
                expected="a finite score for each row",
                hint="train again; zelo verify tells which bundles are whole",
            ) from error
        return model
