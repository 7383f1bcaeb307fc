"""G03: not worse than the champion on the same rows."""

from __future__ import annotations

from zelo.registry.examination import Examination
from zelo.registry.gates.gate import Gate, Status


def check(examination: Examination) -> tuple[Status, str, str]:
    """Paired bootstrap: neither significantly worse, nor worse by more than the margin at all.

    The champion never saw these rows: a row keeps its side of the split for life.
    """
    margin = examination.project.gates.margin
    expected = f"no loss over {margin:g}, and none that is significant at 95 %"
    if examination.incomparable:
        return "failed", examination.incomparable, expected
    if examination.champion is None:
        return "skipped", "there is no champion yet", expected
    primary = examination.project.select.primary
    gain = examination.gain_over(examination.champion)
    # A gain in the target's unit may be of any size.
    as_written = "+.4f" if examination.project.classes else "+.3g"
    value, low, high = (format(part + 0.0, as_written) for part in (gain.value, gain.low, gain.high))
    found = f"{primary} {value} [{low}, {high}] against the champion"
    return "passed" if gain.value >= -margin and gain.high >= 0 else "failed", found, expected


GATE = Gate("G03", "not worse than the champion", check)
