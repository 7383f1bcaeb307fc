"""The environment of peers that cannot live in Zelo's: given by a variable, or made once from a file."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.figures import OUT

WANTED = Path(__file__).parent / "peers.txt"


def peers_python(wanted: Path = WANTED) -> str:
    """The interpreter that can import what ``wanted`` names: for peers.txt that of ``ZELO_PEERS_PYTHON``.

    Making the environment takes minutes and the network.
    """
    if given := os.environ.get(f"ZELO_{wanted.stem.upper()}_PYTHON"):
        return given
    folder = Path(tempfile.gettempdir()) / f"zelo-{wanted.stem}"
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        OUT.print(f"installing {wanted.name} in {folder}")
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "-r", str(wanted)], check=True)
        (folder / "complete").touch()
    return str(python)


def run_peer(script: Path, *arguments: str) -> None:
    """Run a script of ours in the peers' environment; nothing is told to anybody."""
    quiet = {"NML_DISABLE_USAGE_LOGGING": "1", "DO_NOT_TRACK": "1", "PYTHONWARNINGS": "ignore"}
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run([peers_python(), str(script), *arguments], check=True, env=kept | quiet)
