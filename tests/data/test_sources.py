from __future__ import annotations

import hashlib
import io
import threading
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pandas as pd
import pytest

from zelo.data.sources import Located, locate
from zelo.errors import SourceError
from zelo.spec.project import Project

MakeProject = Callable[..., Project]

CONTENT = b"id,age\n1,2\n"
PIN = hashlib.sha256(CONTENT).hexdigest()
GENERATOR = """
import pandas
def generate(source, seed):
    return pandas.DataFrame({"id": [source], "age": [seed + 0.5]})
"""


class _Publisher:
    """A web server on this machine that counts what it is asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[str] = []
        asked = self.asked

        class Handler(SimpleHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                asked.append(self.path)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def archive(self, member: str = "data/pumps.csv", content: bytes = CONTENT) -> str:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("readme.txt", "hello")
            archive.writestr(member, content)
        (self.folder / "pumps.zip").write_bytes(buffer.getvalue())
        return f"{self.url}/pumps.zip"


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[_Publisher]:
    folder = tmp_path / "www"
    folder.mkdir()
    publisher = _Publisher(folder)
    thread = threading.Thread(target=publisher.server.serve_forever)
    thread.start()
    yield publisher
    publisher.server.shutdown()
    thread.join()
    publisher.server.server_close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "projects" / "pumps"
    folder.mkdir(parents=True)
    return folder


def project_of(make_project: MakeProject, url: str | None = None, **source: object) -> Project:
    described = {
        "file": "pumps.csv",
        "url": url,
        "publisher": "The Pump House",
        "licence": "CC BY 4.0",
        "sha256": ["0" * 64, PIN],
    }
    return make_project(data__sources={"train": described | source})


def find(project: Project, folder: Path, *, data_dir: Path | None = None, offline: bool = False) -> Located:
    downloads = folder.parents[1] / "downloads"
    return locate(project, "train", folder=folder, data_dir=data_dir, downloads=downloads, offline=offline)


def put(path: Path, content: bytes = CONTENT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_the_projects_own_file_comes_before_the_data_folders(
    make_project: MakeProject, folder: Path, tmp_path: Path
) -> None:
    there = put(tmp_path / "shared" / "pumps" / "pumps.csv", b"other")
    project = project_of(make_project)
    assert find(project, folder, data_dir=tmp_path / "shared").path == there
    own = put(folder / "data" / "raw" / "pumps.csv")
    located = find(project, folder, data_dir=tmp_path / "shared")
    assert (located.path, located.origin, located.sha256, located.synthetic) == (own, "project", PIN, False)


def test_a_file_that_is_not_the_pinned_one_is_not_the_publishers(
    make_project: MakeProject, folder: Path, tmp_path: Path
) -> None:
    put(tmp_path / "shared" / "pumps" / "pumps.csv", b"id,age\n9,9\n")
    located = find(project_of(make_project), folder, data_dir=tmp_path / "shared")
    assert (located.publisher, located.licence) == (None, None)
    put(folder / "data" / "raw" / "pumps.csv")
    assert find(project_of(make_project), folder).licence == "CC BY 4.0"


def test_a_folder_in_the_files_place_is_an_error(make_project: MakeProject, folder: Path) -> None:
    (folder / "data" / "raw" / "pumps.csv").mkdir(parents=True)
    with pytest.raises(SourceError, match="a folder is in the place of a file"):
        find(project_of(make_project), folder)


def test_the_member_of_an_archive_is_downloaded_once(
    make_project: MakeProject, folder: Path, publisher: _Publisher
) -> None:
    project = project_of(make_project, publisher.archive(), member="data/pumps.csv")
    first = find(project, folder)
    assert (first.origin, first.sha256, first.publisher) == ("publisher", PIN, "The Pump House")
    assert first.path.read_bytes() == CONTENT
    assert find(project, folder) == first
    assert publisher.asked == ["/pumps.zip"]
    assert find(project, folder, offline=True) == first


def test_a_plain_file_is_downloaded_too(
    make_project: MakeProject, folder: Path, publisher: _Publisher
) -> None:
    put(publisher.folder / "pumps.csv")
    assert find(project_of(make_project, f"{publisher.url}/pumps.csv"), folder).sha256 == PIN


def test_a_wrong_hash_is_an_error_and_leaves_nothing(
    make_project: MakeProject, folder: Path, publisher: _Publisher
) -> None:
    put(folder / "dataset.py", GENERATOR.encode())
    url = publisher.archive(content=b"changed")
    with pytest.raises(SourceError) as caught:
        find(project_of(make_project, url, member="data/pumps.csv"), folder)
    assert caught.value.found == f"sha256 {hashlib.sha256(b'changed').hexdigest()}"
    assert PIN in caught.value.expected
    assert not [path for path in (folder.parents[1] / "downloads").rglob("*") if path.is_file()]


def test_a_spoilt_download_is_fetched_again(
    make_project: MakeProject, folder: Path, publisher: _Publisher
) -> None:
    project = project_of(make_project, publisher.archive(), member="data/pumps.csv")
    find(project, folder).path.write_bytes(b"spoilt")
    assert find(project, folder).sha256 == PIN


def test_what_is_no_archive_or_lacks_the_member_is_an_error(
    make_project: MakeProject, folder: Path, publisher: _Publisher
) -> None:
    put(publisher.folder / "pumps.zip", b"<html>log in first</html>")
    with pytest.raises(SourceError, match="not a zip archive"):
        find(project_of(make_project, f"{publisher.url}/pumps.zip", member="data/pumps.csv"), folder)
    with pytest.raises(SourceError, match="lacks the file"):
        find(project_of(make_project, publisher.archive(), member="other.csv"), folder)


@pytest.mark.parametrize("path", ["/nowhere.zip", None])
def test_a_failed_download_falls_through_to_the_generator_and_says_so(
    make_project: MakeProject, folder: Path, publisher: _Publisher, path: str | None
) -> None:
    put(folder / "dataset.py", GENERATOR.encode())
    url = f"{publisher.url}{path}" if path else "http://127.0.0.1:9/pumps.zip"
    located = find(project_of(make_project, url, member="data/pumps.csv"), folder)
    assert (located.origin, located.synthetic, located.publisher) == ("generator", True, None)
    assert located.note is not None
    assert url in located.note
    assert "SYNTHETIC" in located.note


def test_offline_never_asks_the_publisher(
    make_project: MakeProject, folder: Path, publisher: _Publisher
) -> None:
    put(folder / "dataset.py", GENERATOR.encode())
    located = find(
        project_of(make_project, publisher.archive(), member="data/pumps.csv"), folder, offline=True
    )
    assert located.synthetic
    assert publisher.asked == []


def test_the_generator_writes_the_sources_layout_once(make_project: MakeProject, folder: Path) -> None:
    generator = put(folder / "dataset.py", GENERATOR.encode())
    project = project_of(make_project, delimiter=";", decimal=",", encoding="utf-16")
    located = find(project, folder)
    assert located.path.read_text(encoding="utf-16") == "id;age\ntrain;42,5\n"
    written = located.path.stat().st_mtime_ns
    assert find(project, folder).path.stat().st_mtime_ns == written
    generator.write_text(GENERATOR.replace("0.5", "0.25"))
    assert pd.read_csv(find(project_of(make_project), folder).path)["age"].tolist() == [42.25]


def test_a_generator_that_cannot_be_loaded_is_named(make_project: MakeProject, folder: Path) -> None:
    put(folder / "dataset.py", b"import nothing_of_this_name\n")
    with pytest.raises(SourceError, match="nothing_of_this_name"):
        find(project_of(make_project), folder)
    put(folder / "dataset.py", b"x = 1\n")
    with pytest.raises(SourceError, match="generate"):
        find(project_of(make_project), folder)


def test_a_file_that_is_nowhere_names_every_place(
    make_project: MakeProject, folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(SourceError) as caught:
        find(project_of(make_project), folder, data_dir=tmp_path / "shared")
    for place in ("raw/pumps.csv", "shared/pumps/pumps.csv", "dataset.py"):
        assert place in caught.value.expected
