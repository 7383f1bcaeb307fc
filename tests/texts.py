"""A small project of comments, for the tests of what reads texts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from zelo.spec.project import Project

MODES = ["leak", "noise", "overheat"]
_SAYS = {
    "leak": ["hydraulic leak", "oil leaking l/h", "leaks at hose", "oil drips", "hose weeping"],
    "noise": ["noisy fan", "grinding noise", "rattles r/h", "squeaks in gearbox", "loud bearing"],
    "overheat": ["running hot", "temp high", "overheating eng", "hot gearbox", "eng temp alarm"],
}
_PLACES = ["pump", "motor", "2nd stage", "cab 12", "slew drive", "compressor"]


def make_comments(rows: int, seed: int = 0) -> tuple[list[str], list[str]]:
    """Comments with their failure modes, some of them in capitals or with an accent."""
    rng = np.random.default_rng(seed)
    labels = list(rng.choice(MODES, rows, p=[0.5, 0.3, 0.2]))
    texts = []
    for label in labels:
        text = f"{rng.choice(_SAYS[label])} {rng.choice(_PLACES)}"
        texts.append(text.upper() if rng.random() < 0.2 else text.replace("a", "á", int(rng.random() < 0.1)))
    return texts, labels


COMMENTS, LABELS = make_comments(60)


def make_text_project(**changes: Any) -> Project:
    """Comments of three failure modes, with a line and a temperature beside them."""
    document: dict[str, Any] = {
        "name": "comments",
        "title": "Comments",
        "language": "en",
        "task": {"kind": "multiclass", "target": "mode", "classes": MODES},
        "data": {
            "sources": {"train": "comments.csv"},
            "fields": {
                "comment": {"type": "text", "example": "oil leaking l/h"},
                "day": {"type": "date", "use": "metadata", "missing": "allowed"},
            },
        },
        "text": {"abbreviations": {"l/h": "left hand", "eng": "engine"}},
        "split": {"by": "class", "test": 0.25, "seed": 3},
        "candidates": ["prior", "logistic_regression"],
        "select": {"primary": "f1_macro", "report": ["pr_auc"], "folds": 3},
    }
    return Project.model_validate({**document, **changes})


def make_text_table(rows: int = 120, seed: int = 0) -> pd.DataFrame:
    """Rows in the shape of a snapshot."""
    texts, labels = make_comments(rows, seed)
    return pd.DataFrame(
        {
            "row__": np.arange(1, rows + 1),
            "comment": pd.Series(texts, dtype=object),
            "day": pd.Timestamp("2025-01-01") + pd.to_timedelta(np.arange(rows), unit="D"),
            "mode": pd.Series(labels, dtype=object),
        }
    )
