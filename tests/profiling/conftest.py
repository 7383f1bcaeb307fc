"""Profiles of the small snapshots, each made once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest
from tests.profiling.samples import profiled, sample

from zelo.profiling.facts import Profile


@pytest.fixture(scope="session")
def profile_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Profile]:
    """The profile of a kind of task, or of texts."""

    @cache
    def make(kind: str) -> Profile:
        return profiled(*sample(kind), tmp_path_factory.mktemp(kind))

    return make
