"""What decides the last bits of a score beside the model: libraries, processor, C library."""

from __future__ import annotations

import logging
import platform
from collections.abc import Mapping
from datetime import datetime
from importlib import metadata
from pathlib import Path

from zelo.errors import LedgerError
from zelo.ledger.store import Ledger

KIND = "environment"
PACKAGES = (
    "catboost",
    "lightgbm",
    "numpy",
    "onnxruntime",
    "scikit-learn",
    "scipy",
    "torch",
    "treelite",
    "xgboost-cpu",
    "zelo",
)
_ACTOR = "zelo"
_CPUINFO = Path("/proc/cpuinfo")
_LOG = logging.getLogger(__name__)

Facts = Mapping[str, str]


def arithmetic() -> dict[str, str]:
    """The facts of this process, each with its name. A package that is not installed is left out."""
    found = {"python": platform.python_version(), "machine": f"{platform.system()} {platform.machine()}"}
    found["C library"] = " ".join(platform.libc_ver()).strip() or "unknown"
    found["processor"] = _processor()
    found["instructions"] = _instructions()
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def tell_arithmetic(ledger: Ledger, project: str) -> None:
    """Leave an event with this process's facts, unless the last one says the same.

    Where the ledger cannot take it, that is logged: it keeps nobody from serving.
    """
    now = arithmetic()
    try:
        last = ledger.events(project, kind=KIND, limit=1)
        if not last or last[0].payload != now:
            ledger.record_event(project, KIND, _ACTOR, "predictions are computed here from now on", now)
    except LedgerError as error:
        _LOG.error("what %s computes with is not in the ledger: %s", project, error)


def arithmetic_at(ledger: Ledger, project: str, at: datetime) -> Facts | None:
    """The facts that were told last before a moment; ``None`` where nobody told any."""
    return next((event.payload for event in ledger.events(project, kind=KIND) if event.at <= at), None)


def made_with(environment: Mapping[str, object]) -> Facts:
    """The facts that a bundle's ``environment.json`` has: those of the training."""
    packages = environment["packages"]
    assert isinstance(packages, Mapping)
    found = {"python": str(environment["python"]), "machine": str(environment["platform"])}
    return found | {name: str(packages[name]) for name in PACKAGES if name in packages}


def differing(then: Facts, now: Facts) -> list[str]:
    """The facts that are not the same, in words. One that ``then`` does not have is not held against it."""
    return [
        f"{name}: {value} then, {now.get(name, 'not installed')} now"
        for name, value in then.items()
        if now.get(name) != value
    ]


def _processor() -> str:
    """Its model: the same library takes other ways on another one."""
    try:
        lines = _CPUINFO.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor() or "unknown")


def _instructions() -> str:
    """The groups of vector instructions that numpy finds here."""
    import numpy as np

    found = np.show_config(mode="dicts")["SIMD Extensions"]
    return " ".join([*found.get("baseline", []), *found.get("found", [])])
