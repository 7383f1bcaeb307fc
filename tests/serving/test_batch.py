"""Files through the same service as requests."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zelo.errors import ContractError, DataError, LedgerError, SourceError
from zelo.features.columns import Columns
from zelo.ledger.store import Ledger
from zelo.serving import batch
from zelo.serving.batch import load_outcomes, score_file
from zelo.serving.service import Service
from zelo.spec.loading import parse_project

from .fakes import PROJECT, REGRESSION, START, TEXTS, AgePredictor, Clock, Registry, WordPredictor, bundle

HEADER = "id_cliente,idade,saldo,pais,cidade\n"
Serve = Callable[..., Service]


def later() -> datetime:
    return START + timedelta(days=1)


class Flights:
    runtime = "onnx"

    def scores(self, columns: Columns) -> np.ndarray[Any, Any]:
        return (columns["flights"] * 2).reshape(-1, 1)


@pytest.fixture
def serve(ledger: Ledger) -> Serve:
    def served(text: str = PROJECT, predictor: Any = None) -> Service:
        return Service(Registry("7", bundle(predictor or AgePredictor(), text)), ledger, now=Clock())

    return served


def written(folder: Path, text: str, name: str = "new.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def test_each_row_is_answered_and_recorded_in_order(service: Service, ledger: Ledger, tmp_path: Path) -> None:
    path = written(tmp_path, HEADER + "c1,90,10.5,França,\nc2,20,,Alemanha,Bonn\n")
    scored = score_file(service, path, tmp_path / "out.csv")
    assert (scored.answered, scored.bad_rows, scored.version) == (2, (), "1")
    second, first = ledger.predictions("churn")
    assert read(scored.output) == [
        ["id_cliente", "prediction", "score", "band", "model_version", "prediction_id"],
        ["c1", "1", "0.9", "Risco alto", "1", first.id],
        ["c2", "0", "0.2", "Risco baixo", "1", second.id],
    ]
    assert first.inputs == {"idade": 90, "saldo": 10.5, "pais": "França", "cidade": None, "id_cliente": "c1"}
    assert (first.entity, second.entity, second.inputs["saldo"]) == ("c1", "c2", None)


def test_a_key_called_id_is_the_rows_and_not_the_predictions(serve: Serve, tmp_path: Path) -> None:
    service = serve(PROJECT.replace("id_cliente", "id"))
    path = written(tmp_path, HEADER.replace("id_cliente", "id") + "c1,90,10.5,França,\n")
    assert read(score_file(service, path, tmp_path / "out.csv").output)[1][0] == "c1"


def test_without_a_key_rows_are_named_by_their_number(serve: Serve, tmp_path: Path) -> None:
    path = written(tmp_path, "flights\n3\nmany\n4.5\n")
    scored = score_file(serve(REGRESSION, Flights()), path, tmp_path / "out.csv")
    assert [(bad.row, bad.field, bad.found) for bad in scored.bad_rows] == [(2, "flights", "'many'")]
    assert [row[:-1] for row in read(scored.output)] == [
        ["row", "prediction", "score", "lower", "upper", "model_version"],
        ["1", "6.0", "6.0", "4.0", "8.0", "7"],
        ["3", "9.0", "9.0", "7.0", "11.0", "7"],
    ]


def test_several_classes_have_their_set_and_whether_a_person_should_decide(
    ledger: Ledger, tmp_path: Path
) -> None:
    loaded = bundle(WordPredictor(), TEXTS, (0.9, 0.8, 0.3))
    service = Service(Registry("7", loaded), ledger, now=Clock())
    path = written(tmp_path, "ordem,comentario\no1,vaza vaza quebrou\no2,parado\n")
    head, first, second = read(score_file(service, path, tmp_path / "out.csv").output)

    assert head == [
        "ordem",
        "prediction",
        "score",
        "probability",
        "abstain",
        "label_set",
        "model_version",
        "prediction_id",
    ]
    assert first[:2] == ["o1", "vazamento"]
    assert float(first[3]) == pytest.approx(0.6652, abs=1e-4)
    assert first[4:7] == ["False", "vazamento; quebra", "7"]
    assert (second[1], second[4]) == ("vazamento", "True")
    recorded = ledger.prediction(first[-1])
    assert recorded is not None
    assert recorded.inputs["comentario"] == "vaza vaza quebrou"


def test_outcomes_are_joined_by_the_ids_of_a_file_of_predictions(
    service: Service, ledger: Ledger, tmp_path: Path
) -> None:
    path = written(tmp_path, HEADER + "c1,90,10.5,França,\n")
    name = read(score_file(service, path, tmp_path / "out.csv").output)[1][-1]
    truth = written(tmp_path, f"prediction_id,saiu\n{name},1\n", "truth.csv")
    counts = load_outcomes(ledger, service.model.bundle.project, truth, now=later)
    assert counts.joined == 1
    assert [outcome.value for outcome in ledger.outcomes(name)] == [1]


def test_spellings_of_classes_are_read_in_outcomes(ledger: Ledger, tmp_path: Path) -> None:
    service = Service(Registry("7", bundle(WordPredictor(), TEXTS)), ledger, now=Clock())
    path = written(tmp_path, "ordem,comentario\no1,quebrou\n")
    name = read(score_file(service, path, tmp_path / "out.csv").output)[1][-1]
    truth = written(tmp_path, f"prediction_id,falha\n{name},ABERTO\n", "truth.csv")
    assert load_outcomes(ledger, service.model.bundle.project, truth, now=later).joined == 1
    assert [outcome.value for outcome in ledger.outcomes(name)] == ["quebra"]


def test_rows_are_read_as_the_source_says(serve: Serve, tmp_path: Path) -> None:
    source = "train: {file: train.csv, delimiter: ';', decimal: ',', where: {pais: França}}"
    service = serve(PROJECT.replace("train: train.csv", source))
    path = written(tmp_path, HEADER.replace(",", ";") + "c1;90;10,5;França;\nc2;20;;Alemanha;\n")
    assert [row[0] for row in read(score_file(service, path, tmp_path / "out.csv").output)[1:]] == ["c1"]


def test_a_column_that_only_chooses_rows_may_lack(serve: Serve, tmp_path: Path) -> None:
    source = "train: {file: train.csv, where: {Type: L}}"
    service = serve(PROJECT.replace("train: train.csv", source))
    path = written(tmp_path, HEADER + "c1,90,10.5,França,\n")
    assert score_file(service, path, tmp_path / "out.csv").answered == 1


def test_more_rows_than_a_request_takes(
    service: Service, ledger: Ledger, predictor: AgePredictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "MAX_ROWS", 4)
    predictor.calls.clear()
    rows = "".join(f"c{number},{number},,França,\n" for number in range(10))
    told: list[tuple[int, int]] = []
    path = written(tmp_path, HEADER + rows)
    scored = score_file(
        service, path, tmp_path / "out.csv", progress=lambda done, total: told.append((done, total))
    )
    assert scored.answered == 10
    assert predictor.calls == [4, 4, 2]
    assert told == [(0, 10), (4, 10), (8, 10), (10, 10)]
    assert [row[0] for row in read(scored.output)[1:]] == [f"c{number}" for number in range(10)]
    assert len(ledger.predictions("churn")) == 10


def test_a_file_of_bad_rows_alone_is_answered_by_none(service: Service, tmp_path: Path) -> None:
    path = written(tmp_path, HEADER + "c1,-1,,França,\n")
    scored = score_file(service, path, tmp_path / "out.csv")
    assert (scored.answered, len(scored.bad_rows)) == (0, 1)
    assert len(read(scored.output)) == 1


def test_a_missing_column_leaves_no_file(service: Service, ledger: Ledger, tmp_path: Path) -> None:
    path = written(tmp_path, "id_cliente,idade\nc1,20\n")
    with pytest.raises((SourceError, ContractError), match="pais"):
        score_file(service, path, tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()
    assert ledger.predictions("churn") == []


def test_what_the_ledger_does_not_take_is_not_written(
    service: Service, ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: object) -> None:
        raise LedgerError("the ledger is locked")

    monkeypatch.setattr(ledger, "record_predictions", locked)
    path = written(tmp_path, HEADER + "c1,20,,França,\n")
    with pytest.raises(LedgerError, match="locked"):
        score_file(service, path, tmp_path / "out.csv")
    assert [item.name for item in tmp_path.iterdir() if "out" in item.name] == []


def test_an_old_output_stays_until_the_new_one_is_whole(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = written(tmp_path, "old", "out.csv")
    path = written(tmp_path, HEADER + "c1,20,,França,\n")

    def full(source: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(DataError, match="cannot be written") as refused:
        score_file(service, path, output)
    monkeypatch.undo()
    assert refused.value.found == "No space left on device"
    assert output.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.glob("*.part")) + list(tmp_path.glob(".*.part")) == []
    score_file(service, path, output)
    assert len(read(output)) == 2


@pytest.mark.parametrize("place", ["a folder", "below a file"])
def test_a_place_that_cannot_be_written_is_found_before_anything_is_recorded(
    service: Service, ledger: Ledger, tmp_path: Path, place: str
) -> None:
    path = written(tmp_path, HEADER + "c1,20,,França,\n")
    with pytest.raises(DataError, match="cannot be written"):
        score_file(service, path, tmp_path if place == "a folder" else path / "out.csv")
    assert ledger.predictions("churn") == []


def test_outcomes_by_entity_and_by_prediction(service: Service, ledger: Ledger, tmp_path: Path) -> None:
    project, now = parse_project(PROJECT), later
    score_file(service, written(tmp_path, HEADER + "c1,90,,França,\nc2,20,,França,\n"), tmp_path / "out.csv")
    by_entity = written(tmp_path, "id_cliente,saiu\nc1,1\nc9,0\n", "truth.csv")
    counts = load_outcomes(ledger, project, by_entity, now=now)
    assert (counts.joined, counts.repeated, counts.unknown) == (1, 0, (1,))
    second, first = ledger.predictions("churn")
    assert [outcome.value for outcome in ledger.outcomes(first.id)] == [1]
    by_id = written(
        tmp_path, f"prediction_id,saiu,id_cliente\n{second.id},0,c1\n{first.id},0,c1\n", "ids.csv"
    )
    counts = load_outcomes(ledger, project, by_id, now=now)
    assert (counts.joined, counts.repeated, counts.unknown) == (2, 1, ())
    assert [outcome.value for outcome in ledger.outcomes(second.id)] == [0]


def test_outcomes_keep_the_time_that_they_bring(service: Service, ledger: Ledger, tmp_path: Path) -> None:
    score_file(service, written(tmp_path, HEADER + "c1,90,,França,\n"), tmp_path / "out.csv")
    (record,) = ledger.predictions("churn")
    text = f"prediction_id,saiu,observed_at\n{record.id},1,2026-02-03T04:05:06-03:00\n"
    load_outcomes(ledger, parse_project(PROJECT), written(tmp_path, text, "truth.csv"), now=Clock())
    (outcome,) = ledger.outcomes(record.id)
    assert outcome.observed_at.isoformat() == "2026-02-03T07:05:06+00:00"


def test_outcomes_of_a_regression_may_have_decimal_commas(
    serve: Serve, ledger: Ledger, tmp_path: Path
) -> None:
    text = REGRESSION.replace("train: train.csv", "train: {file: t.csv, delimiter: ';', decimal: ','}")
    service = serve(text, Flights())
    score_file(service, written(tmp_path, "flights\n1\n"), tmp_path / "out.csv")
    (record,) = ledger.predictions("man_hours")
    truth = written(tmp_path, f"prediction_id;hours\n{record.id};2,5\n", "truth.csv")
    load_outcomes(ledger, parse_project(text), truth, now=Clock())
    assert [outcome.value for outcome in ledger.outcomes(record.id)] == [2.5]


def test_an_outcome_that_is_none_is_named_by_its_row_and_none_is_recorded(
    service: Service, ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "MAX_ROWS", 2)
    score_file(service, written(tmp_path, HEADER + "c1,90,,França,\n"), tmp_path / "out.csv")
    text = "id_cliente,saiu\nc1,1\nc1,0\nc1,1\nc1,maybe\n"
    with pytest.raises(ContractError) as refused:
        load_outcomes(ledger, parse_project(PROJECT), written(tmp_path, text, "truth.csv"), now=Clock())
    (bad,) = refused.value.bad_rows
    assert (bad.file, bad.row, bad.field, bad.found) == ("truth.csv", 4, "value", '"maybe"')
    (record,) = ledger.predictions("churn")
    assert list(ledger.outcomes(record.id)) == []


@pytest.mark.parametrize(("header", "missing"), [("cliente,saiu", "id_cliente"), ("id_cliente,sai", "saiu")])
def test_outcomes_without_a_needed_column(ledger: Ledger, tmp_path: Path, header: str, missing: str) -> None:
    path = written(tmp_path, f"{header}\nc1,1\n", "truth.csv")
    with pytest.raises(SourceError, match=rf"the column .*{missing} is missing"):
        load_outcomes(ledger, parse_project(PROJECT), path, now=Clock())
