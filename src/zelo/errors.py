"""Every error that Zelo raises on purpose.

    ZeloError
    ├── SpecError          a project.yaml, or a setting, is not valid
    ├── DataError          data cannot be used
    │   ├── SourceError    a file is missing, unreadable, or not the pinned one
    │   ├── ContractError  rows break the contract; carries every bad row
    │   └── PipelineError  raw files, or the rows made of them, are at fault; carries each fault
    ├── TrainingError      a candidate or a metric cannot be fitted or computed
    ├── RegistryError      a version, alias or evidence is missing or inconsistent
    │   ├── BundleError    a bundle is missing, cut short or changed
    │   └── GateError      a gate refuses the promotion
    ├── LedgerError        the durable record cannot be written or read
    └── ServingError       a request cannot be answered
        ├── RequestError   the request is at fault
        ├── UnknownError   what the request names does not exist
        ├── ConflictError  what the request asks does not go with what is so now
        └── OverloadError  too much is waiting; try again later

Each message says what happened, where, what was found, what was expected, and what to do.
HTTP status codes belong to ``zelo.serving`` alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zelo.data.contract import BadRow
    from zelo.data.pipeline.faults import Fault
    from zelo.serving.schema import FieldError


class ZeloError(Exception):
    """Base of the tree. The parts of the message stay apart, so that JSON can show them."""

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        found: str = "",
        expected: str = "",
        hint: str = "",
    ) -> None:
        self.what = what
        self.where = where
        self.found = found
        self.expected = expected
        self.hint = hint
        super().__init__(str(self))

    def __str__(self) -> str:
        lines = [f"{self.where}: {self.what}" if self.where else self.what]
        for label, text in (
            ("found", self.found),
            ("expected", self.expected),
            ("to do", self.hint),
        ):
            if text:
                lines.append(f"  {label}: {text}")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, str]:
        """The non-empty parts, by name."""
        parts = {
            "what": self.what,
            "where": self.where,
            "found": self.found,
            "expected": self.expected,
            "hint": self.hint,
        }
        return {name: text for name, text in parts.items() if text}


class SpecError(ZeloError):
    """A project.yaml, or a setting, is not valid."""


class DataError(ZeloError):
    """Data cannot be used."""


class SourceError(DataError):
    """A file is missing, unreadable, or not the pinned one."""


class ContractError(DataError):
    """Rows break the contract; ``bad_rows`` holds every one of them."""

    def __init__(self, what: str, *, bad_rows: Sequence[BadRow], where: str = "") -> None:
        self.bad_rows = tuple(bad_rows)
        shown = "\n".join(f"    {row}" for row in self.bad_rows[:20])
        more = len(self.bad_rows) - 20
        super().__init__(
            what,
            where=where,
            found=f"{len(self.bad_rows)} bad value(s)\n{shown}"
            + (f"\n    ... and {more} more" if more > 0 else ""),
            expected="every row within the contract of project.yaml",
            hint="mend the rows, or the contract if the contract is wrong",
        )


class PipelineError(DataError):
    """Raw files, or the weeks or days made of them, are at fault.

    ``faults`` holds each fault, or the first of very many; ``total`` counts them all.
    """

    def __init__(
        self,
        what: str,
        *,
        faults: Sequence[Fault],
        where: str = "",
        total: int = 0,
        hint: str = "mend the files, or project.yaml if it is wrong; nothing was written",
    ) -> None:
        self.faults = tuple(faults)
        self.total = max(total, len(self.faults))
        shown = "\n".join(f"    {fault}" for fault in self.faults[:20])
        more = self.total - 20
        super().__init__(
            what,
            where=where,
            found=f"{self.total} fault(s)\n{shown}" + (f"\n    ... and {more} more" if more > 0 else ""),
            expected="files, and weeks or days, as project.yaml describes them",
            hint=hint,
        )


class TrainingError(ZeloError):
    """A candidate or a metric cannot be fitted or computed."""


class RegistryError(ZeloError):
    """A version, alias or evidence is missing or inconsistent."""


class BundleError(RegistryError):
    """A bundle is missing, cut short or changed."""


class GateError(RegistryError):
    """A gate refuses the promotion."""


class LedgerError(ZeloError):
    """The durable record cannot be written or read."""


class ServingError(ZeloError):
    """A request cannot be answered."""


class RequestError(ServingError):
    """The request is at fault; ``errors`` holds each field at fault, where fields are."""

    def __init__(self, what: str, *, errors: Sequence[FieldError] = (), **parts: str) -> None:
        self.errors = tuple(errors)
        super().__init__(what, **parts)


class UnknownError(ServingError):
    """What the request names does not exist."""


class ConflictError(ServingError):
    """What the request asks does not go with what is so now: another job runs, another change came first."""


class OverloadError(ServingError):
    """Too much is waiting; try again later."""
