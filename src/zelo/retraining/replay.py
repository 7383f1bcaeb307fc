"""The verb ``replay``: a challenger scores the last days of logged traffic before it gets any of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np

from zelo.decisions.decide import Decision, decide
from zelo.errors import ZeloError
from zelo.features.columns import columns_from_rows, count
from zelo.features.history import windows_of
from zelo.ledger.logged import Logged, logged
from zelo.ledger.records import Event
from zelo.ledger.store import Ledger
from zelo.registry.aliases import read_aliases
from zelo.registry.bundle import Bundle, load_bundle
from zelo.registry.store import Store, load_champion
from zelo.retraining.costs import Compared, compared, cost_matrix, cost_of_values, expected_costs
from zelo.retraining.parts import Part, parts
from zelo.spec.acting import length
from zelo.spec.project import Project
from zelo.stats.arrays import BoolArray, FloatArray

MOST_ROWS = 50_000
"""Logged rows that are scored at most; of more, so many are taken by chance."""
UNREADABLE = "the challenger cannot score the logged traffic"
OTHER_CLASSES = "the versions do not answer in the same classes"
_AT_ONCE = 2_000
_LISTED = 20
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Turned:
    """So many rows that the champion answers ``before`` and the challenger ``after``."""

    before: str
    after: str
    rows: int


@dataclass(frozen=True)
class Changed:
    """One of the predictions whose score moves most among those whose decision changes."""

    id: str
    before: str
    after: str
    score_before: float
    score_after: float


@dataclass(frozen=True)
class Replay:
    """What a challenger would have answered from ``since`` on and before ``until``, beside the champion.

    Of ``logged`` predictions ``rows`` were scored. A decision has ``changed`` where the class is another or,
    of a value, where it moved by more than ``moved_beyond``: the champion's mean absolute error on its test
    set. ``costs`` are those of rows with an outcome; ``expected`` those of the rows without, by the mean of
    both versions' probabilities. ``because`` says what could not be computed.
    """

    project: str
    champion: str
    challenger: str
    since: datetime
    until: datetime
    logged: int
    rows: int
    changed: int
    moved_beyond: float | None
    mean_move: float | None
    decisions: tuple[Turned, ...]
    bands: tuple[Turned, ...]
    slices: tuple[Part, ...]
    examples: tuple[Changed, ...]
    currency: str
    costs: Compared | None
    expected: Compared | None
    because: tuple[str, ...]

    @property
    def passes(self) -> bool:
        """Whether nothing here speaks against the challenger: it reads every row, and what is known of costs
        does not say that it is dearer."""
        read = UNREADABLE not in self.because
        dearer = self.costs is not None and self.costs.low is not None and self.costs.low > 0
        return read and not dearer

    def as_dict(self) -> dict[str, Any]:
        """For JSON: times in ISO 8601."""
        told = asdict(self) | {"passes": self.passes}
        return told | {"since": self.since.isoformat(), "until": self.until.isoformat()}


def replayed(
    ledger: Ledger, store: Store, project: Project, *, actor: str, now: datetime, version: str | None = None
) -> Replay | None:
    """Replay the challenger against the champion, and write the event ``replay``.

    Args:
        project: as it is today: its costs, slices and how far to look back.
        version: of the challenger's alias as the caller knows it; only told.

    Returns:
        ``None`` where there is no champion: nothing was answered yet, and nothing can change.

    Raises:
        RegistryError, BundleError: there is no challenger, or a bundle cannot be loaded.
        LedgerError: the ledger cannot be read or written.
    """
    champion = load_champion(store, project.name)
    aliases = read_aliases(store.registry, project.name)
    if champion is None or "challenger" not in aliases:
        return None
    entry = aliases["challenger"]
    challenger = load_bundle(store.bundles / project.name / entry["bundle"])
    found = replay(
        ledger,
        project,
        (aliases["champion"]["version"], champion),
        (version or entry["version"], challenger),
        until=now,
    )
    record(ledger, found, actor)
    return found


def record(ledger: Ledger, found: Replay, actor: str) -> Event:
    """Write the event ``replay``: the whole report."""
    reason = f"{found.changed} of {found.rows} decisions change"
    return ledger.record_event(found.project, "replay", actor, reason, found.as_dict())


def replay(
    ledger: Ledger,
    project: Project,
    champion: tuple[str, Bundle],
    challenger: tuple[str, Bundle],
    *,
    until: datetime,
) -> Replay:
    """Score the logged inputs of the last ``retraining.replay`` with both versions; nothing is written.

    Both are asked anew, so that an older champion's answers in the window do not count as the challenger's
    changes.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    since = until - length(project.retraining.replay)
    total, rows = logged(ledger, project.name, since=since, until=until, most=MOST_ROWS)
    scored, because = _scored(project, (champion[1], challenger[1]), rows)
    if len(scored) < 2:
        rows, scored = [], [_nothing(project)] * 2
    return _report(project, (champion, challenger), scored, rows, since, until, total, because)


@dataclass(frozen=True)
class _Said:
    """What a version says of the rows: its scores [n, K] and its decisions."""

    scores: FloatArray
    decisions: Sequence[Decision]

    @property
    def values(self) -> FloatArray:
        return np.array([said.score for said in self.decisions], dtype=np.float64)


def _nothing(project: Project) -> _Said:
    return _Said(np.empty((0, max(len(project.classes), 1))), [])


def _scored(
    project: Project, bundles: tuple[Bundle, Bundle], rows: Sequence[Logged]
) -> tuple[list[_Said], list[str]]:
    """What each version that can says of the rows, and why one cannot."""
    if not rows:
        return [], ["no traffic is logged in the window"]
    if any(
        (one.project.task.kind, one.project.classes) != (project.task.kind, project.classes)
        for one in bundles
    ):
        return [], [OTHER_CLASSES]
    scored: list[_Said] = []
    because: list[str] = []
    for phrase, bundle in zip(
        ("the champion cannot score the logged traffic", UNREADABLE), bundles, strict=True
    ):
        try:
            scored.append(_said(bundle, rows))
        except (ZeloError, KeyError, TypeError, ValueError) as error:
            because += [phrase, f"{type(error).__name__}: {error}"]
    return scored, because


def _said(bundle: Bundle, rows: Sequence[Logged]) -> _Said:
    scores: list[FloatArray] = []
    decisions: list[Decision] = []
    for start in range(0, len(rows), _AT_ONCE):
        columns = columns_from_rows(bundle.project, [row.inputs for row in rows[start : start + _AT_ONCE]])
        some = bundle.predictor.scores(columns)
        if len(some) != count(columns) or not np.isfinite(some).all():
            raise ValueError("a score that is not finite")
        scores.append(some)
        decisions += decide(some, bundle.policy, windows_of(columns, bundle.project))
    return _Said(np.concatenate(scores), decisions)


def _report(
    project: Project,
    versions: tuple[tuple[str, Bundle], tuple[str, Bundle]],
    scored: Sequence[_Said],
    rows: Sequence[Logged],
    since: datetime,
    until: datetime,
    total: int,
    because: list[str],
) -> Replay:
    (old, champion), (new, _) = versions
    before, after = scored
    beyond = (
        _test_error(champion) if project.task.kind == champion.project.task.kind == "regression" else None
    )
    changed = _changed(before, after, beyond)
    known, expected, why = _costs(project, before, after, rows)
    return Replay(
        project=project.name,
        champion=old,
        challenger=new,
        since=since,
        until=until,
        logged=total,
        rows=len(rows),
        changed=int(changed.sum()),
        moved_beyond=beyond,
        mean_move=_mean_move(before, after) if beyond is not None else None,
        decisions=()
        if beyond is not None
        else _turned(
            [str(d.prediction) for d in before.decisions], [str(d.prediction) for d in after.decisions]
        ),
        bands=_turned([d.band or "" for d in before.decisions], [d.band or "" for d in after.decisions]),
        slices=parts(project, [row.inputs for row in rows], changed),
        examples=_examples(rows, before, after, changed),
        currency=project.costs.currency if project.costs else "",
        costs=known,
        expected=expected,
        because=(*because, *why),
    )


def _test_error(champion: Bundle) -> float:
    from zelo.monitoring.bundled import read_json

    metrics = read_json(champion, "metrics.json")
    return float(metrics["mae"]["value"])


def _changed(before: _Said, after: _Said, beyond: float | None) -> BoolArray:
    if beyond is not None:
        return np.asarray(np.abs(after.values - before.values) > beyond, dtype=bool)
    pairs = zip(before.decisions, after.decisions, strict=True)
    return np.array([old.prediction != new.prediction for old, new in pairs], dtype=bool)


def _mean_move(before: _Said, after: _Said) -> float | None:
    return float(np.abs(after.values - before.values).mean()) if len(before.decisions) else None


def _turned(before: Sequence[str], after: Sequence[str]) -> tuple[Turned, ...]:
    """From -> to, the most frequent first; what stays is left out."""
    pairs = Counter((old, new) for old, new in zip(before, after, strict=True) if old != new)
    return tuple(Turned(old, new, rows) for (old, new), rows in pairs.most_common())


def _examples(rows: Sequence[Logged], before: _Said, after: _Said, changed: BoolArray) -> tuple[Changed, ...]:
    places = np.flatnonzero(changed)
    moves = np.abs(after.values - before.values)[places]
    return tuple(
        Changed(
            rows[place].id,
            _word(before.decisions[place]),
            _word(after.decisions[place]),
            before.decisions[place].score,
            after.decisions[place].score,
        )
        for place in places[np.argsort(-moves, kind="stable")][:_LISTED].tolist()
    )


def _word(decision: Decision) -> str:
    said = decision.prediction
    return f"{said:.6g}" if isinstance(said, float) else str(said)


def _costs(
    project: Project, before: _Said, after: _Said, rows: Sequence[Logged]
) -> tuple[Compared | None, Compared | None, list[str]]:
    if project.costs is None:
        return None, None, ["the project has no costs"]
    why = [] if any(row.truth is not None for row in rows) or not rows else ["no outcomes in the window"]
    if project.task.kind == "regression":
        truth = np.array([np.nan if row.truth is None else row.truth for row in rows], dtype=np.float64)
        known = np.isfinite(truth)
        both = [cost_of_values(said.values[known], truth[known], project.costs) for said in (before, after)]
        if not known.all():
            why.append("what values without an outcome cost is not known")
        return compared(*both), None, why
    place: dict[Any, int] = {label: index for index, label in enumerate(project.classes)}
    matrix = cost_matrix(project, project.costs)
    answers = [
        np.array([place[d.prediction] for d in said.decisions], dtype=np.int64) for said in (before, after)
    ]
    classes = np.array([place.get(row.truth, -1) for row in rows], dtype=np.int64)
    known = classes >= 0
    costs = [matrix[classes[known], said[known]] for said in answers]
    guessed = expected_costs(
        matrix,
        (answers[0][~known], answers[1][~known]),
        (before.scores[~known], after.scores[~known]),
    )
    return compared(*costs), compared(*guessed), why
