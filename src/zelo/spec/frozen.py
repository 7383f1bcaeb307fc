"""What every object of a project is made of: an immutable model, and names."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
FieldName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,62}$")]
"""A column may keep the name that its users know, such as HH."""

Table = dict[str, str]
"""Two columns of words. In a project.yaml also the name of a CSV beside it, whose rows loading puts there."""


class Frozen(BaseModel):
    """Immutable; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
