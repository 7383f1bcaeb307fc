"""A small project on disk, its table, and what the tests of the command line and the registry start from."""

from __future__ import annotations

import fcntl
import io
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import pytest

from zelo.cli import lifecycle, profile
from zelo.cli.app import main
from zelo.cli.workspace import Workspace, open_workspace
from zelo.data.snapshot import read_snapshot
from zelo.data.split import split
from zelo.features.columns import Columns, columns_from_frame, take
from zelo.registry.aliases import read_aliases
from zelo.registry.bundle import Bundle, load_bundle
from zelo.registry.store import Store
from zelo.spec.project import Project

SHIPPED = Path(__file__).parents[1] / "projects"
NAME = "pumps"
ROWS = 600
PROJECT = """
name: pumps
title: Pumps that fail
language: en
task: {kind: binary, target: failed, column: Failed, positive: 1}
data:
  key: pump
  sources: {train: pumps.csv}
  fields:
    age: {type: integer, unit: years, min: 0, max: 60, meaning: years in service, example: 10}
    load: {type: number, unit: kW, min: 0, max: 200, missing: allowed, meaning: mean load, example: 50.5}
    site: {type: category, values: [North, South], meaning: where it stands, example: North}
derived: {effort: age * load}
split: {by: class, test: 0.25, seed: 7}
candidates:
  - prior
  - logistic_regression
  - lightgbm: {n_estimators: 30, learning_rate: 0.1, min_child_samples: 5}
select: {primary: f1, report: [roc_auc, brier], folds: 3}
decision:
  threshold: {maximise: f1}
  bands:
    - {above: 0.7, label: High, recommendation: Stop the pump.}
    - {label: Low, recommendation: Carry on.}
grades:
  - {above: 0.9, label: Excellent}
  - {above: 0.6, label: Fair}
  - {label: Poor}
serving: {entity: pump}
gates: {slices: [site], calibration_error: 0.2, latency_ms: 500}
"""


def pumps(rows: int = ROWS, *, seed: int = 0, first: int = 0) -> pd.DataFrame:
    """Labelled rows in the layout of the source: old pumps under load fail, more in the South."""
    chance = np.random.default_rng(seed)
    age = chance.integers(0, 50, rows)
    load = chance.gamma(4.0, 15.0, rows).clip(1, 190).round(2)
    site = chance.choice(["North", "South"], rows)
    drive = (age * load - 1700) / 500 + 0.8 * (site == "South") + chance.normal(0, 0.5, rows)
    return pd.DataFrame(
        {
            "pump": [f"p{first + number:05d}" for number in range(rows)],
            "age": age,
            "load": [None if chance.random() < 0.03 else value for value in load],
            "site": site,
            "Failed": (drive > 0).astype(int),
        }
    )


@dataclass(frozen=True)
class Ran:
    """What a command left: its exit status and what it wrote."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def zelo(*arguments: object) -> Ran:
    """Run the program in this process, as its entry point does."""
    out, err = io.StringIO(), io.StringIO()
    status: Any = 0
    argv = ["zelo", *map(str, arguments)]
    with mock.patch.object(sys, "argv", argv), redirect_stdout(out), redirect_stderr(err):
        try:
            main()
        except SystemExit as stop:
            status = stop.code
    return Ran(int(status or 0), out.getvalue(), err.getvalue())


def answered(*arguments: object) -> Ran:
    """Run a command that must succeed."""
    ran = zelo(*arguments)
    assert ran.status == 0, ran.out + ran.err
    return ran


@dataclass(frozen=True)
class Home:
    """A folder with projects and everything that Zelo made of them; the environment points at it."""

    root: Path
    name: str = NAME

    @property
    def workspace(self) -> Workspace:
        return open_workspace()

    @property
    def store(self) -> Store:
        return self.workspace.store()

    @property
    def project(self) -> Project:
        return self.workspace.project(self.name)

    @property
    def folder(self) -> Path:
        return self.root / "projects" / self.name

    @property
    def spec(self) -> Path:
        return self.folder / "project.yaml"

    @property
    def evidence(self) -> Path:
        return self.root / "home" / "registry" / self.name / "evidence"

    def aliases(self) -> dict[str, str]:
        found = read_aliases(self.store.registry, self.name)
        return {alias: entry["version"] for alias, entry in found.items()}

    def bundle_path(self, alias: str) -> Path:
        entry = read_aliases(self.store.registry, self.name)[alias]
        return self.store.bundles / self.name / entry["bundle"]

    def bundle(self, alias: str) -> Bundle:
        return load_bundle(self.bundle_path(alias))

    def test_rows(self) -> tuple[Bundle, Columns, np.ndarray[Any, Any]]:
        """The champion, the inputs of its test rows, and what it scores them."""
        bundle = self.bundle("champion")
        table = read_snapshot(self.store.snapshots, self.name, bundle.manifest["snapshot"]).frame()
        rows = take(columns_from_frame(bundle.project, table), split(table, bundle.project).test)
        return bundle, rows, bundle.predictor.scores(rows)

    def file(self, name: str, rows: pd.DataFrame) -> Path:
        path = self.root / name
        rows.to_csv(path, index=False)
        return path

    def contents(self) -> dict[str, bytes]:
        """Every file of the registry, the bundles and the snapshots."""
        folders = [self.root / "home" / part for part in ("registry", "bundles", "snapshots")]
        files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
        return {str(path.relative_to(self.root)): path.read_bytes() for path in files}


@contextmanager
def environment(root: Path, projects: Path | None = None) -> Iterator[None]:
    """Zelo's settings point at ``root``; nothing else of the caller's is seen."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("ZELO_DATA_DIR", "ZELO_DATABASE_URL", "ZELO_BROKER_URL", "MLFLOW_TRACKING_URI"):
            patch.delenv(name, raising=False)
        patch.setenv("ZELO_HOME", str(root / "home"))
        patch.setenv("ZELO_PROJECTS", str(projects or root / "projects"))
        patch.setenv("ZELO_OFFLINE", "1")
        patch.setenv("ZELO_APPROVER", "Ana")
        # The tests run side by side, and on few rows a second thread costs more than it gives.
        patch.setattr(lifecycle, "threads", lambda: 1)
        patch.setattr(profile, "threads", lambda: 1)
        yield


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """The folder ``name`` of this test session, made by whichever of its processes comes first."""
    shared = factory.getbasetemp()
    if shared.name.startswith("popen-"):
        shared = shared.parent
    folder, done = shared / name, shared / f"{name}.done"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            with environment(folder):
                make(folder)
            done.touch()
    return folder


def make_trained(root: Path) -> None:
    """Version 1 is challenger."""
    folder = root / "projects" / NAME
    (folder / "data" / "raw").mkdir(parents=True)
    (folder / "project.yaml").write_text(PROJECT, encoding="utf-8")
    pumps().to_csv(folder / "data" / "raw" / "pumps.csv", index=False)
    answered("train", NAME)


def make_served(root: Path) -> None:
    """Version 1 is champion."""
    answered("promote", NAME)


def make_retrained(root: Path) -> None:
    """Version 1 is champion, and version 2 challenger, with appended rows."""
    pumps(200, seed=1, first=ROWS).to_csv(root / "more.csv", index=False)
    answered("train", NAME, "--append", root / "more.csv")


def make_replaced(root: Path) -> None:
    """Version 2 is champion, and version 1 previous."""
    answered("promote", NAME)


STAGES = {
    "trained": make_trained,
    "served": make_served,
    "retrained": make_retrained,
    "replaced": make_replaced,
}


def stage(factory: pytest.TempPathFactory, wanted: str) -> Path:
    """The folder of a stage of the small project's life; each stage goes on from a copy of the one before."""
    before = None
    for name, make in STAGES.items():

        def go_on(folder: Path, make: Callable[[Path], None] = make, before: Path | None = before) -> None:
            if before is not None:
                shutil.copytree(before, folder, dirs_exist_ok=True)
            make(folder)

        before = made_once(factory, name, go_on)
        if name == wanted:
            return before
    raise AssertionError(wanted)


def quick_candidate(name: str) -> str:
    """Of a shipped project the one beside its baseline that the tests train."""
    quick = {
        "failure_modes": "svm_chars",
        "failure_modes_excavator": "lr_words_chars",
        "man_hours": "ridge",
        # Nothing beats it on prices without memory, as the generated ones are.
        "stock_price": "persistence",
    }
    return quick.get(name, "lightgbm")


def make_shipped(name: str) -> Callable[[Path], None]:
    """A shipped project on its generated data, its quick candidate trained and promoted."""

    def make(root: Path) -> None:
        shutil.copytree(
            SHIPPED / name,
            root / "projects" / name,
            ignore=shutil.ignore_patterns("data", "__pycache__"),
        )
        beside = "drift" if quick_candidate(name) == "persistence" else "prior"
        answered("train", name, "--candidates", f"{beside},{quick_candidate(name)}")
        answered("promote", name)

    return make
