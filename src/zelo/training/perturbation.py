"""Ways of writing the same text otherwise: what a label should not depend on.

Behavioural tests of invariance: Ribeiro et al. 2020, "Beyond Accuracy: Behavioral Testing of NLP Models
with CheckList", section 2.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping

import numpy as np

Perturbation = Callable[[str, np.random.Generator], str]

WORD = re.compile(r"[^\W\d_]{3,}")
"""Letters that are long enough to mistype and still be read."""
ACCENTED = dict(zip("aeiouAEIOUcC", "áéíóúÁÉÍÓÚçÇ", strict=True))


def perturbations(abbreviations: Mapping[str, str]) -> dict[str, Perturbation]:
    """Each by its name; those of abbreviations only where the project has some."""
    found: dict[str, Perturbation] = {
        "letters_swapped": _mistyped(lambda word, at: word[:at] + word[at + 1] + word[at] + word[at + 2 :]),
        "letter_dropped": _mistyped(lambda word, at: word[:at] + word[at + 1 :]),
        "letter_doubled": _mistyped(lambda word, at: word[: at + 1] + word[at:]),
        "upper_case": lambda text, rng: text.upper(),
        "lower_case": lambda text, rng: text.lower(),
        "accents_stripped": lambda text, rng: _without_accents(text),
        "accent_added": _with_accent,
    }
    if abbreviations:
        found["abbreviated"] = _replaced({words: short for short, words in abbreviations.items()})
        found["written_out"] = _replaced(abbreviations)
    return found


def _mistyped(change: Callable[[str, int], str]) -> Perturbation:
    """One word of the text, changed at one of its letters but the last."""

    def perturb(text: str, rng: np.random.Generator) -> str:
        words = list(WORD.finditer(text))
        if not words:
            return text
        word = words[rng.integers(len(words))]
        changed = change(word[0], int(rng.integers(len(word[0]) - 1)))
        return text[: word.start()] + changed + text[word.end() :]

    return perturb


def _without_accents(text: str) -> str:
    apart = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(sign for sign in apart if not unicodedata.combining(sign)))


def _with_accent(text: str, rng: np.random.Generator) -> str:
    places = [place for place, letter in enumerate(text) if letter in ACCENTED]
    if not places:
        return text
    place = places[rng.integers(len(places))]
    return text[:place] + ACCENTED[text[place]] + text[place + 1 :]


def _replaced(table: Mapping[str, str]) -> Perturbation:
    """Whole words of the table's keys by its values, whatever their case; the longest key first."""
    meaning = {key.casefold(): value for key, value in table.items()}
    keys = "|".join(re.escape(key) for key in sorted(meaning, key=len, reverse=True))
    pattern = re.compile(rf"(?<!\w)(?:{keys})(?!\w)", re.IGNORECASE)

    def perturb(text: str, rng: np.random.Generator) -> str:
        return pattern.sub(lambda found: meaning.get(found[0].casefold(), found[0]), text)

    return perturb
