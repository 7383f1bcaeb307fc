"""A bundle is used whole or not at all, and a served model survives what happens to the next one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.homes import Home
from tests.serving.fakes import Client

from zelo.cli.champion import open_service
from zelo.errors import BundleError
from zelo.registry.bundle import MANIFEST, load_bundle, read_manifest, seal
from zelo.serving.app import create_app

MakeHome = Callable[[str], Home]
ROW = {"pump": "p1", "age": 30, "load": 80.5, "site": "South"}


@pytest.fixture
def home(make_home: MakeHome) -> Home:
    return make_home("served")


def resealed(path: Path, name: str, content: bytes) -> Path:
    """The bundle with another content of one file, sealed again: whole, and not as it was."""
    staging = path.with_name("staging")
    shutil.copytree(path, staging)
    (staging / MANIFEST).unlink()
    (staging / name).write_bytes(content)
    facts = {key: value for key, value in read_manifest(path)[0].items() if key != "files"}
    return seal(staging, path.parent, facts)


def test_a_whole_bundle_is_loaded(home: Home) -> None:
    bundle = home.bundle("champion")
    assert bundle.path.name == bundle.hash[:16]
    assert bundle.project == home.project
    assert bundle.predictor.runtime == bundle.manifest["runtime"] == "onnx"
    needed = {
        "project.json", "policy.json", "model.onnx", "pipeline.skops", "parity.json", "metrics.json",
        "candidates.json", "reference.parquet", "model_card.md", "environment.json", "test_scores.json",
    }  # fmt: skip
    assert needed <= set(bundle.manifest["files"])


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def change(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("name", ["model.onnx", "pipeline.skops", "policy.json", "reference.parquet"])
@pytest.mark.parametrize("damage", [cut, change, Path.unlink])
def test_a_damaged_file_is_refused_and_named(home: Home, name: str, damage: Callable[[Path], None]) -> None:
    path = home.bundle_path("champion")
    damage(path / name)
    with pytest.raises(BundleError, match="not what was sealed") as refused:
        load_bundle(path)
    assert refused.value.found == f"changed: {name}"


def test_an_added_file_is_refused_and_named(home: Home) -> None:
    path = home.bundle_path("champion")
    (path / "plots" / "extra.png").write_bytes(b"")
    with pytest.raises(BundleError) as refused:
        load_bundle(path)
    assert refused.value.found == "changed: plots/extra.png (added)"


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (None, "the bundle is missing"),
        (b"", "the manifest is damaged"),
        (b"\xff\xfe", "the manifest is damaged"),
        (b"[]", "the manifest was changed"),
        (b'{"files": {}}', "the manifest was changed"),
    ],
)
def test_without_its_manifest_a_bundle_is_none(home: Home, content: bytes | None, what: str) -> None:
    manifest = home.bundle_path("champion") / MANIFEST
    if content is None:
        manifest.unlink()
    else:
        manifest.write_bytes(content)
    with pytest.raises(BundleError, match=what):
        load_bundle(manifest.parent)


def test_a_manifest_of_one_changed_fact_is_refused(home: Home) -> None:
    manifest = home.bundle_path("champion") / MANIFEST
    manifest.write_text(manifest.read_text(encoding="utf-8").replace('"onnx"', '"native"'), encoding="utf-8")
    with pytest.raises(BundleError, match="manifest was changed"):
        load_bundle(manifest.parent)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="bundle is missing"):
        load_bundle(tmp_path / "0123456789abcdef")


def test_a_bundle_of_another_zelo_is_refused(home: Home) -> None:
    path = home.bundle_path("champion")
    project = json.loads((path / "project.json").read_bytes()) | {"mood": "good"}
    with pytest.raises(BundleError, match="another Zelo") as refused:
        load_bundle(resealed(path, "project.json", json.dumps(project).encode()))
    assert "mood" in refused.value.found


def test_a_compiled_model_that_this_runtime_cannot_load_is_refused(home: Home) -> None:
    with pytest.raises(BundleError, match="compiled model cannot be loaded"):
        load_bundle(resealed(home.bundle_path("champion"), "model.onnx", b"no model"))


def test_the_same_content_is_the_same_bundle(tmp_path: Path) -> None:
    sealed = set()
    for _ in range(2):
        staging = tmp_path / "staging"
        staging.mkdir()
        (staging / "a.txt").write_text("a", encoding="utf-8")
        sealed.add(seal(staging, tmp_path / "bundles", {"project": "pumps"}))
        assert not staging.exists()
    (path,) = sealed
    assert [found.name for found in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("name", ["model.onnx", "manifest.json", "policy.json"])
def test_a_reload_of_a_damaged_bundle_leaves_the_old_model_answering(home: Home, name: str) -> None:
    with home.workspace.ledger() as ledger:
        service = open_service(home.workspace, home.name, ledger)
        with Client(create_app({home.name: service})) as client:
            before = client.post("/predict", json=ROW).json()
            cut(home.bundle_path("champion") / name)
            refused = client.post("/model/reload")
            assert refused.status_code == 409
            assert "bundle" in refused.text or "manifest" in refused.text
            after = client.post("/predict", json=ROW).json()
            assert after["model_version"] == before["model_version"] == "1"
            assert after["score"] == before["score"]
            assert client.get("/health").json()["status"] == "ok"


def test_a_damaged_champion_is_not_served_at_all(home: Home) -> None:
    cut(home.bundle_path("champion") / "model.onnx")
    with home.workspace.ledger() as ledger, pytest.raises(BundleError, match="not what was sealed"):
        open_service(home.workspace, home.name, ledger)
