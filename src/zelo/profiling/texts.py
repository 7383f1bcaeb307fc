"""Text fields: how long, with which words, and which terms tell the classes apart."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import Any

import numpy as np

from zelo.profiling.facts import ClassTexts, Count, Term, Texts
from zelo.profiling.fields import histogram, summary
from zelo.profiling.rows import Rows
from zelo.profiling.stop_words import STOP_WORDS, language_of

Array = np.ndarray[Any, Any]

MOST_WORDS, MOST_TERMS = 120, 40
PRIOR_WORDS = 500.0
"""How many words the prior of the log-odds counts as, as in Monroe et al."""
_WORD = re.compile(r"[^\W\d_][\w'’-]*")


def words_of(text: str) -> list[str]:
    """The words of a text, case folded; what begins with a digit is none."""
    return _WORD.findall(text.casefold())


def one_spelling(worded: list[list[str]]) -> list[list[str]]:
    """The same texts where words that differ in accents alone are written as most texts write them."""
    spellings = Counter(word for words in worded for word in words)
    common: dict[str, str] = {}
    for word, _ in sorted(spellings.items(), key=lambda item: (-item[1], item[0])):
        common.setdefault(_folded(word), word)
    return [[common[_folded(word)] for word in words] for words in worded]


def log_odds(counts: Array, prior_words: float = PRIOR_WORDS) -> Array:
    """z [K, V] of each word's weighted log-odds in each class against the other classes.

    With an informative Dirichlet prior, in proportion to the words' counts in all classes, that counts as
    ``prior_words`` words: Monroe, Colaresi & Quinn (2008), Fightin' Words, equations 16, 22 and 23.

    Args:
        counts: of word V in class K; each word stands somewhere.
    """
    counts = np.asarray(counts, dtype=np.float64)
    everywhere = counts.sum(axis=0)
    total = everywhere.sum()
    prior = prior_words * everywhere / total
    here, rest = counts + prior, everywhere - counts + prior
    words_here = counts.sum(axis=1, keepdims=True) + prior_words
    words_rest = total - counts.sum(axis=1, keepdims=True) + prior_words
    # A text of one word alone leaves nothing beside it: the log of 0 is the -inf that it should be.
    with np.errstate(divide="ignore", invalid="ignore"):
        difference = np.log(here / (words_here - here)) - np.log(rest / (words_rest - rest))
        z = difference / np.sqrt(1.0 / here + 1.0 / rest)
    return np.asarray(np.nan_to_num(z, nan=0.0, posinf=0.0, neginf=0.0))


def describe(rows: Rows) -> tuple[Texts, ...]:
    """Each text input, and each text kept as metadata, that holds a word."""
    names = [name for name, field in rows.project.fields.items() if field.type == "text"]
    return tuple(found for name in names if (found := _describe(rows, name)) is not None)


def _describe(rows: Rows, name: str) -> Texts | None:
    present = np.flatnonzero((rows.frame[name] != "").to_numpy())
    texts = [rows.frame[name].iloc[position] for position in present]
    worded = [words_of(text) for text in texts]
    if rows.project.text.accents == "folded":
        worded = one_spelling(worded)
    counts = Counter(word for words in worded for word in words)
    if not counts:
        return None
    lengths = np.array([len(words) for words in worded], dtype=np.float64)
    language = language_of(list(counts.elements()), rows.project.language)
    hapax = sum(count == 1 for count in counts.values())
    return Texts(
        field=name,
        rows=len(texts),
        stop_words=language,
        characters=summary(np.array([len(text) for text in texts], dtype=np.float64)),
        words=summary(lengths),
        histogram=histogram(lengths),
        tokens=counts.total(),
        vocabulary=len(counts),
        hapax=hapax,
        hapax_share=hapax / len(counts),
        top=_top(counts, STOP_WORDS[language]),
        classes=_by_class(rows, present, worded, lengths, STOP_WORDS[language]),
    )


def _by_class(
    rows: Rows, present: Array, worded: list[list[str]], lengths: Array, dropped: frozenset[str]
) -> tuple[ClassTexts, ...]:
    labels = rows.project.classes
    if not labels:
        return ()
    vocabulary = sorted({word for words in worded for word in words})
    places = {word: place for place, word in enumerate(vocabulary)}
    counts = np.zeros((len(labels), len(vocabulary)), dtype=np.int64)
    truth = rows.truth[present]
    for label, words in zip(truth, worded, strict=True):
        np.add.at(counts[label], [places[word] for word in words], 1)
    scores = log_odds(counts)
    found = []
    for label, name in enumerate(labels):
        own = truth == label
        terms = [
            Term(vocabulary[place], int(counts[label, place]), float(scores[label, place]))
            for place in np.argsort(-scores[label], kind="stable")
            if counts[label, place] and scores[label, place] > 0 and _tells(vocabulary[place], dropped)
        ]
        found.append(
            ClassTexts(
                str(name),
                int(own.sum()),
                summary(lengths[own]) if own.any() else None,
                tuple(terms[:MOST_TERMS]),
            )
        )
    return tuple(found)


def _top(counts: Counter[str], dropped: frozenset[str]) -> tuple[Count, ...]:
    kept = [(word, count) for word, count in counts.items() if _tells(word, dropped)]
    kept.sort(key=lambda item: (-item[1], item[0]))
    return tuple(Count(word, count, count / counts.total()) for word, count in kept[:MOST_WORDS])


def _folded(word: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFKD", word) if not unicodedata.combining(sign))


def _tells(word: str, dropped: frozenset[str]) -> bool:
    return len(word) > 1 and word not in dropped
