from __future__ import annotations

import sys
from pathlib import Path

import pytest

from zelo.errors import SpecError
from zelo.spec.code import load_function

CODE = """
from dataclasses import dataclass

@dataclass
class Pair:
    left: int

def twice(number):
    return Pair(number).left * 2
"""


def test_a_function_is_loaded_from_its_file_and_leaves_no_module_behind(tmp_path: Path) -> None:
    (tmp_path / "features.py").write_text(CODE, encoding="utf-8")
    assert load_function(tmp_path / "features.py", "twice", "(number: int) -> int")(21) == 42
    assert not [name for name in sys.modules if name.startswith("zelo_project_")]


@pytest.mark.parametrize(
    ("code", "found"),
    [
        (None, "FileNotFoundError"),
        ("def other(): ...", "AttributeError"),
        ("raise RuntimeError('at home')", "RuntimeError: at home"),
        ("def twice(:", "SyntaxError"),
    ],
)
def test_what_cannot_be_loaded_is_named(tmp_path: Path, code: str | None, found: str) -> None:
    path = tmp_path / "features.py"
    if code is not None:
        path.write_text(code, encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        load_function(path, "twice", "(number: int) -> int")
    assert caught.value.where == str(path)
    assert found in caught.value.found
    assert "twice(number: int) -> int" in caught.value.expected
