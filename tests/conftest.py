"""What several rooms share: a trained project on disk, made once a session and copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

MakeHome = Callable[..., object]


def pytest_configure(config: pytest.Config) -> None:
    # MLflow 3 still uses what SQLAlchemy 2.1 has deprecated; nobody but MLflow can mend that.
    config.addinivalue_line("filterwarnings", "ignore::DeprecationWarning:mlflow")


@pytest.fixture
def make_home(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeHome]:
    """Make a copy of a stage (trained, served, retrained, replaced) and let the environment point at it."""
    from tests.homes import Home, environment, stage

    with ExitStack() as stack:

        def make(wanted: str) -> Home:
            root = tmp_path / "zelo"
            shutil.copytree(stage(tmp_path_factory, wanted), root)
            stack.enter_context(environment(root))
            return Home(root)

        yield make
