"""What a candidate may read of a text: blocks of features by name, that stand side by side."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import StandardScaler

from zelo.errors import SpecError
from zelo.features.text.transforms import PrepareTexts, TextShape, WordVectors
from zelo.spec.project import Entry, Project

Params = Mapping[str, Any]


@dataclass(frozen=True)
class Block:
    """Features by name: what they are, their parameters with defaults, and how they are built."""

    name: str
    about: str
    defaults: Params
    build: Callable[[Params, Project, int], Any]


def _words(params: Params, project: Project, seed: int) -> Any:
    return _tfidf("word", params, token_pattern=r"\S+")  # noqa: S106  (words, not a secret)


def _chars(params: Params, project: Project, seed: int) -> Any:
    if params["ngrams"][0] not in (2, 3):
        # Of one character, two words' edges would be one; of four, short words would count whole: a compiled
        # model, which reads the text in one go, cannot tell.
        raise SpecError(
            "character n-grams of this length cannot be compiled",
            where=f"{project.name}: candidates.features.chars",
            found=str(list(params["ngrams"])),
            expected="n-grams from 2 or 3 characters on",
        )
    return _tfidf("char_wb", params)


def _tfidf(analyzer: str, params: Params, **options: Any) -> Any:
    return TfidfVectorizer(
        analyzer=analyzer,
        ngram_range=tuple(params["ngrams"]),
        min_df=params["min_df"],
        sublinear_tf=params["sublinear"],
        lowercase=False,
        **options,
    )


def _shape(params: Params, project: Project, seed: int) -> Any:
    return Pipeline([("shape", TextShape()), ("scale", StandardScaler())])


def _word2vec(params: Params, project: Project, seed: int) -> Any:
    return WordVectors("word2vec", params["size"], params["epochs"], seed)


def _fasttext(params: Params, project: Project, seed: int) -> Any:
    return WordVectors("fasttext", params["size"], params["epochs"], seed)


def _sentence(params: Params, project: Project, seed: int) -> Any:
    from zelo.features.text.encoder import SentenceEmbedding

    return SentenceEmbedding(params["encoder"] or project.text.encoder)


_VECTORS = {"size": 100, "epochs": 30, "weight": 1.0}

BLOCKS: dict[str, Block] = {
    block.name: block
    for block in (
        Block(
            "words",
            "TF-IDF of words and of words side by side",
            {"ngrams": [1, 2], "min_df": 1, "sublinear": True, "weight": 1.0},
            _words,
        ),
        Block(
            "chars",
            "TF-IDF of the character n-grams inside words, which forgive typing errors",
            {"ngrams": [2, 5], "min_df": 1, "sublinear": True, "weight": 1.0},
            _chars,
        ),
        Block(
            "shape", "length and complexity: characters, words, word length, digits", {"weight": 1.0}, _shape
        ),
        Block(
            "word2vec", "mean of word vectors trained on the project's texts (skip-gram)", _VECTORS, _word2vec
        ),
        Block(
            "fasttext",
            "mean of word vectors trained on the project's texts and on the parts of their words",
            _VECTORS,
            _fasttext,
        ),
        Block(
            "sentence",
            "sentence embedding by a pretrained encoder, as it is",
            {"encoder": None, "weight": 1.0},
            _sentence,
        ),
    )
}
DEFAULT: tuple[Entry, ...] = ("chars",)


def text_branch(project: Project, field: str, entries: Sequence[Entry], seed: int) -> Any:
    """A text field's pipeline: prepared once, then each block beside the others.

    Raises:
        SpecError: a block or one of its parameters is unknown.
    """
    chosen = [_with_params(project, entry) for entry in entries]
    blocks = FeatureUnion(
        [(block.name, block.build(params, project, seed)) for block, params in chosen],
        transformer_weights={block.name: float(params["weight"]) for block, params in chosen},
    )
    prepare = PrepareTexts(field, dict(project.text.abbreviations), project.text.accents == "folded")
    return Pipeline([("prepare", prepare), ("blocks", blocks)])


def _with_params(project: Project, entry: Entry) -> tuple[Block, Params]:
    name, given = (entry, {}) if isinstance(entry, str) else next(iter(entry.items()))
    where = f"{project.name}: candidates.features"
    if name not in BLOCKS:
        raise _unknown(f"no features called {name}", where, name, BLOCKS)
    block = BLOCKS[name]
    for key in given:
        if key not in block.defaults:
            raise _unknown(f"features {name} have no parameter {key}", f"{where}.{name}", key, block.defaults)
    return block, {**block.defaults, **given}


def _unknown(what: str, where: str, found: str, known: Mapping[str, Any]) -> SpecError:
    close = difflib.get_close_matches(found, known, n=1)
    return SpecError(
        what,
        where=where,
        found=found,
        expected=f"one of {', '.join(known)}",
        hint=f"did you mean {close[0]}?" if close else "docs/features.md lists them",
    )
