"""What the bundle holds for comparison: its reference rows and its figures on the test set."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
from pyarrow import ArrowInvalid

from zelo.errors import BundleError
from zelo.registry.bundle import Bundle


def read_json(bundle: Bundle, name: str) -> Any:
    """A JSON file of the bundle.

    Raises:
        BundleError: it is missing or damaged.
    """
    path = bundle.path / name
    with _explained(path):
        return json.loads(path.read_text(encoding="utf-8"))


def read_table(bundle: Bundle, name: str) -> pd.DataFrame:
    """A Parquet file of the bundle.

    Raises:
        BundleError: it is missing or damaged.
    """
    path = bundle.path / name
    with _explained(path):
        return pd.read_parquet(path)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, ArrowInvalid) as error:
        raise BundleError(
            "a file of the bundle cannot be read",
            where=str(path),
            found=type(error).__name__,
            expected="the file that training wrote",
            hint="restore the bundle from a copy, or train again; zelo verify tells which are whole",
        ) from error
