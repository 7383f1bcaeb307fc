"""The server of served.py that asks for keys: python guarded.py LEDGER PORT BUSY_TIMEOUT."""

from __future__ import annotations

import sys
from pathlib import Path

from served import PROJECT, Echo

from zelo.decisions.policy import make_policy
from zelo.ledger.keys import Keys
from zelo.ledger.store import Ledger
from zelo.registry.bundle import Bundle
from zelo.serving.app import create_app
from zelo.serving.door import KeyDoor
from zelo.serving.server import serve
from zelo.serving.service import Service
from zelo.spec.loading import parse_project


def main(ledger_path: str, port: str, busy_timeout: str) -> None:
    project = parse_project(PROJECT)
    bundle = Bundle(Path("bundle"), "0" * 64, project, make_policy(project), {"runtime": "onnx"}, Echo())
    with Ledger.open(f"sqlite:///{ledger_path}", busy_timeout=float(busy_timeout)) as ledger:
        door = KeyDoor(Keys(ledger).usable)
        serve(create_app({"tokens": Service(lambda: ("1", bundle), ledger)}, door=door), port=int(port))


if __name__ == "__main__":
    main(*sys.argv[1:])
