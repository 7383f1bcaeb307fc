"""More texts to fit on: changed copies of the fitting rows, made in the training folds alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator

from zelo.errors import TrainingError
from zelo.spec.code import load_function
from zelo.spec.project import Project

if TYPE_CHECKING:
    import pandas as pd

Rewrite = Callable[[Sequence[str], int], Sequence[str]]
"""(texts, seed) -> as many texts: a project's own way to say the same in other words."""

SYNONYM_SHARE = 0.5
_KEYBOARD = ("qwertyuiop", "asdfghjklç", "zxcvbnm")


def load_hook(project: Project, folder: Path) -> Rewrite | None:
    """The function of the project's features.py that ``text.augmentation.hook`` names; ``None`` without one.

    Raises:
        SpecError: features.py cannot be loaded, or has no such function.
    """
    wanted = project.text.augmentation
    if wanted is None or wanted.hook is None:
        return None
    return load_function(
        folder / "features.py", wanted.hook, "(texts: Sequence[str], seed: int) -> Sequence[str]"
    )


class AugmentTexts(BaseEstimator):  # type: ignore[misc]
    """A sampler of raw rows: each row as it is, and below them ``copies`` copies with changed texts.

    A copy goes through ``hook``, then half of its words that ``synonyms`` knows are exchanged, then the share
    ``typos`` of its letters is mistyped: swapped with the next one, dropped, doubled, or a neighbour on the
    keyboard hit. Other columns and the label stay. The same rows and seed give the same copies.

    It has ``fit_resample`` and no ``transform``: in imbalanced-learn's pipeline it acts when fitting alone.
    """

    def __init__(
        self,
        fields: Sequence[str],
        copies: int = 1,
        typos: float = 0.05,
        synonyms: Mapping[str, str] | None = None,
        hook: Rewrite | None = None,
        seed: int = 0,
    ) -> None:
        self.fields = fields
        self.copies = copies
        self.typos = typos
        self.synonyms = synonyms
        self.hook = hook
        self.seed = seed

    def fit_resample(
        self, rows: pd.DataFrame, truth: np.ndarray[Any, Any]
    ) -> tuple[pd.DataFrame, np.ndarray[Any, Any]]:
        """``rows`` [n] and ``truth`` [n], each followed by its copies: [n x (1 + copies)].

        Raises:
            TrainingError: the hook fails, or gives back other than as many texts.
        """
        import pandas as pd

        made = [self._copy(rows, number) for number in range(1, self.copies + 1)]
        return pd.concat([rows, *made], ignore_index=True), np.tile(np.asarray(truth), self.copies + 1)

    def _copy(self, rows: pd.DataFrame, number: int) -> pd.DataFrame:
        rng = np.random.default_rng([self.seed, number])
        changed = {}
        for field in self.fields:
            written = texts = rows[field].tolist()
            if self.hook is not None:
                texts = _rewritten(self.hook, texts, int(rng.integers(2**31)))
            if self.synonyms:
                texts = _exchanged(texts, self.synonyms, rng)
            typed = [mistyped(text, self.typos, rng) for text in texts]
            # A missing text stays missing, whatever the hook makes of it.
            kept = [new if old else old for new, old in zip(typed, written, strict=True)]
            changed[field] = np.array(kept, dtype=object)
        return rows.assign(**changed)


class DescribedClasses(BaseEstimator):  # type: ignore[misc]
    """A sampler of raw rows: below them a row a phrase that says what a class means.

    What people know of the classes, such as a standard's wording, is worth rows where a class has few.
    Other columns than the text are missing in such a row. Like any sampler, it acts when fitting alone.
    """

    def __init__(self, field: str, phrases: Sequence[tuple[str, int]]) -> None:
        self.field = field
        self.phrases = phrases

    def fit_resample(
        self, rows: pd.DataFrame, truth: np.ndarray[Any, Any]
    ) -> tuple[pd.DataFrame, np.ndarray[Any, Any]]:
        """``rows`` [n] and ``truth`` [n], each followed by the m phrases: [n + m]."""
        import pandas as pd

        said = {
            name: [phrase for phrase, _ in self.phrases]
            if name == self.field
            else np.full(len(self.phrases), np.nan if column.dtype.kind == "f" else "", dtype=column.dtype)
            for name, column in rows.items()
        }
        labels = np.array([label for _, label in self.phrases], dtype=np.asarray(truth).dtype)
        return pd.concat([rows, pd.DataFrame(said)], ignore_index=True), np.concatenate([truth, labels])


def mistyped(text: str, share: float, rng: np.random.Generator) -> str:
    """The text with about ``share`` of its letters mistyped; never without its last letter."""
    letters = list(text)
    for place in np.flatnonzero(rng.random(len(letters)) < share):
        letter = letters[place]
        if not letter.isalpha():
            continue
        kind = rng.integers(4)
        if kind == 0 and place + 1 < len(letters) and len(letters[place + 1]) == 1:
            letters[place], letters[place + 1] = letters[place + 1], letter
        elif kind == 1:
            letters[place] = ""
        elif kind == 2:
            letters[place] = letter * 2
        elif near := _NEIGHBOURS.get(letter.lower()):
            hit = near[rng.integers(len(near))]
            letters[place] = hit.upper() if letter.isupper() else hit
    typed = "".join(letters)
    return typed if typed.strip() else text


def _rewritten(hook: Rewrite, texts: list[str], seed: int) -> list[str]:
    try:
        given = list(hook(texts, seed))
    except Exception as error:
        raise _broken_hook(f"{type(error).__name__}: {error}") from error
    if len(given) != len(texts) or not all(isinstance(text, str) for text in given):
        raise _broken_hook(f"{len(given)} values for {len(texts)} texts")
    return given


def _broken_hook(found: str) -> TrainingError:
    return TrainingError(
        "the project's hook gave no texts",
        where="text.augmentation.hook",
        found=found,
        expected="a text for each text",
        hint="mend the function in features.py, or take the hook out of project.yaml",
    )


def _exchanged(texts: list[str], synonyms: Mapping[str, str], rng: np.random.Generator) -> list[str]:
    table = {word.lower(): synonym for word, synonym in synonyms.items()}
    longest_first = sorted(map(re.escape, table), key=len, reverse=True)
    known = re.compile(rf"(?<!\w)(?:{'|'.join(longest_first)})(?!\w)", re.IGNORECASE)

    def exchange(match: re.Match[str]) -> str:
        word = match.group()
        # Some letters have no single lower-case form; such a match stays as it is.
        return table.get(word.lower(), word) if rng.random() < SYNONYM_SHARE else word

    return [known.sub(exchange, text) for text in texts]


def _neighbours() -> dict[str, str]:
    """Each key with those beside, above and below it."""
    found = {}
    for row, keys in enumerate(_KEYBOARD):
        for column, key in enumerate(keys):
            near = keys[max(column - 1, 0) : column] + keys[column + 1 : column + 2]
            for other in (row - 1, row + 1):
                if 0 <= other < len(_KEYBOARD):
                    near += _KEYBOARD[other][column : column + 1]
            found[key] = near
    return found


_NEIGHBOURS = _neighbours()
