"""G08: no class that the project calls critical is neglected."""

from __future__ import annotations

import json

from zelo.registry.examination import Examination
from zelo.registry.gates.gate import Gate, Status

CLASSES = "classes.json"


def check(examination: Examination) -> tuple[Status, str, str]:
    """Recall of each critical class out of fold, as it was measured when the winner was chosen.

    The test set has too few rows of a rare class to judge it: Wilson's interval of three found of four
    reaches from 30 % to 95 %.
    """
    critical = examination.project.select.critical
    if critical is None:
        return "skipped", "the project names no critical classes", "critical classes in select.critical"
    expected = f"recall of at least {critical.recall:g} out of fold of each critical class"
    written = json.loads((examination.bundle.path / CLASSES).read_text(encoding="utf-8"))["classes"]
    recalls = {item["label"]: item["out_of_fold"]["recall"] for item in written}
    low = [
        label
        for label in critical.classes
        if recalls[label]["value"] is None or recalls[label]["value"] < critical.recall
    ]
    text = ", ".join(f"{label} {_told(recalls[label])}" for label in critical.classes)
    if low:
        return "failed", f"{', '.join(map(str, low))} too low; {text}", expected
    return "passed", text, expected


def _told(recall: dict[str, float | None]) -> str:
    if recall["value"] is None:
        return "has no scored rows"
    return f"{recall['value']:.2f} [{recall['low']:.2f}, {recall['high']:.2f}]"


GATE = Gate("G08", "critical classes held", check)
