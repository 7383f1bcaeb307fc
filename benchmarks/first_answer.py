"""From a fresh clone to the first answered prediction: clone, install, data, train, promote, serve, ask."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.figures import Figure, show

ROOT = Path(__file__).parent.parent
ASKED = 300.0


def run() -> None:
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "zelo"
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("VIRTUAL", "MAKE"))
        }
        start = time.perf_counter()
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        subprocess.run(["make", "--silent", "install"], cwd=clone, env=environment, check=True)
        installed = time.perf_counter() - start
        demo = subprocess.Popen(
            ["make", "--silent", "demo"], cwd=clone, env=environment, stdout=subprocess.PIPE, text=True
        )
        answered = 0.0
        assert demo.stdout is not None
        for line in demo.stdout:
            if not answered and line.startswith("answered in"):
                answered = time.perf_counter() - start
        assert demo.wait() == 0
        total = time.perf_counter() - start
        packages = next((clone / ".venv").rglob("site-packages"))
        torch = (packages / "torch").exists()
    show(
        "From a fresh clone to the first answered prediction (packages may come from the installer's cache)",
        [
            Figure(
                "first answer",
                f"{answered:.0f} s",
                f"< {ASKED:g} s",
                0 < answered < ASKED,
                f"install {installed:.0f} s; the whole demo {total:.0f} s",
            ),
            Figure("PyTorch installed", "yes" if torch else "no", "no", not torch),
        ],
    )


if __name__ == "__main__":
    run()
