"""The bodies that ask for a training or change a configuration, read and checked."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

from zelo.errors import RequestError
from zelo.models.hyperparameters import BLENDS, Fault, Overrides, can_blend, faults
from zelo.serving.schema import FieldError, refuse_malformed, shown
from zelo.spec.frozen import FieldName, Name
from zelo.spec.project import Project

MOST_TRIALS = 500
_MOST_NAMED = 200
_EXPECTED = {
    "missing": "a value",
    "too_long": f"at most {_MOST_NAMED} entries",
}

Patch = Annotated[
    dict[Name, Annotated[dict[FieldName, Any], Field(max_length=_MOST_NAMED)] | None],
    Field(
        max_length=_MOST_NAMED,
        description="candidate -> hyperparameter -> value; null: as the project.yaml has it",
        examples=[{"lightgbm": {"n_estimators": 150, "learning_rate": 0.05}}],
    ),
]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1_000, pattern=r"^[^\x00]*$")]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


Body = TypeVar("Body", bound=_Body)


class TrainRequest(_Body):
    """A training: with what, of which candidates, and what happens where one runs already."""

    candidates: Patch = Field(default_factory=dict)
    only: Annotated[tuple[Name, ...], Field(max_length=_MOST_NAMED, strict=False)] | None = Field(
        default=None, description="of the project's candidates these alone"
    )
    pick: Name | None = Field(
        default=None, description="the candidate to register, whatever the comparison says"
    )
    trials: Annotated[int, Field(ge=0, le=MOST_TRIALS)] | None = Field(
        default=None, description="Optuna's trials a candidate; the project's own number if absent"
    )
    when_busy: Literal["queue", "refuse"] = Field(
        default="queue", description="where a job of the project runs or waits: wait behind it, or answer 409"
    )
    reason: Reason = Field(default="", description="why; it stands in the record of the job")


class ConfigRequest(_Body):
    """A change of the configuration: what it does not name stays as it is."""

    candidates: Annotated[Patch, Field(min_length=1)]
    reason: Annotated[Reason, Field(min_length=1)] = Field(description="why; it stands in the record")
    version: Annotated[int, Field(ge=0)] | None = Field(
        default=None,
        description="the version that was read, 0 for none: 409 where it is no longer the newest",
    )


def read_train(body: bytes) -> TrainRequest:
    """What a body asks for; an empty one asks for a training as the project is.

    Raises:
        RequestError: it is no JSON, or not of this shape.
    """
    return _read(TrainRequest, body or b"{}")


def read_config(body: bytes) -> ConfigRequest:
    """The change that a body asks for.

    Raises:
        RequestError: it is no JSON, or not of this shape.
    """
    return _read(ConfigRequest, body)


def check_names(request: TrainRequest, project: Project) -> None:
    """Refuse candidates that the project lacks, or the training would leave out, and blends of nothing.

    Raises:
        RequestError: there are such.
    """
    have = tuple(project.candidate_entries)
    allowed = f"one of {', '.join(have)}"
    found = [
        FieldError(f"only.{place}", shown(name), allowed)
        for place, name in enumerate(request.only or ())
        if name not in have
    ]
    if request.only == ():
        found.append(FieldError("only", "an empty list", allowed))
    considered = have if request.only is None else request.only
    if request.pick is not None and request.pick not in considered:
        found.append(FieldError("pick", shown(request.pick), f"one of {', '.join(considered)}"))
    found += [
        FieldError(f"candidates.{name}", shown(name), f"one of {', '.join(considered)}, which only names")
        for name in request.candidates
        if name in have and name not in considered
    ]
    blends = {name for name in (*(request.only or ()), request.pick) if name in BLENDS}
    if blends and not can_blend(project, considered):
        place = "pick" if request.only is None else "only"
        found.append(FieldError(place, ", ".join(sorted(blends)), "others to blend, beside the baselines"))
    if found:
        raise RequestError("the request does not fit the project", errors=found)


def check_overrides(project: Project, overrides: Overrides, *, where: str = "", hint: str = "") -> None:
    """Refuse hyperparameters that a candidate does not have, or values out of range.

    Raises:
        RequestError: there are such; ``errors`` holds each.
    """
    if found := faults(project, overrides):
        first, others = found[0], len(found) - 1
        raise RequestError(
            "hyperparameters cannot be taken",
            errors=[_field_error(fault) for fault in found],
            where=where,
            found=f"{first.key}: {first.found}" + (f", and {others} more at fault" if others else ""),
            expected=first.expected,
            hint=hint,
        )


def _field_error(fault: Fault) -> FieldError:
    return FieldError(f"candidates.{fault.key}", fault.found, fault.expected)


def _read(kind: type[Body], body: bytes) -> Body:
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        refuse_malformed(error)
        raise RequestError("the request is not valid", errors=_errors(error, kind)) from error


def _errors(error: ValidationError, kind: type[_Body]) -> list[FieldError]:
    found: dict[str, FieldError] = {}
    for details in error.errors(include_url=False, include_context=False)[:_MOST_NAMED]:
        place = ".".join(str(step) for step in details["loc"] if step != "[key]") or "the body"
        missing = details["type"] == "missing"
        found.setdefault(
            place,
            FieldError(place, "nothing" if missing else shown(details["input"]), _expected(details, kind)),
        )
    return list(found.values())


def _expected(details: ErrorDetails, kind: type[_Body]) -> str:
    if details["type"] == "extra_forbidden":
        return f"no such key: only {', '.join(kind.model_fields)}"
    if details["type"] == "string_pattern_mismatch":
        if details["loc"] == ("reason",):
            return "text without the character NUL"
        inner = len([step for step in details["loc"] if step != "[key]"]) == 3
        return f"a name of {'letters' if inner else 'small letters'}, digits and _"
    return _EXPECTED.get(details["type"], details["msg"].removeprefix("Input should be "))
