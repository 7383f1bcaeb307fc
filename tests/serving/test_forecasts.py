from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.weeks import make_weekly_project

from zelo.errors import RequestError
from zelo.ledger.store import Ledger
from zelo.serving.app import create_app
from zelo.serving.batch import score_file
from zelo.serving.schema import RequestSchema
from zelo.serving.service import Service

from .fakes import Client, Clock, Registry
from .prices import HISTORY, make_prices_bundle, walk

CLOSES = walk()
BODY = {"last_prices": CLOSES[-HISTORY:].tolist(), "date": "2026-01-02"}


@pytest.fixture
def quotes(ledger: Ledger) -> Service:
    return Service(Registry("3", make_prices_bundle()), ledger, now=Clock())


@pytest.fixture
def http(quotes: Service) -> Iterator[Client]:
    with Client(create_app({"quotes": quotes})) as client:
        yield client


def posted(http: Client, **change: Any) -> dict[str, Any]:
    response = http.post("/predict", json={**BODY, **change})
    assert response.status_code == 200
    found: dict[str, Any] = response.json()
    return found


def test_an_answer_tells_the_price_its_interval_and_who_forecasts(http: Client, ledger: Ledger) -> None:
    given = posted(http)
    price = BODY["last_prices"][-1]
    assert given["prediction"] == given["predicted_price"] == price
    assert price - 1.5 < given["lower"] < price < given["upper"] < price + 1.5
    assert given["upper"] - price == pytest.approx(price - given["lower"])
    assert (given["drift_warning"], given["drift_details"]) == (False, [])
    assert given["model"] == {
        "name": "persistence",
        "baseline": "persistence",
        "skill": 0.0,
        "note": "Responde persistence (o último valor), a linha de base: serve enquanto nenhum candidato a "
        "vence com significância.",
    }
    recorded = ledger.prediction(given["id"])
    assert recorded is not None
    assert recorded.decision == {
        name: value for name, value in given.items() if name not in ("id", "model_version")
    }
    assert recorded.inputs == BODY
    assert recorded.entity == "2026-01-02"


def test_a_wilder_window_has_a_wider_interval(http: Client) -> None:
    calm, wild = posted(http), posted(http, last_prices=_moved(2.0))
    assert wild["upper"] - wild["lower"] > 1.5 * (calm["upper"] - calm["lower"])


def _moved(factor: float) -> list[float]:
    """The window with its returns so many times as large, and the same last price."""
    logs = np.log(CLOSES[-HISTORY:])
    return np.exp(logs[-1] + factor * (logs - logs[-1])).tolist()


def test_drift_is_told_in_the_projects_language_and_recorded(http: Client, ledger: Ledger) -> None:
    prices = [*BODY["last_prices"]]
    prices[4] *= 9.8
    given = posted(http, last_prices=prices)
    assert given["drift_warning"] is True
    assert any(sentence.startswith("Salto: ") for sentence in given["drift_details"])
    recorded = ledger.prediction(given["id"])
    assert recorded is not None
    assert recorded.decision["drift_details"] == given["drift_details"]


def test_of_a_batch_each_row_is_told_its_own(http: Client) -> None:
    frozen = {"last_prices": [10.0] * HISTORY}
    answered = http.post("/predict/batch", json={"rows": [BODY, frozen, BODY]}).json()["predictions"]
    assert [answer["drift_warning"] for answer in answered] == [False, True, False]
    assert answered[0]["lower"] == answered[2]["lower"] != answered[1]["lower"]
    assert answered[1]["lower"] < 10.0 < answered[1]["upper"]


@pytest.mark.parametrize(
    ("prices", "found"),
    [
        ([10.0] * (HISTORY - 1) + [0.0], "0.0"),
        ([10.0] * (HISTORY - 1) + [-3.5], "-3.5"),
        ([10.0] * (HISTORY - 1) + [1e300], "1e+300"),
        ([10.0] * (HISTORY - 1) + [None], "null"),
        ([10.0] * (HISTORY - 1) + ["10"], '"10"'),
        ([10.0] * (HISTORY - 1) + [[10.0] * HISTORY], f"a list of {HISTORY} values"),
    ],
)
def test_what_cannot_be_a_price_is_a_422_that_names_its_place(
    http: Client, prices: list[Any], found: str
) -> None:
    response = http.post("/predict", json={"last_prices": prices})
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    place, expected = f"last_prices[{HISTORY - 1}]", "a number above 0 and at most 1e+12"
    assert error == {"field": place, "found": found, "expected": expected}


@pytest.mark.parametrize("length", [0, HISTORY - 1, HISTORY + 1])
def test_too_few_or_too_many_prices(http: Client, length: int) -> None:
    (error,) = http.post("/predict", json={"last_prices": [10.0] * length}).json()["errors"]
    expected = f"a list of exactly {HISTORY} numbers above 0 and at most 1e+12, the oldest first"
    assert error == {"field": "last_prices", "found": f"a list of {length} values", "expected": expected}


def test_each_bad_price_of_a_batch_is_named(http: Client) -> None:
    bad = [0.0, "x", *BODY["last_prices"][2:]]
    response = http.post("/predict/batch", json={"rows": [BODY, {"last_prices": bad}]})
    places = [(error["index"], error["field"], error["found"]) for error in response.json()["errors"]]
    assert places == [(1, "last_prices[0]", "0.0"), (1, "last_prices[1]", '"x"')]


@pytest.mark.parametrize(
    "day", ["amanhã", "01/07/2025", "2025-02-30", "20250701", "2025-W27-2", "2025-07-01T00:00", "", 20250701]
)
def test_the_day_of_a_forecast_has_one_form(http: Client, day: str | int) -> None:
    response = http.post("/predict", json={**BODY, "date": day})
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert (error["field"], error["expected"]) == (
        "date",
        "a day of the calendar as YYYY-MM-DD, such as 2025-06-30",
    )


@pytest.mark.parametrize(("day", "kept"), [(" 2024-02-29 ", "2024-02-29"), (None, None)])
def test_a_day_of_the_calendar_is_kept_as_the_entity(
    http: Client, ledger: Ledger, day: str | None, kept: str | None
) -> None:
    posted(http, date=day)
    (record,) = ledger.predictions("quotes")
    assert record.entity == kept


def test_prices_at_the_ends_of_what_is_taken_are_answered_in_numbers(http: Client) -> None:
    given = posted(http, last_prices=[1e-9, 1e12] * (HISTORY // 2))
    assert np.isfinite([given["lower"], given["upper"]]).all()
    assert given["drift_warning"] is True


def test_a_project_of_values_takes_zeros() -> None:
    body = {"annual_sin": 0.5, "flown_lag_1": 30, "last_effort": [0.0] * 8}
    row = RequestSchema(make_weekly_project()).read_row(json.dumps(body).encode())
    assert row["last_effort"] == [0.0] * 8


def test_the_document_tells_what_a_forecast_answers(http: Client) -> None:
    schemas = http.get("/openapi.json").json()["components"]["schemas"]
    answer = schemas["quotes_answer"]["properties"]
    assert set(posted(http)) <= set(answer)
    assert answer["drift_warning"]["type"] == "boolean"
    prices = schemas["quotes_row"]["properties"]["last_prices"]
    assert (prices["minItems"], prices["maxItems"]) == (HISTORY, HISTORY)
    assert prices["items"]["minimum"] > 0
    day, _ = schemas["quotes_row"]["properties"]["date"]["anyOf"]
    assert (day["type"], day["format"]) == ("string", "date")


def test_a_file_of_predictions_has_the_drift(quotes: Service, tmp_path: Path) -> None:
    windows = np.vstack([CLOSES[-HISTORY:][::-1], np.full(HISTORY, 10.0)])
    lags = {f"close_lag_{place + 1}": windows[:, place] for place in range(HISTORY)}
    source = tmp_path / "rows.csv"
    pd.DataFrame({"date": ["2026-01-02", "2026-01-05"], **lags}).to_csv(source, index=False)
    scored = score_file(quotes, source, tmp_path / "out.csv")
    with scored.output.open(encoding="utf-8", newline="") as stream:
        first, second = csv.DictReader(stream)
    assert (first["drift_warning"], first["drift_details"]) == ("False", "")
    assert second["drift_warning"] == "True"
    assert second["drift_details"].startswith("Volatilidade baixa: ")
    assert float(first["lower"]) < float(first["prediction"]) < float(first["upper"])


def test_a_version_without_limits_or_author_says_nothing_of_them(ledger: Ledger) -> None:
    bare = make_prices_bundle(policy={"window": None, "author": None, "spread": None, "half_width": 0.5})
    service = Service(Registry("1", bare), ledger)
    (answers,) = service.predict([service.ask_row(json.dumps(BODY).encode())])
    assert isinstance(answers, list)
    assert set(answers[0]) == {"id", "model_version", "prediction", "predicted_price", "lower", "upper"}


def test_a_coming_row_has_its_spread_and_its_drift(quotes: Service) -> None:
    window = np.full(HISTORY, 10.0)
    row = {"date": "2026-01-02"} | {f"close_lag_{place + 1}": window[place] for place in range(HISTORY)}
    (answer,) = quotes.forecast([row])
    assert answer["drift_warning"] is True
    assert answer["lower"] < 10.0 < answer["upper"]
    assert answer["horizon"] == 1


def test_a_lag_is_no_field_of_a_request_for_prices(quotes: Service) -> None:
    with pytest.raises(RequestError):
        quotes.ask_row(json.dumps({**BODY, "close_lag_1": 3.0}).encode())
