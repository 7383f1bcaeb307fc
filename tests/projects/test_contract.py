"""What every shipped project keeps."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from tests.homes import SHIPPED, Home, answered, quick_candidate
from tests.serving.fakes import Client

from zelo.cli.champion import open_service
from zelo.cli.projects import checked_project
from zelo.decisions.decide import decide, predicted_classes
from zelo.features.columns import count, take
from zelo.features.expression import NumpyBackend, parse
from zelo.features.history import gathered, spread
from zelo.features.preprocess import numeric_inputs
from zelo.ledger.store import Ledger
from zelo.models.baseline import baselines
from zelo.models.catalogue import chosen
from zelo.serving.app import create_app
from zelo.serving.schema import RequestSchema
from zelo.spec.loading import list_projects, load_project

Trained = Callable[[str], Home]
NAMES = list_projects(SHIPPED)
BINARY = [name for name in NAMES if load_project(SHIPPED / name).task.kind == "binary"]
# What has a generator can be trained without anybody's data.
GENERATED = [name for name in NAMES if (SHIPPED / name / "dataset.py").exists()]
every = pytest.mark.parametrize("name", NAMES)
generated = pytest.mark.parametrize("name", GENERATED)
binary = pytest.mark.parametrize("name", BINARY)


def test_the_first_projects_are_shipped() -> None:
    five = {"churn", "machine_failure", "failure_modes", "man_hours", "stock_price"}
    assert five <= set(GENERATED) <= set(NAMES)
    assert {"failure_modes_excavator", "man_hours_excavator"} <= set(NAMES)
    assert set(BINARY) >= {"churn", "machine_failure"}


@every
def test_the_spec_is_valid_and_its_candidates_are_known(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZELO_PROJECTS", str(SHIPPED))
    project = checked_project(name)
    names = [candidate.name for candidate in chosen(project)]
    assert names[0] == baselines(project)[0].name
    assert len(names) > 3
    assert project.grades == () or project.grades[-1].above is None


@every
def test_every_field_tells_its_meaning_and_an_example_that_keeps_the_contract(name: str) -> None:
    project = load_project(SHIPPED / name)
    assert all(field.meaning for field in project.data.fields.values() if field.use == "input")
    schema = RequestSchema(project)
    row = schema.read_row(json.dumps(schema.example()).encode())
    assert set(project.inputs) <= set(spread(row, project))


@every
def test_derived_features_can_be_computed_on_every_example(name: str) -> None:
    project = load_project(SHIPPED / name)
    values = {
        field: np.array([float(project.inputs[field].example or 0)]) for field in numeric_inputs(project)
    }
    for feature, text in project.derived.items():
        assert np.isfinite(parse(feature, text, values).walk(values, NumpyBackend())).all(), feature


@every
def test_nothing_of_the_target_is_an_input(name: str) -> None:
    project = load_project(SHIPPED / name)
    columns = {project.column_of(field) for field in project.inputs}
    leaks = {"TWF", "HDF", "PWF", "OSF", "RNF", "UDI", "Product ID", "id_cliente"}
    # Made from the excavators' comments, or from orders that come later.
    leaks |= {"RunningTime", "MajorSystem", "Part", "Action", "Variant", "FM", "Location", "Comments", "Rule"}
    assert not columns & (leaks | {project.column_of(project.task.target)})


@pytest.mark.slow
@generated
def test_it_is_trained_promoted_and_honest_about_its_data(trained: Trained, name: str) -> None:
    home = trained(name)
    bundle = home.bundle("champion")
    assert bundle.manifest["synthetic"] is True
    assert bundle.manifest["candidate"] == quick_candidate(name)
    assert bundle.manifest["runtime"] != "native", bundle.manifest["runtime_reason"]
    card = (bundle.path / "model_card.md").read_text(encoding="utf-8")
    assert {"pt-BR": "SINTÉTICOS", "en": "SYNTHETIC"}[home.project.language] in card
    gates = {gate["code"]: gate["status"] for gate in answered("history", name, "--json").json[-1]["gates"]}
    assert gates["G02"] == gates["G04"] == gates["G07"] == "passed"
    assert "failed" not in gates.values()


@pytest.mark.slow
@generated
def test_it_beats_the_naive_baseline_clearly_or_is_it(trained: Trained, name: str) -> None:
    told = answered("compare", trained(name).name, "--json").json
    figures = {item["name"]: item["metrics"] for item in told["comparison"]["candidates"]}
    project = trained(name).project
    if project.forecast and project.forecast.fallback:
        assert told["comparison"]["winner"] == project.forecast.fallback == baselines(project)[0].name
        return
    ours, naive = (
        figures[who][project.select.primary] for who in (quick_candidate(name), baselines(project)[0].name)
    )
    if project.forecast:
        assert ours["high"] < naive["low"]
        assert told["metrics"]["mase"]["value"] < 1
    else:
        assert ours["low"] > naive["high"]
        assert told["metrics"]["roc_auc"]["low"] > 0.75


@pytest.mark.slow
@generated
def test_the_order_of_rows_and_the_size_of_a_batch_change_no_answer(trained: Trained, name: str) -> None:
    bundle, rows, scores = trained(name).test_rows()
    order = np.random.default_rng(0).permutation(len(scores))
    near = partial(np.testing.assert_allclose, rtol=1e-12)  # the last row of a batch may round otherwise
    near(bundle.predictor.scores(take(rows, order)), scores[order])
    alone = [
        bundle.predictor.scores(take(rows, np.array([place])))[0] for place in range(min(40, len(scores)))
    ]
    near(alone, scores[: len(alone)])
    parts = [bundle.predictor.scores(take(rows, part)) for part in np.array_split(np.arange(len(scores)), 7)]
    near(np.concatenate(parts), scores)
    if not bundle.policy.classes:
        return
    assert predicted_classes(np.concatenate(parts), bundle.policy).tolist() == (
        predicted_classes(scores, bundle.policy).tolist()
    )


@pytest.mark.slow
@binary
def test_the_higher_the_probability_the_higher_the_risk(trained: Trained, name: str) -> None:
    bundle, _, _ = trained(name).test_rows()
    positive = np.linspace(0, 1, 1001)
    decisions = decide(np.column_stack([1 - positive, positive]), bundle.policy)
    labels = [band.label for band in reversed(bundle.policy.bands)]
    levels = [labels.index(decision.band or "") for decision in decisions]
    assert levels == sorted(levels)
    assert set(levels) == set(range(len(labels)))
    predictions = [decision.prediction for decision in decisions]
    assert predictions == sorted(predictions)
    assert {0, 1} == set(predictions)
    assert all(decision.recommendation for decision in decisions)


@pytest.mark.slow
@generated
def test_serving_decides_as_training_measured(trained: Trained, name: str, tmp_path: Path) -> None:
    home = trained(name)
    bundle, rows, scores = home.test_rows()
    measured = np.array(json.loads((bundle.path / "test_scores.json").read_bytes()))
    np.testing.assert_allclose(scores, measured, atol=1e-4)
    few = take(rows, np.arange(min(60, len(scores))))
    bodies = [
        {
            field: (value if isinstance(value, str) else int(value) if value == int(value) else float(value))
            for field, value in ((name, values[place]) for name, values in few.items())
        }
        for place in range(count(few))
    ]
    bodies = [gathered(body, bundle.project) for body in bodies]
    if key := bundle.project.data.key:
        bodies = [{**body, key: str(place)} for place, body in enumerate(bodies)]
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        service = open_service(home.workspace, name, ledger)
        with Client(create_app({name: service})) as client:
            told = client.post("/predict/batch", json={"rows": bodies}).json()
    assert told["errors"] == []
    answers = told["predictions"]
    near = partial(np.testing.assert_allclose, rtol=1e-9)
    if not bundle.policy.classes:
        near([answer["prediction"] for answer in answers], scores[:60, 0])
        return
    predicted = predicted_classes(scores[:60], bundle.policy)
    of_predicted = scores[np.arange(60), predicted]
    classes = bundle.project.classes
    assert [answer["prediction"] for answer in answers] == [classes[index] for index in predicted]
    near([answer["probability"] for answer in answers], of_predicted)
    near([answer["score"] for answer in answers], scores[:60, 1] if name in BINARY else of_predicted)
    if bundle.project.task.kind == "multiclass":
        for answer, row in zip(answers, scores, strict=False):
            told_of = {entry["label"]: entry["probability"] for entry in answer["classes"]}
            near(list(told_of.values()), np.sort(row)[::-1][:3])
            near([row[classes.index(label)] for label in told_of], list(told_of.values()))
            assert answer["prediction"] in answer["label_set"]
            assert answer["abstain"] == (answer["probability"] < bundle.project.decision.confidence)
