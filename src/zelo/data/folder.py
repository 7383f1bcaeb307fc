"""A folder that is there whole or not at all, whatever happens while it is being written."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

UNFINISHED = ".unfinished-"


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """An empty folder to write into. At the end it becomes ``target``; after an error it is gone."""
    with scratch_folder(target.parent) as work:
        yield work
        for path in (*(path for path in work.rglob("*") if path.is_file()), work):
            sync(path)
        work.rename(target)
        sync(target.parent)


@contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """An empty folder in ``parent`` that is gone at the end; a killed process leaves it behind."""
    work = parent / f"{UNFINISHED}{uuid.uuid4().hex}"
    try:
        work.mkdir(parents=True)
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def remove_unfinished(parent: Path) -> None:
    """Remove what killed processes left; to be called where no other process writes into ``parent``."""
    for left in parent.glob(f"{UNFINISHED}*"):
        shutil.rmtree(left, ignore_errors=True)


def sync(path: Path) -> None:
    """Wait until a file, or a folder's list of files, has reached the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
