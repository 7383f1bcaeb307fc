from __future__ import annotations

import json
import pickle
import shutil
import zipfile
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.preprocessing import FunctionTransformer
from tests.homes import Home, zelo

from zelo.errors import BundleError
from zelo.registry.aliases import resolve
from zelo.registry.formats import pickled, told_formats
from zelo.registry.native import read_pipeline, write_pipeline
from zelo.registry.verify import verify


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_pickle_is_found_whatever_it_is_called(tmp_path: Path, protocol: int) -> None:
    (tmp_path / "model.onnx").write_bytes(pickle.dumps({"a": 1}, protocol))
    np.save(tmp_path / "words.npy", np.array(["a", None], dtype=object), allow_pickle=True)
    np.save(tmp_path / "numbers.npy", np.arange(3))
    joblib.dump({"a": 1}, tmp_path / "policy.json")
    with zipfile.ZipFile(tmp_path / "plots.zip", "w") as archive:
        archive.writestr("inside", pickle.dumps(1, protocol))
    (tmp_path / "empty.json").write_bytes(b"")

    assert pickled(tmp_path) == ["model.onnx", "plots.zip", "policy.json", "words.npy"]
    safe, told = told_formats(tmp_path, "onnx")
    assert not safe
    assert "PICKLES: model.onnx, plots.zip" in told


def test_a_type_that_a_trusted_module_imports_is_not_trusted(tmp_path: Path) -> None:
    """zelo.models.extras.Path is a name in a trusted package, and pathlib's class."""
    path = tmp_path / "pipeline.skops"
    write_pipeline(FunctionTransformer(np.save), path)
    poisoned = _renamed(path, "numpy", "save", "zelo.models.hyperparameters", "dataclass")

    with pytest.raises(BundleError, match="not trusted") as refused:
        read_pipeline(poisoned)

    assert "zelo.models.hyperparameters.dataclass" in refused.value.found


def _renamed(path: Path, module: str, name: str, other: str, other_name: str) -> Path:
    """The same file with another function's name in it."""
    target = path.with_name("poisoned.skops")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        for member in old.namelist():
            content = old.read(member)
            if member == "schema.json":
                text = json.dumps(json.loads(content))
                for before, after in ((module, other), (name, other_name)):
                    text = text.replace(json.dumps(before), json.dumps(after))
                content = text.encode()
            new.writestr(member, content)
    return target


def test_verify_tells_what_loading_could_run(home: Home) -> None:
    (found,) = [one for one in verify(home.store, home.name) if one.subject == "champion (version 2) format"]

    assert found.holds
    assert "no pickle in it; pipeline.skops holds known types alone" in found.detail


def test_verify_finds_a_pipeline_that_somebody_poisoned(home: Home) -> None:
    """The onnx model serves it all the same: the hash is what stops it from being loaded."""
    bundle = resolve(home.store.registry, home.store.bundles, home.name).bundle_path
    shutil.copy(bundle / "pipeline.skops", bundle / "old")
    write_pipeline(FunctionTransformer(eval), bundle / "pipeline.skops")

    safe, told = told_formats(bundle, "onnx")

    assert not safe
    assert "FOREIGN TYPES: builtins.eval" in told
    assert zelo("verify", home.name).status == 1


@pytest.fixture
def home(make_home: object) -> Home:
    return make_home("replaced")  # type: ignore[operator]
