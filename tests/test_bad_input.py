"""The table of bad input, a row a line: each has a test below, end to end, and a closer one in its room.

=========================  =============================================================================
malformed YAML             spec/test_loading.py::test_malformed_yaml_is_refused_with_line_and_column
unknown key                spec/test_loading.py::test_an_unknown_key_is_named_with_the_allowed_ones
missing column             data/test_contract.py::test_a_missing_column_names_what_there_is
wrong encoding             data/test_reading.py::test_a_wrong_encoding_names_the_byte_and_the_way_out
comma decimal              data/test_infer.py::test_a_decimal_comma_is_found
infinite value             serving/test_schema.py::test_numbers_that_no_float_holds
unseen category            serving/test_schema.py::test_what_the_contract_refuses_is_named
text of 1 MB               serving/test_schema.py::test_a_text_of_a_megabyte_is_refused_and_not_repeated
body that is no JSON       serving/test_routes.py::test_a_body_that_is_no_json
one bad row of a thousand  serving/test_routes.py::test_one_bad_row_among_a_thousand
full disk                  ledger/test_engine.py::test_a_full_disk_says_so_and_recovers
locked database            ledger/test_engine.py::test_a_locked_ledger_says_so_and_recovers
missing model              registry/test_bundle.py::test_a_folder_that_is_not_there
model file cut short       registry/test_bundle.py::test_a_damaged_file_is_refused_and_named
class never seen           serving/test_texts.py::test_a_class_never_seen_is_refused_with_those_there_are
=========================  =============================================================================
"""

from __future__ import annotations

import errno
import json
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.homes import NAME, Home, pumps, zelo
from tests.serving.fakes import Client

from zelo.cli.champion import open_service
from zelo.ledger.store import Ledger
from zelo.serving.app import create_app

MakeHome = Callable[[str], Home]
TESTS = Path(__file__).parent
LISTED = re.findall(r"^(.+?)  +(\S+)::(test_\w+)$", __doc__ or "", re.MULTILINE)
ROW = {"pump": "p1", "age": 30, "load": 80.5, "site": "South"}


@pytest.fixture
def home(make_home: MakeHome) -> Home:
    return make_home("served")


@pytest.fixture
def ledger(home: Home) -> Iterator[Ledger]:
    with Ledger.open(home.workspace.settings.ledger_url, busy_timeout=0.05) as opened:
        yield opened


@pytest.fixture
def client(home: Home, ledger: Ledger) -> Iterator[Client]:
    service = open_service(home.workspace, NAME, ledger)
    with Client(create_app({NAME: service})) as opened:
        yield opened


@pytest.mark.parametrize(("row", "file", "test"), LISTED, ids=[row for row, _, _ in LISTED])
def test_the_closer_test_exists(row: str, file: str, test: str) -> None:
    assert f"def {test}(" in (TESTS / file).read_text(encoding="utf-8"), row


def test_every_row_is_listed() -> None:
    assert len(LISTED) == 15


def refused(home: Home, *arguments: object) -> str:
    """What a command says that must fail, leaving everything as it was."""
    before = home.contents()
    ran = zelo(*arguments)
    assert ran.status == 2
    assert "Traceback" not in ran.err + ran.out
    assert home.contents() == before
    return ran.err


def test_malformed_yaml(home: Home) -> None:
    home.spec.write_text(home.spec.read_text(encoding="utf-8") + "broken: [1, 2\n", encoding="utf-8")
    for command in ("check", "train", "data"):
        text = refused(home, command, NAME)
        assert re.search(r"project\.yaml.*\d+", text)


def test_an_unknown_key(home: Home) -> None:
    home.spec.write_text(
        home.spec.read_text(encoding="utf-8").replace("title:", "titel: x\ntitle:"), encoding="utf-8"
    )
    text = refused(home, "train", NAME)
    assert "titel" in text
    assert "title" in text.replace("titel", "")


def test_a_missing_column(home: Home) -> None:
    text = refused(home, "train", NAME, "--append", home.file("more.csv", pumps(9).drop(columns="load")))
    assert "load" in text


def test_a_file_in_the_wrong_encoding(home: Home) -> None:
    path = home.root / "more.csv"
    path.write_bytes("pump,age,load,site,Failed\npé,1,2,North,0\n".encode("latin-1"))
    text = refused(home, "data", NAME, "--append", path)
    assert "latin-1" in text


def test_a_decimal_comma(home: Home, client: Client) -> None:
    path = home.root / "more.csv"
    path.write_text('pump,age,load,site,Failed\nq1,1,"2,5",North,0\n', encoding="utf-8")
    text = refused(home, "data", NAME, "--append", path)
    assert "2,5" in text
    answer = client.post("/predict", json=ROW | {"load": "80,5"})
    assert answer.status_code == 422
    assert "80,5" in answer.text


def test_an_infinite_value(home: Home, client: Client, ledger: Ledger) -> None:
    path = home.root / "more.csv"
    path.write_text("pump,age,load,site,Failed\nq1,1,inf,North,0\nq2,1,1e999,North,0\n", encoding="utf-8")
    text = refused(home, "data", NAME, "--append", path)
    assert "2 value(s)" in text
    for number in ("1e999", "Infinity", "NaN"):
        body = json.dumps(ROW).replace("80.5", number)
        answer = client.post("/predict", content=body, headers={"content-type": "application/json"})
        assert answer.status_code in (400, 422), number
    assert ledger.predictions(NAME) == []


def test_an_unseen_category(home: Home, client: Client) -> None:
    rows = pumps(3, first=9000)
    rows.loc[1, "site"] = "East"
    text = refused(home, "data", NAME, "--append", home.file("more.csv", rows))
    assert "East" in text
    assert "North" in text
    answer = client.post("/predict", json=ROW | {"site": "East"})
    assert answer.status_code == 422
    assert "North" in answer.text


def test_a_text_of_a_megabyte(client: Client, ledger: Ledger) -> None:
    answer = client.post("/predict", json=ROW | {"site": "x" * (1 << 20)})
    assert answer.status_code == 422
    assert len(answer.text) < 2000
    assert client.post("/predict", json=ROW | {"site": "x" * (5 << 20)}).status_code == 413
    assert ledger.predictions(NAME) == []


@pytest.mark.parametrize("body", [b"", b"age=30", b"{", b"\xff\xfe", b"[" * 100_000])
def test_a_body_that_is_no_json(client: Client, body: bytes) -> None:
    answer = client.post("/predict", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert client.post("/predict", json=ROW).status_code == 200


def test_one_bad_row_among_a_thousand(client: Client, ledger: Ledger) -> None:
    rows = [ROW | {"pump": f"p{number}", "age": number % 50} for number in range(1000)]
    rows[417]["age"] = -1
    told = client.post("/predict/batch", json={"rows": rows}).json()
    assert len(told["predictions"]) == 999
    assert told["bad_rows"] == 1
    (error,) = told["errors"]
    assert (error["index"], error["field"], error["found"]) == (417, "age", "-1")
    assert len(ledger.predictions(NAME)) == 999


def test_a_class_that_was_never_seen(home: Home, client: Client, ledger: Ledger) -> None:
    name = client.post("/predict", json=ROW).json()["id"]
    answer = client.post("/outcomes", json={"outcomes": [{"prediction_id": name, "value": 7}]})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["expected"] == "one of 0, 1"
    path = home.root / "truth.csv"
    path.write_text(f"prediction_id,Failed\n{name},maybe\n", encoding="utf-8")
    assert "maybe" in refused(home, "outcomes", NAME, "--input", path)
    assert ledger.outcomes(name) == []


def test_a_full_disk(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    more = home.file("more.csv", pumps(20, first=9000))

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    assert "No space left" in refused(home, "data", NAME, "--append", more)
    monkeypatch.undo()


def test_a_full_disk_at_the_end_of_a_training(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    text = refused(home, "train", NAME, "--candidates", "prior,logistic_regression")
    assert "No space left" in text


def test_a_locked_database(home: Home, client: Client) -> None:
    other = sqlite3.connect(home.root / "home" / "ledger.db", isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        answer = client.post("/predict", json=ROW)
        assert answer.status_code == 503
        assert "locked" in answer.text
        assert "id" not in answer.json()
        other.execute("ROLLBACK")
    finally:
        other.close()
    assert client.post("/predict", json=ROW).status_code == 200


@pytest.mark.parametrize("damage", ["missing", "cut short"])
def test_a_model_that_is_missing_or_cut_short(home: Home, client: Client, damage: str) -> None:
    path = home.bundle_path("champion")
    if damage == "missing":
        shutil.rmtree(path)
    else:
        model = path / "model.onnx"
        model.write_bytes(model.read_bytes()[: model.stat().st_size // 2])
    refusal = client.post("/model/reload")
    assert refusal.status_code == 409
    assert "bundle is" in refusal.json()["detail"]
    assert client.post("/predict", json=ROW).json()["model_version"] == "1"
    for command in ("serve", "monitor"):
        assert path.name in refused(home, command, NAME)
