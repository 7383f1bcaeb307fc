"""What happens to texts before a compiled model sees them; it is written inside the model's own file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from zelo.features.columns import Columns
from zelo.features.text.preparation import TextPreparation

BORDER = "zelo.border"
"""The key of the model's metadata under which it travels."""


@dataclass(frozen=True)
class Border:
    """``texts`` are prepared; ``tokens`` are made of prepared texts: input -> (field, tokenizer's JSON)."""

    preparation: TextPreparation = field(default_factory=TextPreparation)
    texts: tuple[str, ...] = ()
    tokens: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def to_json(self) -> str:
        tokens = {name: list(made) for name, made in self.tokens.items()}
        facts = {"preparation": self.preparation.as_dict(), "texts": self.texts, "tokens": tokens}
        return json.dumps(facts, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        facts = json.loads(text)
        tokens = {name: (made[0], made[1]) for name, made in facts["tokens"].items()}
        return cls(TextPreparation(**facts["preparation"]), tuple(facts["texts"]), tokens)

    def crossed(self, columns: Columns) -> dict[str, np.ndarray[Any, Any]]:
        """The columns as the model takes them: texts prepared, [n] each, and tokens [n, t] beside them."""
        found = dict(columns)
        for name in self.texts:
            found[name] = np.array([self.preparation.apply(text) for text in columns[name]], dtype=object)
        for name, (source, tokenizer) in self.tokens.items():
            from zelo.features.text.tokens import tokenize

            found[name] = tokenize(tokenizer, found[source])
        return found
