"""In which encoding a file of text was saved, found from every byte of it."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from zelo.data.pipeline.staging import unusable
from zelo.data.reading import UTF_16_MARKS

BLOCK = 4 << 20
ACCENTED = re.compile(rb"\xc3[\xa1-\xa9\xab-\xb9\xbc-\xbf]")
"""Accented letters in UTF-8; in Windows-1252 a capital Ã before a sign, which no word has."""
NOT_WINDOWS = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")


@dataclass(frozen=True)
class Scanned:
    """``may_be_open``: a quote may be opened and not closed."""

    encoding: str
    may_be_open: bool


def scan(path: Path, file: str) -> Scanned:
    """Read the file once, in bounded memory; twice where it is not UTF-8.

    Raises:
        PipelineError: it is no text, or UTF-8 in one place and not in another.
        OSError: it cannot be read.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    line, quotes = 1, 0
    for block in _blocks(path):
        if line == 1 and block.startswith(UTF_16_MARKS):
            return Scanned("utf-16", may_be_open=True)
        if (place := block.find(b"\0")) >= 0:
            row = str(line + block.count(b"\n", 0, place))
            expected = "plain text; UTF-16 begins with its byte order mark"
            raise unusable(file, "a NUL, which no text has", expected, row=row)
        try:
            decoder.decode(block)
        except UnicodeDecodeError as error:
            return _not_utf_8(path, file, line + block.count(b"\n", 0, error.start))
        line += block.count(b"\n")
        quotes += block.count(b'"')
    return Scanned("utf-8", quotes % 2 == 1)


def _not_utf_8(path: Path, file: str, line: int) -> Scanned:
    windows, quotes = True, 0
    for block in _blocks(path):
        if ACCENTED.search(block):
            found = "a byte that is no UTF-8, in a file that is UTF-8 elsewhere"
            raise unusable(file, found, "one encoding; save it anew as UTF-8", row=str(line))
        windows = windows and NOT_WINDOWS.search(block) is None
        quotes += block.count(b'"')
    return Scanned("cp1252" if windows else "latin-1", quotes % 2 == 1)


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            yield block
