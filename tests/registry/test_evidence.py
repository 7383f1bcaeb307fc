from __future__ import annotations

import errno
import json
import os
import threading
from pathlib import Path

import pytest

from zelo.errors import RegistryError
from zelo.registry.evidence import HEAD, append_evidence, broken_links, read_evidence


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A chain of four records."""
    for number in range(4):
        append_evidence(tmp_path, "pumps", {"action": "register", "version": str(number + 1)})
    return tmp_path / "pumps" / "evidence"


def test_records_are_numbered_and_each_holds_the_hash_of_the_one_before(tmp_path: Path, folder: Path) -> None:
    records = read_evidence(tmp_path, "pumps")
    assert [record["sequence"] for record in records] == [1, 2, 3, 4]
    assert records[0]["previous"] is None
    assert len({record["previous"] for record in records}) == 4
    assert broken_links(tmp_path, "pumps") == []


def test_a_project_without_evidence_has_nothing_broken(tmp_path: Path) -> None:
    assert broken_links(tmp_path, "pumps") == []
    assert read_evidence(tmp_path, "pumps") == []


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_any_changed_record_is_found_the_last_one_too(tmp_path: Path, folder: Path, number: int) -> None:
    path = folder / f"{number:04d}.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"register"', '"promote"'), encoding="utf-8")
    problems = broken_links(tmp_path, "pumps")
    assert len(problems) == 1
    assert problems[0].startswith(f"{min(number + 1, 4):04d}.json")


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_any_removed_record_is_found_the_last_one_too(tmp_path: Path, folder: Path, number: int) -> None:
    (folder / f"{number:04d}.json").unlink()
    assert broken_links(tmp_path, "pumps")


def test_a_record_that_is_no_json_is_found(tmp_path: Path, folder: Path) -> None:
    (folder / "0002.json").write_text("{", encoding="utf-8")
    assert "0002.json: not JSON" in broken_links(tmp_path, "pumps")
    with pytest.raises(RegistryError, match="damaged"):
        read_evidence(tmp_path, "pumps")


@pytest.mark.parametrize("head", [None, "", "9 abc\n", "4 abc\n", "2 abc\n"])
def test_a_head_that_names_something_else_is_found(tmp_path: Path, folder: Path, head: str | None) -> None:
    if head is None:
        (folder / HEAD).unlink()
    else:
        (folder / HEAD).write_text(head, encoding="utf-8")
    assert any(HEAD in problem for problem in broken_links(tmp_path, "pumps"))


def test_nothing_is_added_to_a_damaged_chain(tmp_path: Path, folder: Path) -> None:
    path = folder / "0004.json"
    path.write_text(path.read_text(encoding="utf-8").replace("4", "5"), encoding="utf-8")
    with pytest.raises(RegistryError, match="damaged") as refused:
        append_evidence(tmp_path, "pumps", {"action": "promote"})
    assert "0004.json" in refused.value.found
    assert not (folder / "0005.json").exists()


def test_a_process_that_ends_between_record_and_head_breaks_nothing(tmp_path: Path, folder: Path) -> None:
    before = (folder / HEAD).read_bytes()
    append_evidence(tmp_path, "pumps", {"action": "promote"})
    (folder / HEAD).write_bytes(before)
    assert broken_links(tmp_path, "pumps") == []
    append_evidence(tmp_path, "pumps", {"action": "rollback"})
    assert [record["sequence"] for record in read_evidence(tmp_path, "pumps")] == [1, 2, 3, 4, 5, 6]
    assert broken_links(tmp_path, "pumps") == []


def test_of_two_that_write_the_same_number_one_is_told(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def beaten(source: Path, target: Path) -> None:
        if not Path(target).exists():
            Path(target).write_text(json.dumps({"sequence": 5, "by": "another"}), encoding="utf-8")
        link(source, target)

    monkeypatch.setattr("os.link", beaten)
    with pytest.raises(RegistryError, match="at the same time"):
        append_evidence(tmp_path, "pumps", {"action": "promote"})
    assert json.loads((folder / "0005.json").read_text(encoding="utf-8"))["by"] == "another"
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []


def test_many_at_once_leave_one_whole_chain(tmp_path: Path) -> None:
    barrier = threading.Barrier(8)
    refused: list[RegistryError] = []

    def add() -> None:
        barrier.wait(30)
        try:
            append_evidence(tmp_path, "pumps", {"action": "register"})
        except RegistryError as error:
            refused.append(error)

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    records = read_evidence(tmp_path, "pumps")
    assert len(records) + len(refused) == 8
    assert [record["sequence"] for record in records] == list(range(1, len(records) + 1))


def test_a_full_disk_leaves_no_half_record(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    before = sorted(path.name for path in folder.iterdir())
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        append_evidence(tmp_path, "pumps", {"action": "promote"})
    assert sorted(path.name for path in folder.iterdir()) == before
    assert broken_links(tmp_path, "pumps") == []
