"""Where a pipeline's raw files are: the project's own, the data folder's, or generated ones."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Set
from dataclasses import dataclass
from pathlib import Path

from zelo.data.contract import clipped
from zelo.data.folder import remove_unfinished, whole_folder
from zelo.data.pipeline.faults import WHOLE_FILE, Fault
from zelo.data.sources import Origin, generator_function, sha256_of
from zelo.errors import PipelineError, SourceError
from zelo.spec.pipeline import Pipeline
from zelo.spec.project import Project

TABLES = (".csv", ".tsv", ".txt", ".xls", ".xlsx", ".xlsm", ".xlsb", ".ods", ".parquet")


@dataclass(frozen=True)
class RawFile:
    """A file of a table: its name below the raw data, and how it was when its hash was taken."""

    table: str
    path: Path
    name: str
    sha256: str
    stamp: tuple[int, int]

    @property
    def unchanged(self) -> bool:
        """Whether size and time are still those of the hash."""
        return stamp_of(self.path) == self.stamp


@dataclass(frozen=True)
class RawData:
    """A folder of raw files; ``passed_over`` names what lies beside them and was not taken, and why."""

    root: Path
    origin: Origin
    files: tuple[RawFile, ...]
    passed_over: tuple[tuple[str, str], ...]

    @property
    def synthetic(self) -> bool:
        return self.origin == "generator"


def find_raw(project: Project, *, folder: Path, data_dir: Path | None, downloads: Path) -> RawData:
    """The raw files of a project with a pipeline, in the first of its places that has any, hashed.

    The places, in order: ``folder/data/raw``, ``data_dir/<project>`` (or ``data.folder``), and what
    ``generate_files(folder, seed)`` of ``folder/dataset.py`` makes, once for each generator and seed.

    Raises:
        SourceError: no place has a file of any table, or a table has no file.
        PipelineError: files cannot be read; each is named.
    """
    pipeline = project.pipeline
    assert pipeline is not None
    local: list[tuple[Origin, Path]] = [("project", folder / "data" / "raw")]
    if data_dir is not None:
        local.append(("data_dir", data_dir / (project.data.folder or project.name)))
    generator = folder / "dataset.py"
    for origin, root in local:
        if any(taken(root, table.files) for table in pipeline.tables.values()):
            return _listed(pipeline, root, origin)
    if generator.is_file():
        return _listed(pipeline, generated(generator, project, downloads / "generated"), "generator")
    globs = ", ".join(table.files for table in pipeline.tables.values())
    places = ", ".join(str(path) for _, path in (*local, ("", generator)))
    raise SourceError(
        "the raw files are nowhere to be found",
        where=f"pipeline of {project.name}",
        found="none of the places below has any",
        expected=f"{globs} in one of: {places}",
        hint=f"put the files into {local[0][1]}, or set ZELO_DATA_DIR",
    )


def stamp_of(path: Path) -> tuple[int, int]:
    """What changes when a file is written to: its size, and its time in ns."""
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def _listed(pipeline: Pipeline, root: Path, origin: Origin) -> RawData:
    files: list[RawFile] = []
    faults: list[Fault] = []
    for name, table in pipeline.tables.items():
        paths = taken(root, table.files)
        if not paths:
            there = [
                path.relative_to(root).as_posix() for path in sorted((root / table.files).parent.glob("*"))
            ]
            raise SourceError(
                f"the table {name} has no file",
                where=str(root),
                found=clipped(", ".join(there)) or "nothing in its folder",
                expected=f"at least one file {table.files}",
                hint="put the files there, old .xls saved as .xlsx, or mend 'files' in project.yaml",
            )
        for path in paths:
            file = path.relative_to(root).as_posix()
            try:
                # The stamp first: what is written while the hash is taken shows up as a change.
                stamp = stamp_of(path)
                files.append(RawFile(name, path, file, sha256_of(path), stamp))
            except OSError as error:
                found = error.strerror or type(error).__name__
                faults.append(Fault(file, "", "", WHOLE_FILE, found, "a file that may be read"))
    if faults:
        what = f"{len(faults)} files cannot be read; the others were not used without them"
        raise PipelineError(what, faults=faults, where=str(root))
    passed_over = tuple(_passed_over(pipeline, root, {file.path for file in files}))
    return RawData(root, origin, tuple(files), passed_over)


def taken(root: Path, pattern: str) -> list[Path]:
    """The files below ``root`` that a glob names, by name."""
    return [path for path in _matching(root, pattern) if not _is_lock(path)]


def _matching(root: Path, pattern: str) -> list[Path]:
    # EVENTS.XLSX is a file of events/*.xlsx for whoever typed its name, but not for a glob on every system.
    if "[" not in pattern:
        pattern = "".join(f"[{sign.lower()}{sign.upper()}]" if sign.isalpha() else sign for sign in pattern)
    return sorted(path for path in root.glob(pattern) if path.is_file())


def _is_lock(path: Path) -> bool:
    # Excel's mark that somebody has the workbook open, and what systems leave beside files.
    return path.name.startswith(("~$", "."))


def _passed_over(pipeline: Pipeline, root: Path, taken: Set[Path]) -> Iterator[tuple[str, str]]:
    """Files beside those taken that somebody may believe to be in."""
    for folder in sorted({path.parent for path in taken}):
        for path in sorted(folder.iterdir()):
            if path in taken or not path.is_file() or path.suffix.lower() not in TABLES:
                continue
            name = path.relative_to(root).as_posix()
            yield name, "a lock or hidden file" if _is_lock(path) else "the file of no table"


def generated(generator: Path, project: Project, folder: Path) -> Path:
    """The folder of what ``generate_files`` makes, once for each generator and seed. Raises SourceError."""
    seed = project.split.seed
    # A generator may lean on files beside it.
    code = b"".join(path.read_bytes() for path in sorted(generator.parent.glob("*.py")))
    edition = hashlib.sha256(code + str(seed).encode()).hexdigest()[:12]
    target = folder / project.name / edition
    if target.is_dir():
        return target
    generate = generator_function(generator, "generate_files", "(folder: pathlib.Path, seed: int) -> None")
    remove_unfinished(target.parent)
    with whole_folder(target) as work:
        generate(work, seed)
    return target
