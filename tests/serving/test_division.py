"""Two versions on the same rows: who answers, what the shadows hold, and what happens where one fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zelo.errors import BundleError, LedgerError, RegistryError
from zelo.features.columns import Columns
from zelo.ledger.shadows import paired
from zelo.ledger.store import Ledger
from zelo.registry.bundle import Bundle
from zelo.registry.traffic import Traffic, answers_other
from zelo.serving.answers import Answer
from zelo.serving.batch import score_file
from zelo.serving.service import Committed, Service

from .fakes import PROJECT, ROW, START, TEXTS, AgePredictor, Clock, Registry, WordPredictor, bundle


class Bolder(AgePredictor):
    """The probability of the positive class is idade / 100 + 0.3."""

    def scores(self, columns: Columns) -> np.ndarray[Any, Any]:
        share = np.minimum(columns["idade"] / 100 + 0.3, 1.0)
        self.calls.append(len(share))
        return np.stack([1 - share, share], axis=1)


class Failing(AgePredictor):
    def scores(self, columns: Columns) -> np.ndarray[Any, Any]:
        self.calls.append(len(columns["idade"]))
        if (columns["idade"] == 90).any():
            raise ArithmeticError("90")
        return super().scores(columns)


@dataclass
class Written:
    """What the registry says; a test changes it."""

    version: str
    divided: Traffic | Exception | None
    other: Bundle
    loads: int = 0

    def champion(self) -> str:
        return self.version

    def traffic(self) -> Traffic | None:
        if isinstance(self.divided, Exception):
            raise self.divided
        return self.divided

    def load(self, traffic: Traffic) -> Bundle:
        self.loads += 1
        return replace(self.other, path=Path("bundles") / traffic.bundle)


def traffic(share: int, mode: Any = "canary", version: str = "2") -> Traffic:
    return Traffic(
        mode=mode,
        version=version,
        bundle=f"b{version}",
        share=share,
        steps=(5, 25, 100),
        started=START,
        since=START,
        actor="Ana",
        reason="",
    )


Make = Callable[..., Service]


@pytest.fixture
def made(ledger: Ledger) -> Make:
    """A service on AgePredictor, version 1, with another predictor, version 2, beside it."""

    def make(
        share: int, other: Any = None, *, mode: str = "canary", champion: Any = None, text: str = PROJECT
    ) -> Service:
        registry = Registry("1", bundle(champion or AgePredictor(), text))
        written = Written("1", traffic(share, mode), bundle(other or Bolder(), text))
        return Service(registry, ledger, written, now=Clock())

    return make


def rows(service: Service, *ages: int, first: int = 0) -> Any:
    body = {"rows": [{**ROW, "idade": age, "id_cliente": first + place} for place, age in enumerate(ages)]}
    return service.ask_rows(json.dumps(body).encode())


def answers(service: Service, *ages: int) -> list[Answer]:
    (result,) = service.predict([rows(service, *ages)])
    if isinstance(result, Exception):
        raise result
    return result


def test_the_version_that_has_the_entity_answers_and_the_other_ones_word_is_kept(
    made: Make, ledger: Ledger
) -> None:
    service = made(50)
    assert service.traffic is not None
    given = answers(service, *[20] * 40)

    theirs = [answers_other(str(entity), service.traffic) for entity in range(40)]
    assert 8 < sum(theirs) < 32
    assert [one["model_version"] for one in given] == ["2" if other else "1" for other in theirs]
    assert {(one["model_version"], one["score"]) for one in given} == {("1", 0.2), ("2", 0.5)}
    recorded = [ledger.prediction(one["id"]) for one in given]
    assert [one and one.variant for one in recorded] == [
        "challenger" if other else "champion" for other in theirs
    ]
    ledger.settle()
    with ledger.reading() as connection:
        kept = connection.exec_driver_sql("select prediction_id, version, score from shadows").fetchall()
    by_id = {found[0]: (found[1], found[2]) for found in kept}
    assert [by_id[one["id"]] for one in given] == [("1", 0.2) if other else ("2", 0.5) for other in theirs]
    # The same clients are answered by the same version again.
    assert [one["model_version"] for one in answers(service, *[20] * 40)] == [
        one["model_version"] for one in given
    ]


@pytest.mark.parametrize("mode", ["shadow", "watch"])
def test_a_shadow_answers_nobody_and_scores_every_row(made: Make, ledger: Ledger, mode: str) -> None:
    other = Bolder()
    service = made(0, other, mode=mode)
    other.calls.clear()
    assert {one["model_version"] for one in answers(service, *range(40))} == {"1"}
    assert other.calls == [40]
    ledger.settle()
    with ledger.reading() as connection:
        assert connection.exec_driver_sql("select count(*) from shadows where version = '2'").scalar() == 40


def test_outcomes_by_entity_join_the_answer_and_make_pairs(made: Make, ledger: Ledger) -> None:
    service = made(50)
    given = answers(service, *[20] * 10)
    truths = [{"entity": str(entity), "value": entity % 2} for entity in range(10)]
    assert service.record_outcomes(json.dumps({"outcomes": truths}).encode())["joined"] == 10
    pairs = paired(ledger, "churn", ("1", "2"), since=START)
    assert len(pairs) == 10
    assert {pair.prediction.id for pair in pairs} == {one["id"] for one in given}
    assert all({pair.prediction.version, pair.shadow.version} == {"1", "2"} for pair in pairs)


def test_each_version_is_asked_once_and_counted(made: Make) -> None:
    champion, other = AgePredictor(), Bolder()
    service = made(50, other, champion=champion)
    watched: list[Committed] = []
    service.watch(watched.append)
    champion.calls.clear()
    other.calls.clear()

    service.predict([rows(service, *[20] * 30), rows(service, *[20] * 10, first=30)])

    assert champion.calls == other.calls == [40]
    (committed,) = watched
    assert committed.rows == 40
    assert dict(committed.scored) == {"1": 40, "2": 40}
    assert committed.failed == {}
    assert {key[:2] for key in committed.labels} == {("1", "champion"), ("2", "challenger")}
    assert sum(committed.labels.values()) == 40
    assert {version: len(some) for version, some in committed.scores.items()} == {
        version: sum(n for key, n in committed.labels.items() if key[0] == version) for version in ("1", "2")
    }
    assert set(committed.seconds_of) == {"1", "2"}
    assert all(seconds > 0 for seconds in committed.seconds_of.values())


def test_a_champion_alone_makes_one_call_and_no_shadow(ledger: Ledger) -> None:
    predictor = AgePredictor()
    service = Service(Registry("1", bundle(predictor)), ledger, Written("1", None, bundle(Bolder())))
    predictor.calls.clear()
    answers(service, 20, 30)
    assert predictor.calls == [2]
    assert service.traffic is None
    ledger.settle()
    with ledger.reading() as connection:
        assert connection.exec_driver_sql("select count(*) from shadows").scalar() == 0


def test_where_the_challenger_fails_the_champion_answers(made: Make, ledger: Ledger) -> None:
    service = made(100, Failing())
    watched: list[Committed] = []
    service.watch(watched.append)

    good, bad = service.predict([rows(service, 10, 20), rows(service, 90, 10, 10)])

    assert isinstance(good, list)
    assert isinstance(bad, list)
    assert [one["model_version"] for one in good] == ["2", "2"]
    assert [one["model_version"] for one in bad] == ["1", "1", "1"]
    recorded = ledger.prediction(bad[0]["id"])
    assert recorded is not None
    assert recorded.variant == "champion"
    assert dict(watched[0].failed) == {"2": 3}
    assert dict(watched[0].scored) == {"1": 5, "2": 5}


def test_where_the_champion_fails_the_question_fails_unless_it_is_the_challengers(made: Make) -> None:
    for share, answering in ((0, None), (100, "2")):
        service = made(share, Bolder(), champion=Failing())
        watched: list[Committed] = []
        service.watch(watched.append)
        (result,) = service.predict([rows(service, 90, 90)])
        assert dict(watched[0].failed) == {"1": 2}
        if answering is None:
            assert isinstance(result, ArithmeticError)
            assert (watched[0].rows, watched[0].seconds) == (0, 0.0)
        else:
            assert isinstance(result, list)
            assert {one["model_version"] for one in result} == {answering}


def test_a_prediction_and_its_shadow_are_written_together_or_not_at_all(made: Make, ledger: Ledger) -> None:
    service = made(50)
    with ledger.writing() as connection:
        connection.exec_driver_sql("alter table journal rename to moved_away")
    (result,) = service.predict([rows(service, 20, 20)])
    with ledger.writing() as connection:
        connection.exec_driver_sql("alter table moved_away rename to journal")
        connection.exec_driver_sql("alter table shadows rename to moved_away")
    (later,) = service.predict([rows(service, 20, 20)])
    # What cannot be moved whole is not moved in part: it stays in the journal.
    with pytest.raises(LedgerError, match="cannot be used"):
        ledger.settle()
    with ledger.reading() as connection:
        moved = connection.exec_driver_sql("select count(*) from predictions").scalar()

    assert isinstance(result, LedgerError)
    assert isinstance(later, list)
    assert moved == 0


def test_the_words_are_those_of_the_version_that_answers(made: Make) -> None:
    class Backwards(WordPredictor):
        def scores(self, columns: Columns) -> np.ndarray[Any, Any]:
            return super().scores(columns)[:, ::-1]

    champion, other = WordPredictor(), Backwards()
    body = json.dumps({"comentario": "bomba vaza muito vaza", "ativo": "b1"}).encode()
    for share, version, predicted in ((0, "1", "vazamento"), (100, "2", "ruído")):
        service = made(share, other, champion=champion, text=TEXTS)
        champion.calls.clear()
        other.calls.clear()
        (result,) = service.predict([service.ask_row(body)])
        assert isinstance(result, list)
        assert (result[0]["model_version"], result[0]["prediction"]) == (version, predicted)
        assert {word["word"] for word in result[0]["words"]} >= {"vaza"}
        asked = {"1": champion.calls, "2": other.calls}
        # The one that answers is asked for the row without each of its words as well, the other for the row.
        assert asked.pop(version) == [5]
        assert list(asked.values()) == [[1]]


def test_a_file_is_answered_by_both(made: Make, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    lines = "".join(f"c{number},20,,França,\n" for number in range(40))
    path.write_text("id_cliente,idade,saldo,pais,cidade\n" + lines, encoding="utf-8")
    scored = score_file(made(50), path, tmp_path / "out.csv")
    assert (scored.version, scored.answered) == ("1, 2", 40)


def test_a_service_goes_over_to_what_is_written(ledger: Ledger) -> None:
    registry = Registry("1", replace(bundle(AgePredictor()), path=Path("bundles/b1")))
    written = Written("1", traffic(5), bundle(Bolder()))
    service = Service(registry, ledger, written, now=Clock())
    assert (service.model.version, written.loads) == ("1", 1)

    written.divided = traffic(25)
    service.follow()
    assert service.traffic is not None
    assert (service.traffic.share, written.loads) == (25, 1)

    # The challenger becomes champion: it is loaded already, and so is the one before, which is watched over.
    registry.current = BundleError("not asked for")
    written.version = "2"
    service.follow()
    assert service.model.version == "2"
    assert service.health()["traffic"] == {"mode": "champion alone"}
    written.other = bundle(AgePredictor())
    written.divided = traffic(0, "watch", "1")
    service.follow()
    assert service.model.version == "2"
    assert service.health()["traffic"]["version"] == "1"
    assert answers(service, 20)[0]["model_version"] == "2"

    written.divided = None
    service.follow()
    assert service.traffic is None
    assert service.health()["traffic"] == {"mode": "champion alone"}


def test_what_cannot_be_loaded_is_told_and_the_old_versions_go_on(ledger: Ledger) -> None:
    registry = Registry("1", bundle(AgePredictor()))
    written = Written("1", None, bundle(Bolder()))
    service = Service(registry, ledger, written, now=Clock())
    assert service.health()["status"] == "ok"

    registry.current, written.version = BundleError("a file is missing", where="b3"), "3"
    service.follow()
    assert service.model.version == "1"
    health = service.health()
    assert health["status"] == "degraded"
    assert "a file is missing" in health["registry"]["problem"]

    written.version, written.divided = "1", RegistryError("the division of the traffic is damaged")
    service.follow()
    assert service.traffic is None
    assert "damaged" in str(service.trouble)

    other = PROJECT.replace("saldo: {type: number", "saldo: {type: integer")
    written.divided, written.other = traffic(50), bundle(Bolder(), other)
    service.follow()
    assert service.traffic is None
    assert "cannot score the same rows" in str(service.trouble)

    written.divided = None
    service.follow()
    assert service.trouble is None
    assert service.health()["status"] == "ok"
