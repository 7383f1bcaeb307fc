"""Points for what a person did and wrote down, in the project's own documents."""

from __future__ import annotations

import re
from collections.abc import Sequence

from zelo.registry.ml_test_score.artefacts import Artefacts
from zelo.registry.ml_test_score.verdict import MANUAL, Proof, Said, Verdict

_HEADING = re.compile(r"^#+\s+(.+?)\s*$", re.MULTILINE)


def documented(found: Artefacts, words: Sequence[str], wanted: Said, more: Said) -> Verdict:
    """Half a point where a heading of the project's documents holds one of the words; never a whole one."""
    for name, text in found.texts.items():
        for heading in _HEADING.findall(text):
            if any(word in heading.casefold() for word in words):
                shows = Said("under the heading {heading}", {"heading": f"“{heading}”"})
                return Verdict(MANUAL, (Proof(f"projects/{found.project.name}/{name}", shows),), more)
    return Verdict(0.0, (), wanted)
