from __future__ import annotations

import sys

import pytest
from tests.tables import make_project

from zelo.errors import SpecError
from zelo.models.extras import require


def test_what_is_there_is_not_imported() -> None:
    before = set(sys.modules)
    require(make_project(), ["numpy", "wave"], what="x needs", expected="x", extras="x")
    assert "wave" not in set(sys.modules) - before


def test_what_lacks_is_named_with_its_extras() -> None:
    with pytest.raises(SpecError, match="mlp needs libraries that are not installed") as caught:
        require(make_project(), ["numpy", "no_such"], what="mlp needs", expected="both", extras="deep")
    error = caught.value
    assert error.where == "sample: candidates"
    assert error.found == "without no_such"
    assert (error.expected, error.hint) == ("both", "pip install 'zelo[deep]'")
