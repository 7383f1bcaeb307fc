"""A training becomes a version: beside the old ones, never over them, and served as it was certified."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.homes import NAME, ROWS, Home, answered, pumps, zelo
from tests.serving.fakes import Client

from zelo.cli.champion import open_service
from zelo.data.snapshot import read_snapshot
from zelo.data.split import split
from zelo.decisions.decide import predicted_classes
from zelo.features.columns import Columns, columns_from_frame
from zelo.registry import compiled
from zelo.registry.bundle import Bundle
from zelo.registry.compilation.graph import CannotCompile
from zelo.registry.runtime import NativePredictor, OnnxPredictor
from zelo.serving.app import create_app
from zelo.stats.metrics import point
from zelo.training.truth import scored_rows, truth_of

MakeHome = Callable[[str], Home]
Array = np.ndarray[Any, Any]
QUICK = ("--candidates", "prior,logistic_regression")


def sides(home: Home, bundle: Bundle) -> tuple[set[str], set[str]]:
    """The keys that the version was trained on, and those that it was tested on."""
    table = read_snapshot(home.store.snapshots, NAME, bundle.manifest["snapshot"]).frame()
    halves = split(table, bundle.project)
    keys = table["pump"].to_numpy()
    return set(keys[halves.train]), set(keys[halves.test])


def test_new_rows_make_a_new_snapshot_and_overwrite_nothing(make_home: MakeHome) -> None:
    home = make_home("served")
    before = home.contents()
    more = home.file("more.csv", pumps(200, seed=1, first=ROWS))
    ran = answered("train", NAME, "--append", more, *QUICK, "--json")
    after = home.contents()
    changed = {path for path in before if after.get(path) != before[path]}
    registry = f"home/registry/{NAME}"
    assert changed == {f"{registry}/aliases.json", f"{registry}/evidence/HEAD"}
    old, new = home.bundle("champion"), home.bundle("challenger")
    assert new.manifest["snapshot"] == ran.json["snapshot"] != old.manifest["snapshot"]
    snapshot = read_snapshot(home.store.snapshots, NAME, new.manifest["snapshot"])
    assert snapshot.parent == old.manifest["snapshot"]
    assert snapshot.rows == ROWS + 200
    assert [source["file"] for source in snapshot.sources] == ["pumps.csv", "more.csv"]
    assert home.aliases() == {"champion": "1", "challenger": "2"}


def test_rows_keep_their_side_and_the_champion_is_asked_about_rows_that_it_never_saw(
    make_home: MakeHome,
) -> None:
    home = make_home("retrained")
    champion, challenger = home.bundle("champion"), home.bundle("challenger")
    (old_train, old_test), (new_train, new_test) = sides(home, champion), sides(home, challenger)
    assert old_train < new_train
    assert old_test < new_test
    assert not old_train & new_test
    assert len(new_test - old_test) == 50


def test_the_gate_compares_both_on_the_new_test_rows(make_home: MakeHome) -> None:
    home = make_home("retrained")
    registered = answered("history", NAME, "--json").json[-1]
    (gate,) = (gate for gate in registered["gates"] if gate["code"] == "G03")
    figures = []
    challenger = home.bundle("challenger")
    table = read_snapshot(home.store.snapshots, NAME, challenger.manifest["snapshot"]).frame()
    test = table.iloc[split(table, challenger.project).test]
    for bundle in (challenger, home.bundle("champion")):
        scores = bundle.predictor.scores(columns_from_frame(bundle.project, test))
        rows = scored_rows(
            truth_of(test, bundle.project), scores, predicted_classes(scores, bundle.policy), bundle.project
        )
        figures.append(point(rows, ("f1",))["f1"])
    assert gate["found"].startswith(f"f1 {figures[0] - figures[1]:+.4f} ")


def test_a_champion_of_another_contract_is_told_from_a_better_one(make_home: MakeHome) -> None:
    home = make_home("served")
    spec = home.spec.read_text(encoding="utf-8")
    load = next(line for line in spec.splitlines() if line.lstrip().startswith("load:"))
    home.spec.write_text(
        spec.replace(load + "\n", "").replace("derived: {effort: age * load}\n", ""), encoding="utf-8"
    )
    gates = {gate["code"]: gate for gate in answered("train", NAME, *QUICK, "--json").json["gates"]}
    assert gates["G03"]["status"] == "failed"
    assert gates["G03"]["found"] == "the champion reads load, which the new data do not have"


def test_a_champion_that_was_split_otherwise_is_not_compared(make_home: MakeHome) -> None:
    home = make_home("served")
    spec = home.spec.read_text(encoding="utf-8")
    seed = next(line for line in spec.splitlines() if line.startswith("split:"))
    home.spec.write_text(spec.replace(seed, "split: {by: class, test: 0.2, seed: 99}"), encoding="utf-8")
    gates = {gate["code"]: gate for gate in answered("train", NAME, *QUICK, "--json").json["gates"]}
    assert gates["G03"]["status"] == "failed"
    assert "split otherwise" in gates["G03"]["found"]


def test_a_wider_contract_is_a_new_snapshot_of_the_same_rows_and_other_words_are_none(
    make_home: MakeHome,
) -> None:
    home = make_home("served")
    spec = home.spec.read_text(encoding="utf-8")
    home.spec.write_text(spec.replace("meaning: mean load", "meaning: average load"), encoding="utf-8")
    same = answered("train", NAME, *QUICK, "--json").json
    home.spec.write_text(spec.replace("max: 60", "max: 70"), encoding="utf-8")
    wider = answered("train", NAME, *QUICK, "--json").json
    for told in (same, wider):
        assert {gate["code"]: gate["status"] for gate in told["gates"]}["G01"] == "passed"
    old = home.bundle("champion").manifest["snapshot"]
    assert same["snapshot"] == old
    assert wider["snapshot"] != old
    assert zelo("verify", NAME).status == 0


def compiled_wrong(monkeypatch: pytest.MonkeyPatch, change: Callable[[Array, Columns], Array]) -> None:
    """Let every compiled model answer what ``change`` makes of its scores."""

    class Wrong(OnnxPredictor):
        def scores(self, columns: Columns) -> Array:
            return change(super().scores(columns), columns)

    monkeypatch.setattr(compiled, "OnnxPredictor", Wrong)


def swapped(scores: Array, columns: Columns) -> Array:
    return scores[:, ::-1]


def raises(scores: Array, columns: Columns) -> Array:
    raise RuntimeError("a kernel is missing")


def cannot(model: object, project: object) -> bytes:
    raise CannotCompile("no compilation of Pipeline", where="pumps")


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        ("another answer", "beyond tolerance on real rows"),
        ("an error", "the compiled model fails on real rows: a kernel is missing"),
        ("no compilation", "no compilation of Pipeline"),
        ("no model", "the compiled model cannot be loaded"),
    ],
)
def test_where_the_compiled_model_is_not_the_fitted_one_the_fitted_one_serves(
    make_home: MakeHome, monkeypatch: pytest.MonkeyPatch, trouble: str, reason: str
) -> None:
    home = make_home("trained")
    match trouble:
        case "another answer":
            compiled_wrong(monkeypatch, swapped)
        case "an error":
            compiled_wrong(monkeypatch, raises)
        case "no compilation":
            monkeypatch.setattr(compiled, "compile_model", cannot)
        case "no model":
            monkeypatch.setattr(compiled, "compile_model", lambda model, project: b"no model")
    ran = answered("train", NAME, *QUICK, "--json")
    monkeypatch.undo()
    assert ran.json["runtime"] == "native"
    assert ran.json["parity"]["passed"] is False
    bundle = home.bundle("challenger")
    assert isinstance(bundle.predictor, NativePredictor)
    assert bundle.manifest["runtime"] == "native"
    assert bundle.manifest["runtime_reason"].startswith(reason)
    certificate = json.loads((bundle.path / "parity.json").read_bytes())
    assert (certificate["passed"], certificate["reason"]) == (False, bundle.manifest["runtime_reason"])


def test_a_native_bundle_passes_its_gates_serves_and_says_why(
    make_home: MakeHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = make_home("trained")
    monkeypatch.setattr(compiled, "compile_model", cannot)
    gates = {gate["code"]: gate for gate in answered("train", NAME, *QUICK, "--json").json["gates"]}
    assert gates["G04"]["status"] == "passed"
    assert "the fitted pipeline serves" in gates["G04"]["found"]
    answered("promote", NAME)
    with home.workspace.ledger() as ledger:
        service = open_service(home.workspace, NAME, ledger)
        with Client(create_app({NAME: service})) as client:
            runtime = client.get("/health").json()["runtime"]
            assert runtime == {"name": "native", "reason": "no compilation of Pipeline"}
            row = {"age": 40, "load": 100, "site": "North"}
            assert client.post("/predict", json=row).json()["model_version"] == "2"
    assert zelo("verify", NAME).status == 0


def test_a_training_that_fails_leaves_no_half_bundle(
    make_home: MakeHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = make_home("served")
    before = home.contents()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{home.spec}/mlflow.db")
    ran = zelo("train", NAME, *QUICK)
    assert ran.status == 2
    assert "MLflow" in ran.err
    assert home.contents() == before
