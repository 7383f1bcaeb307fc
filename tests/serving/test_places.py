from __future__ import annotations

from pathlib import Path

import pytest
from tests.retraining.churn import SPEC

from zelo.ledger.store import Ledger
from zelo.retraining.routes import Training, training_extension
from zelo.serving.app import create_app
from zelo.serving.places import Place, Places
from zelo.serving.service import Service
from zelo.spec.loading import parse_project

PLACES = Places(alone="churn", aliases={"/churn/{id}": "churn", "/churn/todas/predicoes": "churn"})


def test_every_route_is_in_a_table(service: Service, ledger: Ledger) -> None:
    training = Training(lambda: parse_project(SPEC), ledger, lambda _: None, "Rui", 1_000)
    app = create_app({"churn": service}, extensions={"churn": training_extension("churn", training)})

    unlisted = [
        (method, path)
        for path, operations in app.api.openapi()["paths"].items()
        for method in operations
        if not PLACES.listed(method.upper(), path.replace("{", "").replace("}", ""))
    ]

    assert unlisted == []


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("POST", "/predict", Place("predict", "churn")),
        ("POST", "/projects/churn/predict/batch", Place("predict", "churn")),
        ("POST", "/projects/other/outcomes", Place("outcomes", "other")),
        ("GET", "/predictions/some-id", Place("read", "churn")),
        ("GET", "/churn/7", Place("read", "churn")),
        ("GET", "/churn/todas/predicoes", Place("read", "churn")),
        ("GET", "/projects/churn/queue", Place("read", "churn")),
        ("POST", "/v2/models/churn/infer", Place("predict", "churn")),
        ("POST", "/v2/models/churn/versions/3/infer", Place("predict", "churn")),
        ("GET", "/v2/health/live", Place("nothing", None)),
        ("GET", "/ready", Place("nothing", "churn")),
        ("POST", "/model/reload", Place("admin", "churn")),
    ],
)
def test_what_a_request_needs(method: str, path: str, expected: Place) -> None:
    assert PLACES.of(method, path) == expected


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/ready"),
        ("GET", "/ready/"),
        ("GET", "/ready/../metrics"),
        ("GET", "//ready"),
        ("GET", "/READY"),
        ("GET", "/projects/a/b/ready"),
        ("GET", "/ready\n"),
        ("DELETE", "/predictions/some-id"),
        ("OPTIONS", "/predict"),
        ("GET", "/anything"),
        ("GET", "/.env"),
    ],
)
def test_what_nobody_thought_of_needs_admin(method: str, path: str) -> None:
    assert PLACES.of(method, path) == Place("admin", None)


def test_of_several_projects_the_root_is_of_all() -> None:
    several = Places(alone=None, aliases={})

    assert several.of("GET", "/metrics") == Place("watch", None)
    assert several.of("GET", "/projects/churn/metrics") == Place("watch", "churn")


def test_documents_name_every_scope() -> None:
    page = (Path(__file__).parents[2] / "docs" / "threat-model.md").read_text(encoding="utf-8")

    for scope in ("predict", "outcomes", "read", "watch", "train", "admin"):
        assert f"| `{scope}` |" in page
