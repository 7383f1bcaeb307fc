from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from tests.conftest import MakeHome
from tests.homes import Home
from tests.retraining.traffic import DAY, NOW, Clock, answer, decisions_of, some_pumps, tell

from zelo.ledger.store import Ledger
from zelo.registry.bundle import Bundle
from zelo.retraining.replay import Replay, replay, replayed
from zelo.retraining.replay_text import render
from zelo.spec.project import Project
from zelo.spec.watching import Costs

COSTS = Costs(false_positive=10, false_negative=100)


@pytest.fixture
def home(make_home: MakeHome) -> Home:
    made = make_home("retrained")
    assert isinstance(made, Home)
    return made


@pytest.fixture
def project(home: Home) -> Project:
    return home.project.model_copy(update={"costs": COSTS})


@pytest.fixture
def ledger(home: Home) -> Iterator[Ledger]:
    with Ledger.open(home.workspace.settings.ledger_url, now=Clock()) as opened:
        yield opened


@pytest.fixture
def versions(home: Home) -> tuple[tuple[str, Bundle], tuple[str, Bundle]]:
    return ("1", home.bundle("champion")), ("2", home.bundle("challenger"))


def test_what_changes_and_what_that_costs(
    home: Home, ledger: Ledger, project: Project, versions: tuple[tuple[str, Bundle], tuple[str, Bundle]]
) -> None:
    rows, truths = some_pumps(400)
    ids = answer(ledger, home, rows, at=NOW - DAY, version=versions[0])
    tell(ledger, home, ids[:300], truths[:300], at=NOW)
    old = answer(ledger, home, rows[:50], at=NOW - 40 * DAY, version=versions[0])

    found = replay(ledger, project, *versions, until=NOW)

    said = [[int(decision.prediction) for decision in decisions_of(bundle, rows)] for _, bundle in versions]
    different = [place for place in range(400) if said[0][place] != said[1][place]]
    assert 0 < len(different) < 400
    assert (found.logged, found.rows, found.changed) == (400, 400, len(different))
    assert sum(turned.rows for turned in found.decisions) == len(different)
    assert {one.id for one in found.examples} <= {ids[place] for place in different}
    assert not {one.id for one in found.examples} & set(old)
    assert found.costs is not None
    assert found.costs.rows == 300
    for told, answers in ((found.costs.champion, said[0]), (found.costs.challenger, said[1])):
        wrong = [
            (truth, answer) for truth, answer in zip(truths[:300], answers, strict=False) if truth != answer
        ]
        assert told == sum(10 if truth == 0 else 100 for truth, _ in wrong)
    assert found.costs.difference == found.costs.challenger - found.costs.champion
    assert found.expected is not None
    assert found.expected.rows == 100
    assert all(part.rows >= 30 for part in found.slices)
    assert {part.field for part in found.slices} <= {"age", "load", "site"}


def test_a_version_beside_itself_changes_nothing(
    home: Home, ledger: Ledger, project: Project, versions: tuple[tuple[str, Bundle], tuple[str, Bundle]]
) -> None:
    rows, truths = some_pumps(100)
    tell(ledger, home, answer(ledger, home, rows, at=NOW - DAY, version=versions[0]), truths, at=NOW)

    found = replay(ledger, project, versions[0], ("9", versions[0][1]), until=NOW)

    assert (found.changed, found.decisions, found.bands, found.slices, found.examples) == (0, (), (), (), ())
    assert found.costs is not None
    assert (found.costs.difference, found.costs.low, found.costs.high) == (0, 0, 0)
    assert found.expected is None
    assert found.passes


class Inverted:
    """A predictor that says the opposite."""

    runtime = "native"

    def __init__(self, bundle: Bundle) -> None:
        self._predictor = bundle.predictor

    def scores(self, columns: object) -> np.ndarray:
        return self._predictor.scores(columns)[:, ::-1]  # type: ignore[arg-type]


def test_a_dear_challenger_does_not_pass(
    home: Home, ledger: Ledger, project: Project, versions: tuple[tuple[str, Bundle], tuple[str, Bundle]]
) -> None:
    rows, truths = some_pumps(200)
    tell(ledger, home, answer(ledger, home, rows, at=NOW - DAY, version=versions[0]), truths, at=NOW)
    bad = replace(versions[1][1], predictor=Inverted(versions[1][1]))

    found = replay(ledger, project, versions[0], ("2", bad), until=NOW)

    assert found.changed > 100
    assert found.costs is not None
    assert found.costs.low is not None
    assert found.costs.low > 0
    assert not found.passes


def test_a_challenger_that_cannot_read_the_traffic(
    home: Home, ledger: Ledger, project: Project, versions: tuple[tuple[str, Bundle], tuple[str, Bundle]]
) -> None:
    rows, _ = some_pumps(20)
    answer(ledger, home, rows, at=NOW - DAY, version=versions[0])

    class Broken(Inverted):
        def scores(self, columns: object) -> np.ndarray:
            raise ValueError("no such column")

    broken = replace(versions[1][1], predictor=Broken(versions[1][1]))

    found = replay(ledger, project, versions[0], ("2", broken), until=NOW)

    assert not found.passes
    assert found.rows == 0
    assert "the challenger cannot score the logged traffic" in found.because
    assert "no such column" in render(found, project)


def test_without_traffic_it_says_so(
    ledger: Ledger, project: Project, versions: tuple[tuple[str, Bundle], tuple[str, Bundle]]
) -> None:
    found = replay(ledger, project, *versions, until=NOW)

    assert found.because[0] == "no traffic is logged in the window"
    assert found.passes
    assert "no traffic is logged" in render(found, project)


def test_the_aliases_are_replayed_and_leave_an_event(home: Home, ledger: Ledger, project: Project) -> None:
    rows, _ = some_pumps(60)
    answer(ledger, home, rows, at=NOW - DAY, version=("1", home.bundle("champion")))

    found = replayed(ledger, home.store, project, actor="Ana", now=NOW)

    assert isinstance(found, Replay)
    assert (found.champion, found.challenger, found.rows) == ("1", "2", 60)
    (event,) = ledger.events(home.name, kind="replay")
    assert (event.actor, event.payload["challenger"], event.payload["changed"]) == ("Ana", "2", found.changed)
    json.dumps(event.payload, allow_nan=False)


def test_it_speaks_the_projects_language(
    home: Home, ledger: Ledger, project: Project, versions: tuple[tuple[str, Bundle], tuple[str, Bundle]]
) -> None:
    rows, truths = some_pumps(200)
    ids = answer(ledger, home, rows, at=NOW - DAY, version=versions[0])
    tell(ledger, home, ids[:100], truths[:100], at=NOW)
    found = replay(ledger, project, *versions, until=NOW)

    english = render(found, project)
    portuguese = render(found, project.model_copy(update={"language": "pt-BR"}))

    assert f"{found.changed} of 200 decisions change" in english
    assert f"{found.changed} de 200 decisões mudam" in portuguese
    assert "R$" in portuguese


@pytest.mark.parametrize("most", [50, 10_000])
def test_of_much_traffic_some_is_drawn_and_the_same_again(
    home: Home,
    ledger: Ledger,
    project: Project,
    versions: tuple[tuple[str, Bundle], tuple[str, Bundle]],
    most: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("zelo.retraining.replay.MOST_ROWS", most)
    rows, _ = some_pumps(400)
    answer(ledger, home, rows, at=NOW - DAY, version=versions[0])

    first, second = (replay(ledger, project, *versions, until=NOW) for _ in range(2))

    assert first == second
    assert first.logged == 400
    assert first.rows == 400 if most > 400 else 20 <= first.rows <= 90


def test_versions_with_other_classes_are_not_compared(
    home: Home, ledger: Ledger, project: Project, versions: tuple[tuple[str, Bundle], tuple[str, Bundle]]
) -> None:
    """A promotion replays first, and a new class must not make that fail."""
    rows, _ = some_pumps(20)
    answer(ledger, home, rows, at=NOW - DAY, version=versions[0])
    task = project.task.model_copy(update={"kind": "multiclass", "classes": (0, 1, 2), "positive": None})
    more = {"task": task, "costs": Costs(wrong=10)}
    today = project.model_copy(update=more)
    (old, champion), (new, challenger) = versions
    wider = replace(challenger, project=challenger.project.model_copy(update=more))

    found = replay(ledger, today, (old, champion), (new, wider), until=NOW)

    assert (found.logged, found.rows, found.changed) == (20, 0, 0)
    assert "the versions do not answer in the same classes" in found.because
    assert "the versions do not answer in the same classes" in render(found, today)
