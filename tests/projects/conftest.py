"""Each shipped project, trained once a session on its generated data and promoted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.homes import Home, environment, made_once, make_shipped

Trained = Callable[[str], Home]


@pytest.fixture
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    """The home of a shipped project. It is shared: what a test writes goes elsewhere."""
    with ExitStack() as stack:

        def home(name: str) -> Home:
            root: Path = made_once(tmp_path_factory, f"shipped_{name}", make_shipped(name))
            stack.enter_context(environment(root))
            return Home(root, name)

        yield home
