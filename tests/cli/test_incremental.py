"""The champion goes on learning from new rows: a challenger with gates, evidence and a whole bundle."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.homes import NAME, PROJECT, ROWS, Home, answered, environment, made_once, pumps

from zelo.cli.training import run_incremental
from zelo.errors import TrainingError
from zelo.registry.verify import verify


def make_home(root: Path) -> None:
    folder = root / "projects" / NAME
    (folder / "data" / "raw").mkdir(parents=True)
    (folder / "project.yaml").write_text(PROJECT.replace("  - lightgbm", "  - sgd\n  - lightgbm"))
    pumps().to_csv(folder / "data" / "raw" / "pumps.csv", index=False)
    answered("train", NAME, "--candidates", "prior,sgd", "--pick", "sgd")
    answered("promote", NAME)


@pytest.fixture
def home(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    made = made_once(tmp_path_factory, "learning", make_home)
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    with environment(tmp_path):
        yield Home(tmp_path)


def test_the_champion_goes_on_as_a_challenger(home: Home) -> None:
    champion = home.bundle("champion")
    new = home.file("new.csv", pumps(300, seed=3, first=ROWS))

    told = run_incremental(home.workspace, NAME, append=new, batch=50)

    assert (told["version"], told["before"], told["candidate"]) == ("2", "1", "sgd")
    assert home.aliases() == {"champion": "1", "challenger": "2"}
    assert home.bundle("champion").hash == champion.hash
    challenger = home.bundle("challenger")
    assert told["runtime"] == challenger.predictor.runtime == "onnx"
    assert challenger.policy == champion.policy
    _, rows, scores = home.test_rows()
    assert not np.allclose(challenger.predictor.scores(rows), scores)
    codes = {gate["code"]: gate["status"] for gate in told["gates"]}
    assert codes["G03"] in ("passed", "failed")
    assert codes["G04"] == "passed"
    assert all(item.holds for item in verify(home.store, NAME))
    assert "went on learning from 225 rows" in told["comparison"]["why"]


def test_it_goes_on_from_where_it_went(home: Home) -> None:
    run_incremental(home.workspace, NAME, append=home.file("a.csv", pumps(100, seed=3, first=ROWS)))
    answered("promote", NAME, "--accept", "G02", "--accept", "G03", "--accept", "G06", "--reason", "test")

    told = run_incremental(
        home.workspace, NAME, append=home.file("b.csv", pumps(200, seed=4, first=ROWS + 100))
    )

    assert (told["version"], told["before"]) == ("3", "2")
    assert "learning from 150 rows" in told["comparison"]["why"]


def test_without_new_rows_nothing_is_registered(home: Home) -> None:
    with pytest.raises(TrainingError, match="too few new rows"):
        run_incremental(home.workspace, NAME, append=None)
    assert home.aliases() == {"champion": "1"}


def test_a_guard_that_refuses_leaves_no_trace(home: Home) -> None:
    def gone() -> None:
        raise RuntimeError("cancelled")

    new = home.file("new.csv", pumps(300, seed=3, first=ROWS))
    with pytest.raises(RuntimeError, match="cancelled"):
        run_incremental(home.workspace, NAME, append=new, guard=gone)
    assert home.aliases() == {"champion": "1"}
