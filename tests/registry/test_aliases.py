from __future__ import annotations

from pathlib import Path

import pytest

from zelo.errors import RegistryError
from zelo.registry.aliases import Resolved, read_aliases, resolve, write_aliases

CHAMPION = {"champion": {"version": "1", "bundle": "abc"}}


def test_what_is_written_is_resolved(tmp_path: Path) -> None:
    write_aliases(tmp_path, "pumps", CHAMPION)
    assert read_aliases(tmp_path, "pumps") == CHAMPION
    assert resolve(tmp_path, Path("bundles"), "pumps") == Resolved("1", Path("bundles/pumps/abc"))


def test_before_the_first_version_there_is_none(tmp_path: Path) -> None:
    assert read_aliases(tmp_path, "pumps") == {}
    with pytest.raises(RegistryError, match="pumps has no champion") as refused:
        resolve(tmp_path, tmp_path, "pumps")
    assert "zelo train pumps" in refused.value.hint


def test_an_alias_that_is_not_there_tells_which_are(tmp_path: Path) -> None:
    write_aliases(tmp_path, "pumps", CHAMPION)
    with pytest.raises(RegistryError, match="has no previous") as refused:
        resolve(tmp_path, tmp_path, "pumps", "previous")
    assert refused.value.found == "champion"


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    write_aliases(tmp_path, "pumps", CHAMPION)
    path = tmp_path / "pumps" / "aliases.json"
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(RegistryError, match="aliases are damaged") as refused:
        read_aliases(tmp_path, "pumps")
    assert refused.value.where == str(path)


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_aliases(tmp_path, "pumps", CHAMPION)

    def full(_: int) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_aliases(tmp_path, "pumps", {})
    assert read_aliases(tmp_path, "pumps") == CHAMPION
