"""Small snapshots for the tests of profiles: texts, classes and values."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tests.tables import make_project, make_table

from zelo.data.contract import ROW
from zelo.data.snapshot import Snapshot, write_snapshot
from zelo.data.sources import Located
from zelo.profiling.facts import Profile
from zelo.profiling.profile import profile
from zelo.profiling.rows import Rows, sides
from zelo.spec.project import Project

SCRIPT = "<script>alert('x')</script> leak"
PARTS = {
    "leaking": (
        ["oil leak", "water leaking", "leak spraying", "leakage dripping"],
        ["hose", "seal", "pipe", "tank"],
    ),
    "noise": (
        ["loud noise", "squealing", "knocking noise", "noisy rattle"],
        ["belt", "fan", "gear", "brake"],
    ),
    "hot": (["overheating", "too hot", "burning hot", "heat smoke"], ["engine", "motor", "pump", "bearing"]),
}
PLACES = ["left side", "right side", "front", "rear", "near the cab", "under the deck", "at the top"]


def text_project(language: str = "en", **changes: Any) -> Project:
    """Failure modes from a text, with a date and an asset as metadata."""
    document = {
        "name": "orders",
        "title": "Orders & <modes>",
        "language": language,
        "task": {"kind": "multiclass", "target": "mode", "classes": list(PARTS)},
        "data": {
            "key": "id",
            "sources": {"train": "orders.csv"},
            "fields": {
                "text": {"type": "text", "meaning": "what was <seen>"},
                "day": {"type": "date", "use": "metadata", "missing": "allowed"},
                "asset": {"type": "category", "use": "metadata"},
            },
        },
        "split": {"by": "class", "test": 0.2, "seed": 3},
        "candidates": ["prior", "logistic_regression"],
        "select": {"primary": "f1_macro", "folds": 3},
    }
    return Project.model_validate({**document, **changes})


def text_table() -> pd.DataFrame:
    """Each symptom of each class at each part and place: 336 rows, all different."""
    rows = [
        {"text": f"{symptom} {part} {place}", "mode": mode}
        for mode, (symptoms, parts) in PARTS.items()
        for symptom in symptoms
        for part in parts
        for place in PLACES
    ]
    table = pd.DataFrame(rows).sample(frac=1.0, random_state=1, ignore_index=True)
    table["id"] = [f"o{number:04d}" for number in range(len(table))]
    table["day"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(len(table)), unit="D")
    table["asset"] = np.where(np.arange(len(table)) % 3 == 0, "A", "B")
    return table


def snapshot(table: pd.DataFrame, project: Project, root: Path, *, synthetic: bool = False) -> Snapshot:
    """The table as a snapshot below ``root``."""
    numbered = table.assign(**{ROW: np.arange(1, len(table) + 1)})
    source = Located(root / "rows.csv", "project", "0" * 64, synthetic, None, None)
    created = datetime(2025, 1, 2, tzinfo=UTC)
    return write_snapshot(numbered, project=project, root=root, sources=[source], created=created)


def profiled(table: pd.DataFrame, project: Project, root: Path, *, synthetic: bool = False) -> Profile:
    """The profile of the table."""
    return profile(snapshot(table, project, root, synthetic=synthetic), project, threads=1)


def training_rows(table: pd.DataFrame, project: Project, root: Path) -> Rows:
    """The training rows of the table."""
    made = snapshot(table, project, root)
    return sides(made.frame(), project, made.sources)[0]


def sample(kind: str) -> tuple[pd.DataFrame, Project]:
    """A table and a project of a kind of task, or of texts."""
    if kind == "text":
        return text_table(), text_project()
    return make_table(kind), make_project(kind)
