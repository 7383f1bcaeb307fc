"""A served process follows the registry by itself: the champion, and how the traffic is divided."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from zelo.registry.aliases import aliases_path, resolve
from zelo.registry.bundle import Bundle, load_bundle
from zelo.registry.traffic import Traffic, read_traffic, traffic_path
from zelo.serving.service import Service

LOOK_SECONDS = 1.0
AGAIN_SECONDS = 30.0
"""What could not be loaded is tried again so long after, also where the registry stays as it is."""
_LOG = logging.getLogger(__name__)
Stamp = tuple[tuple[int, int] | None, ...]


@dataclass(frozen=True)
class Versions:
    """A project's versions, as the registry has them now."""

    registry: Path
    bundles: Path
    project: str

    def __call__(self) -> tuple[str, Bundle]:
        """The champion's version and bundle. Raises RegistryError, BundleError."""
        found = resolve(self.registry, self.bundles, self.project)
        return found.version, load_bundle(found.bundle_path)

    def champion(self) -> str:
        """The champion's version. Raises RegistryError."""
        return resolve(self.registry, self.bundles, self.project).version

    def traffic(self) -> Traffic | None:
        """How the traffic is divided. Raises RegistryError."""
        return read_traffic(self.registry, self.project)

    def load(self, traffic: Traffic) -> Bundle:
        """The bundle of the version beside the champion. Raises BundleError."""
        return load_bundle(self.bundles / self.project / traffic.bundle)

    def stamp(self) -> Stamp:
        """When the registry's two files were written, and their sizes."""
        paths = (aliases_path(self.registry, self.project), traffic_path(self.registry, self.project))
        return tuple(_stamp(path) for path in paths)


class Follower:
    """Looks at the registry for one service; :meth:`look` is cheap where nothing has changed.

    ``called`` tells when somebody wanted it looked at again, though nothing in it has changed.
    """

    def __init__(
        self,
        service: Service,
        versions: Versions,
        *,
        called: Callable[[], int | None] = lambda: None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._service = service
        self._versions = versions
        self._called = called
        self._clock = clock
        # What was written while the service loaded is found at the first look.
        self._seen: tuple[Stamp, int | None] | None = None
        self._tried = clock()

    def look(self) -> None:
        """Let the service go over to what the registry says, if that has changed."""
        stamp = (self._versions.stamp(), self._called())
        again = self._service.trouble is not None and self._clock() - self._tried >= AGAIN_SECONDS
        if stamp == self._seen and not again:
            return
        self._seen, self._tried = stamp, self._clock()
        self._service.follow()


@contextmanager
def looking(
    looks: Sequence[Callable[[], object]], *, seconds: float = LOOK_SECONDS, nice: int = 0
) -> Iterator[None]:
    """Call each of ``looks`` every so often in a thread of its own, which steps back by ``nice`` (Linux).

    A failure is logged, and not again within half a minute: what looks five times a second fails as often.
    """
    stop = threading.Event()
    told = dict.fromkeys(looks, -AGAIN_SECONDS)

    def each() -> None:
        if nice:
            # On Linux a thread has a priority of its own.
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), nice)
        while not stop.wait(seconds):
            for look in looks:
                try:
                    look()
                except Exception:  # noqa: BLE001 - one failure must not end the looking for good
                    if monotonic() - told[look] >= AGAIN_SECONDS:
                        told[look] = monotonic()
                        _LOG.exception("%s failed", _name(look))

    thread = threading.Thread(target=each, name=f"zelo-{_name(looks[0])}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _name(look: Callable[[], object]) -> str:
    return getattr(look, "__qualname__", type(look).__name__)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_size
