"""A function that a project brings in a Python file beside its project.yaml."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from zelo.errors import SpecError


def load_function(file: Path, name: str, signature: str) -> Callable[..., Any]:
    """The function ``name`` of a project's ``file``; ``signature`` tells in errors what was expected.

    Raises:
        SpecError: the file is missing, fails when it is run, or has no such function.
    """
    module_name = f"zelo_project_{file.parent.name}_{file.stem}"
    try:
        spec = importlib.util.spec_from_file_location(module_name, file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        # A dataclass looks its own module up while it is being made.
        sys.modules[module_name] = module
        spec.loader.exec_module(module)
        function: Callable[..., Any] = getattr(module, name)
    except Exception as error:
        raise SpecError(
            "the project's function cannot be loaded",
            where=str(file),
            found=f"{type(error).__name__}: {error}",
            expected=f"a module with {name}{signature}",
            hint=f"mend {file.name}",
        ) from error
    finally:
        sys.modules.pop(module_name, None)
    return function
