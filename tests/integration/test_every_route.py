"""Requests made from the API's own document: no answer is a 5xx, and each is as the document says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.running import running
from tests.serving.fakes import Registry, bundle
from tests.serving.test_agreement import TEXT

from zelo.features.columns import Columns
from zelo.ledger.store import Ledger
from zelo.serving.app import create_app
from zelo.serving.service import Service

pytestmark = pytest.mark.slow
CHECKS = Path(__file__).parents[1] / "schemathesis.toml"


class Even:
    """Whatever is asked, each class is as probable as the other."""

    runtime = "onnx"

    def scores(self, columns: Columns) -> np.ndarray[Any, Any]:
        return np.full((len(columns["age"]), 2), 0.5)


def test_generated_requests_are_answered_as_documented(tmp_path: Path) -> None:
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        service = Service(Registry("1", bundle(Even(), TEXT)), ledger)
        with running(create_app({"agreed": service})) as address:
            command = ["--config-file", CHECKS, "run", f"http://{address}/openapi.json", "--no-color"]
            # The routes of a project alone are the same ones.
            which = ["--include-path-regex", "^/(projects|v2)", "--phases", "coverage,fuzzing"]
            size = ["--max-examples", "10", "--seed", "1", "--no-shrink"]
            ran = subprocess.run(
                [sys.executable, "-m", "schemathesis.cli", *map(str, [*command, *which, *size])],
                cwd=tmp_path,
                env={**os.environ, "ZELO_FUZZ_MODEL": "agreed"},
                capture_output=True,
                text=True,
                check=False,
            )

    assert ran.returncode == 0, ran.stdout + ran.stderr
    made = re.search(r"(\d+) generated", ran.stdout)
    assert made is not None
    assert int(made[1]) > 500
