"""What loading a bundle could run: nothing, where no file of it is a pickle."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

from zelo.registry.native import foreign_types
from zelo.registry.runtime import NATIVE_FILE

_HEAD = 128
_PROTOCOLS = range(2, 6)
_SUFFIXES = (".pkl", ".pickle", ".joblib", ".pt", ".pth")


def pickled(path: Path) -> list[str]:
    """Files of a bundle's folder that are pickles, hold one, or are named like one."""
    files = [file for file in sorted(path.rglob("*")) if file.is_file()]
    return [str(file.relative_to(path)) for file in files if file.suffix in _SUFFIXES or _holds_pickle(file)]


def told_formats(path: Path, runtime: str) -> tuple[bool, str]:
    """Whether nothing of a bundle could run code of its own when it is loaded, and that in words."""
    pickles = pickled(path)
    native = path / NATIVE_FILE
    foreign = foreign_types(native.read_bytes()) if native.exists() else []
    told = [f"served by {runtime}"]
    told.append(f"PICKLES: {', '.join(pickles)}" if pickles else "no pickle in it")
    if native.exists():
        types = f"FOREIGN TYPES: {', '.join(foreign)}" if foreign else "known types alone"
        told.append(f"{NATIVE_FILE} holds {types}")
    told.append("this user may write it" if os.access(path, os.W_OK) else "this user may not write it")
    return not pickles and not foreign, "; ".join(told)


def _holds_pickle(file: Path) -> bool:
    with file.open("rb") as stream:
        if _is_pickle(stream.read(_HEAD)):
            return True
    if not zipfile.is_zipfile(file):
        return False
    with zipfile.ZipFile(file) as archive:
        for member in archive.namelist():
            with archive.open(member) as stream:
                if _is_pickle(stream.read(_HEAD)):
                    return True
    return False


def _is_pickle(head: bytes) -> bool:
    """By its first bytes: a pickle's protocol, or an array of objects, which numpy pickles."""
    protocol = len(head) > 1 and head[0] == 0x80 and head[1] in _PROTOCOLS
    return protocol or (head.startswith(b"\x93NUMPY") and b"'|O'" in head)
