"""Finding a source's file: the project's own, the data folder's, the publisher's, or a generated one."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pooch
import requests

from zelo.errors import SourceError, SpecError
from zelo.spec.code import load_function
from zelo.spec.project import Project, Source

if TYPE_CHECKING:
    import pandas as pd

Origin = Literal["project", "data_dir", "publisher", "generator"]
CONNECT_SECONDS, READ_SECONDS = 5, 60


@dataclass(frozen=True)
class Located:
    """A source's file on this machine, and what is known of where it came from."""

    path: Path
    origin: Origin
    sha256: str
    synthetic: bool
    publisher: str | None
    licence: str | None
    note: str | None = None


def locate(
    project: Project,
    name: str,
    *,
    folder: Path,
    data_dir: Path | None,
    downloads: Path,
    offline: bool = False,
) -> Located:
    """Find the file of the source ``name``, downloading or generating it where nobody put it in place.

    The places, in order: ``folder/data/raw``, ``data_dir/<project>`` (or ``data.folder``), the publisher,
    ``folder/dataset.py``.
    The pinned hash binds a publisher's download alone: a user may have a file of their own under that name.

    Raises:
        SourceError: the file is nowhere, is a folder, or is not the one that was pinned.
    """
    source = project.source(name)
    local: list[tuple[Origin, Path]] = [("project", folder / "data" / "raw" / source.file)]
    if data_dir is not None:
        local.append(("data_dir", data_dir / (project.data.folder or project.name) / source.file))
    for origin, path in local:
        _refuse_folder(path, source, name)
        if path.is_file():
            return _described(path, origin, source)
    published, reason = _published(source, downloads / project.name, offline=offline)
    if published is not None:
        return _described(published, "publisher", source)
    generator = folder / "dataset.py"
    if generator.is_file():
        path = _generate(generator, project, name, downloads / "generated")
        note = f"{reason}; the data are SYNTHETIC" if reason else None
        return Located(path, "generator", sha256_of(path), True, None, None, note)
    places = [str(path) for _, path in local] + ([source.url] if source.url else []) + [str(generator)]
    raise SourceError(
        "the file is nowhere to be found",
        where=f"source {name} of {project.name}",
        found=reason or "none of the places below has it",
        expected=f"{source.file} in one of: {', '.join(places)}",
        hint=f"put the file at {local[0][1]}, or set ZELO_DATA_DIR",
    )


def _refuse_folder(path: Path, source: Source, name: str) -> None:
    if path.is_dir():
        raise SourceError(
            "a folder is in the place of a file",
            where=str(path),
            found="a folder",
            expected=f"the file {source.file} of the source {name}",
            hint="move the folder away, or name the file inside it",
        )


def _published(source: Source, folder: Path, *, offline: bool) -> tuple[Path | None, str | None]:
    """The publisher's file, downloaded or kept from before; else why not, where there is a URL."""
    if source.url is None:
        return None, None
    if offline:
        kept = folder / source.file
        found = kept if kept.is_file() and sha256_of(kept) in _pins(source) else None
        return found, f"{source.url} was not downloaded (offline)"
    try:
        return _download(source, folder), None
    except (requests.RequestException, OSError) as error:
        return None, f"{source.url} could not be downloaded ({_reason(error)})"


def sha256_of(path: Path) -> str:
    """The file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _pins(source: Source) -> tuple[str, ...]:
    if source.sha256 is None:
        return ()
    return (source.sha256,) if isinstance(source.sha256, str) else source.sha256


def _described(path: Path, origin: Origin, source: Source) -> Located:
    sha256 = sha256_of(path)
    # Another file under the publisher's name is not the publisher's, and not under its licence.
    theirs = not _pins(source) or sha256 in _pins(source)
    return Located(
        path=path,
        origin=origin,
        sha256=sha256,
        synthetic=False,
        publisher=source.publisher if theirs else None,
        licence=source.licence if theirs else None,
    )


def _reason(error: Exception) -> str:
    return type(error).__name__


def _download(source: Source, folder: Path) -> Path:
    """The publisher's file, kept in ``folder`` once its hash is the pinned one."""
    assert source.url is not None
    target = folder / source.file
    if target.is_file() and (not _pins(source) or sha256_of(target) in _pins(source)):
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".download-") as work, _quiet_pooch():
        processor = pooch.Unzip(members=[source.member]) if source.member else None
        try:
            fetched = pooch.retrieve(
                source.url,
                known_hash=None,  # what is pinned is the member, not the archive around it
                path=work,
                fname="archive.zip" if source.member else "file",
                processor=processor,
                downloader=pooch.HTTPDownloader(timeout=(CONNECT_SECONDS, READ_SECONDS)),
            )
        except zipfile.BadZipFile as error:
            raise SourceError(
                "the download is not a zip archive",
                where=source.url,
                found=str(error),
                expected=f"an archive that holds {source.member}",
                hint="a proxy may have answered in the publisher's place; "
                "put the file in the project's data/raw yourself",
            ) from error
        if not fetched:
            raise SourceError(
                "the downloaded archive lacks the file",
                where=source.url,
                found="an archive without it",
                expected=f"a member called {source.member}",
                hint="mend 'member' of the source",
            )
        file = Path(fetched if isinstance(fetched, str) else fetched[0])
        found = sha256_of(file)
        if _pins(source) and found not in _pins(source):
            raise SourceError(
                "the download is not the pinned file",
                where=source.url,
                found=f"sha256 {found}",
                expected=f"sha256 {' or '.join(_pins(source))}",
                hint="the publisher changed the file, or it was changed on its way; "
                "look at it before you pin the new hash",
            )
        os.replace(file, target)
    return target


@contextmanager
def _quiet_pooch() -> Iterator[None]:
    # pooch announces each download and the archive's hash; our caller reports the file and its own hash.
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)


def _generate(generator: Path, project: Project, name: str, folder: Path) -> Path:
    """The generator's table as CSV in the source's layout, made once for each generator and seed."""
    source = project.source(name)
    edition = hashlib.sha256(generator.read_bytes() + str(project.split.seed).encode()).hexdigest()[:12]
    target = folder / project.name / edition / source.file
    if target.is_file():
        return target
    generate = generator_function(generator, "generate", "(source: str, seed: int) -> pandas.DataFrame")
    frame: pd.DataFrame = generate(name, project.split.seed)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".generate-") as work:
        made = Path(work) / "made.csv"
        frame.to_csv(
            made,
            index=False,
            sep=source.delimiter or ",",
            decimal=source.decimal,
            encoding=source.encoding,
            lineterminator="\n",
        )
        shutil.move(made, target)
    return target


def generator_function(generator: Path, name: str, signature: str) -> Callable[..., Any]:
    """A function of a project's dataset.py. Raises SourceError."""
    try:
        return load_function(generator, name, signature)
    except SpecError as error:
        raise SourceError(
            "the project's generator cannot be loaded",
            where=error.where,
            found=error.found,
            expected=error.expected,
            hint="mend dataset.py, or put the real file in data/raw",
        ) from error
