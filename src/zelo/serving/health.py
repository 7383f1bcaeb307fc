"""How a service is: its model, its files, its ledger, its last monitoring, and the machine under it."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Any

import psutil

from zelo.errors import LedgerError
from zelo.ledger.store import Ledger
from zelo.registry.bundle import Bundle
from zelo.registry.traffic import Traffic

_MEGABYTE = 1 << 20


class Machine:
    """What this process uses of its machine; no call waits."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._process.cpu_percent()

    def cpu(self) -> dict[str, Any]:
        """Percent of one core since the last call, the machine's cores, and how many of them were wanted."""
        return {
            "process_percent": self._process.cpu_percent(),
            "cores": os.cpu_count(),
            "load_1_minute": round(psutil.getloadavg()[0], 2),
        }

    def memory(self) -> dict[str, Any]:
        """Megabytes of 2**20 bytes: of this process in memory, and free for any on the machine."""
        return {
            "resident_mb": self._process.memory_info().rss // _MEGABYTE,
            "available_mb": psutil.virtual_memory().available // _MEGABYTE,
        }


def ledger_health(ledger: Ledger) -> dict[str, Any]:
    """Whether the ledger can be read, and why not; what of its journal waits, and what was set aside."""
    try:
        waiting = ledger.waiting()
    except LedgerError as error:
        return {"reachable": False, "reason": error.what}
    return {"reachable": True, "journal": asdict(waiting)}


def monitoring(ledger: Ledger, project: str) -> dict[str, Any]:
    """When ``zelo monitor`` last ran and what it said."""
    try:
        events = ledger.events(project, kind="monitor", limit=1)
    except LedgerError:
        return {"status": "unknown", "last_run": None}
    if not events:
        return {"status": "never run", "last_run": None}
    return {"status": str(events[0].payload.get("status", events[0].reason)), "last_run": events[0].at}


def told_traffic(traffic: Traffic | None) -> dict[str, Any]:
    """Which version stands beside the champion, and its percent of the entities."""
    if traffic is None:
        return {"mode": "champion alone"}
    facts = ("mode", "version", "share", "started", "since")
    return {name: getattr(traffic, name) for name in facts}


def artifacts(bundle: Bundle) -> dict[str, Any]:
    """The model's files: hashes were checked when it was loaded; which are gone since is looked up now."""
    files = bundle.manifest.get("files", {})
    missing = sorted(name for name in files if not (bundle.path / name).is_file())
    return {
        "bundle": bundle.path.name,
        "sha256": bundle.hash[:16],
        "files": len(files),
        "missing": missing,
    }


def data(synthetic: bool) -> dict[str, Any]:
    """Whether anybody measured what the model learned from."""
    note = (
        "trained on synthetic data: a generator made them, nobody measured them"
        if synthetic
        else "trained on the data of the project's sources"
    )
    return {"synthetic": synthetic, "note": note}
