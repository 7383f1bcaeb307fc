"""Make the dashboards' files: ``python -m deploy.grafana [FOLDER]``, from the root of the repository."""

from __future__ import annotations

import sys
from pathlib import Path

from deploy.grafana.api import API
from deploy.grafana.business import BUSINESS
from deploy.grafana.models import MODELS
from deploy.grafana.panels import built
from deploy.grafana.system import SYSTEM
from grafana_foundation_sdk.cog.encoder import JSONEncoder

BOARDS = (SYSTEM, API, MODELS, BUSINESS)
FOLDER = Path(__file__).with_name("dashboards")


def written() -> dict[str, str]:
    """The text of each file, by its name."""
    encoder = JSONEncoder(sort_keys=True, indent=2, ensure_ascii=False)
    return {f"{board.uid}.json": encoder.encode(built(board)) + "\n" for board in BOARDS}


def main(folder: Path) -> None:
    """Write the files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in written().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
