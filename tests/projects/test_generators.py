"""The made data are near the real ones, and the contract takes them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from zelo.data.contract import check_table
from zelo.data.reading import read_table
from zelo.data.sources import Located, locate
from zelo.spec.loading import load_project

PROJECTS = Path(__file__).parents[2] / "projects"


def made(name: str, source: str, downloads: Path) -> Located:
    return locate(
        load_project(PROJECTS / name),
        source,
        folder=PROJECTS / name,
        data_dir=None,
        downloads=downloads,
        offline=True,
    )


@pytest.mark.parametrize(
    ("name", "source", "rows", "least", "most"),
    [
        ("churn", "train", 6000, 0.18, 0.23),
        ("churn", "new", 2000, 0.18, 0.23),
        ("machine_failure", "train", 6000, 0.025, 0.055),
    ],
)
def test_the_contract_takes_what_is_made(
    tmp_path: Path, name: str, source: str, rows: int, least: float, most: float
) -> None:
    project = load_project(PROJECTS / name)
    located = made(name, source, tmp_path)
    assert located.synthetic
    table = read_table(located.path, project.source(source))
    checked = check_table(table, project, file=located.path.name, labelled=True)
    assert checked.bad_rows == ()
    assert len(checked.frame) == pytest.approx(rows, rel=0.03)
    assert least < checked.frame[project.task.target].mean() < most


@pytest.mark.parametrize(
    ("name", "source", "rows", "others"),
    [
        ("failure_modes", "train", 2500, 0),
        ("failure_modes", "dev", 500, 0),
        ("failure_modes_excavator", "train", 1500, 185),
    ],
)
def test_the_contract_takes_the_made_comments(
    tmp_path: Path, name: str, source: str, rows: int, others: int
) -> None:
    project = load_project(PROJECTS / name)
    located = made(name, source, tmp_path)
    assert located.synthetic
    table = read_table(located.path, project.source(source))
    checked = check_table(table, project, file=located.path.name, labelled=True)
    assert (checked.bad_rows, checked.absent, len(checked.frame)) == ((), (), rows)
    assert checked.others == pytest.approx(others, rel=0.2)
    assert set(checked.frame[project.task.target]) == set(project.classes)


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("churn", "train"),
        ("machine_failure", "train"),
        ("failure_modes", "dev"),
        ("failure_modes_excavator", "train"),
    ],
)
def test_a_seed_makes_the_same_file_everywhere(tmp_path: Path, name: str, source: str) -> None:
    first, again = (made(name, source, tmp_path / folder) for folder in ("a", "b"))
    assert first.sha256 == again.sha256


def test_two_sources_of_customers_share_no_id(tmp_path: Path) -> None:
    train, new = (pd.read_csv(made("churn", source, tmp_path).path) for source in ("train", "new"))
    assert not set(train["id_cliente"]) & set(new["id_cliente"])
    assert not train["idade"].head(100).equals(new["idade"].head(100))


def test_customers_leave_for_the_reasons_that_real_ones_do(tmp_path: Path) -> None:
    frame = pd.read_csv(made("churn", "train", tmp_path).path)
    leaves = frame["saiu"]
    assert leaves[frame["pais"] == "Alemanha"].mean() > 1.5 * leaves[frame["pais"] == "França"].mean()
    assert leaves[frame["genero"] == "Feminino"].mean() > leaves[frame["genero"] == "Masculino"].mean()
    assert leaves[frame["idade"].between(45, 60)].mean() > 3 * leaves[frame["idade"] < 35].mean()
    assert leaves[frame["numero_produtos"] == 2].mean() < leaves[frame["numero_produtos"] == 1].mean() / 2
    assert frame["idade"].mean() == pytest.approx(38.9, abs=1)
    assert (frame["saldo_conta"] == 0).mean() == pytest.approx(0.36, abs=0.03)


def test_machines_follow_the_published_process(tmp_path: Path) -> None:
    frame = pd.read_csv(made("machine_failure", "train", tmp_path).path)
    assert len(frame) == 10_000
    air, process = frame["Air temperature [K]"], frame["Process temperature [K]"]
    assert (air.mean(), air.std()) == pytest.approx((300, 2), abs=0.05)
    assert ((process - air).mean(), (process - air).std()) == pytest.approx((10, 1), abs=0.05)
    assert frame["Torque [Nm]"].mean() == pytest.approx(40, abs=0.5)
    assert frame["Torque [Nm]"].min() >= 3.5
    assert frame["Rotational speed [rpm]"].mean() == pytest.approx(1539, abs=20)
    assert frame["Tool wear [min]"].max() <= 253
    modes = frame[["TWF", "HDF", "PWF", "OSF", "RNF"]]
    assert ((modes.sum(axis=1) > 0) == (frame["Machine failure"] == 1)).all()
    assert (modes.sum() > 5).all()
