from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.base import clone
from tests.encoders import TOPICS, make_encoder, make_texts

from zelo.features.text.encoder import load_encoder
from zelo.models.neural.bilstm import BiLstmClassifier
from zelo.models.neural.contrastive import TunedEmbedding
from zelo.models.neural.networks import SHARPNESS
from zelo.models.neural.text_cnn import TextCnnClassifier
from zelo.models.neural.transformer import TransformerClassifier
from zelo.registry.native import read_pipeline, write_pipeline

Array = np.ndarray[Any, Any]

CLASSIFIERS = ("text_cnn", "bilstm", "transformer")
EVERY = (*CLASSIFIERS, "tuned")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_encoder(tmp_path_factory.mktemp("encoder"))


def make(name: str, folder: str, **changes: Any) -> Any:
    match name:
        case "text_cnn":
            return TextCnnClassifier(**{"dimension": 16, "filters": 16, "epochs": 12, **changes})
        case "bilstm":
            return BiLstmClassifier(**{"dimension": 16, "hidden": 12, "epochs": 12, **changes})
        case "transformer":
            options = {"learning_rate": 2e-3, "epochs": 8, "batch_size": 16, "layers": None}
            return TransformerClassifier(**{"encoder": folder, **options, **changes})
        case _:
            options = {"learning_rate": 2e-3, "epochs": 8, "batch_size": 32, "layers": None}
            return TunedEmbedding(**{"encoder": folder, **options, **changes})


def outputs(model: Any, texts: Array) -> Array:
    found: Array = model.transform(texts) if isinstance(model, TunedEmbedding) else model.predict_proba(texts)
    return found


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_it_learns_and_gives_probabilities_of_the_classes(name: str, folder: str) -> None:
    texts, topics = make_texts(160)
    unseen, truth = make_texts(80, seed=5)
    labels = np.array([3, 7, 9])
    model = clone(make(name, folder)).fit(texts, labels[topics])
    found = model.predict_proba(unseen)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found.sum(axis=1), 1.0, atol=1e-9)
    assert model.classes_.tolist() == [3, 7, 9]
    assert (model.predict(unseen) == labels[truth]).mean() > 0.85
    assert model.predict_proba(unseen[:0]).shape == (0, 3)


@pytest.mark.parametrize("name", EVERY)
def test_the_same_data_and_seed_give_the_same_model(name: str, folder: str) -> None:
    texts, topics = make_texts(60)
    first, again, other = (
        make(name, folder, random_state=seed, epochs=2).fit(texts, topics) for seed in (1, 1, 2)
    )
    for part, values in first.weights_.items():
        np.testing.assert_array_equal(again.weights_[part], values)
    assert any(not np.array_equal(other.weights_[part], values) for part, values in first.weights_.items())


@pytest.mark.parametrize("name", EVERY)
def test_the_fitted_state_is_plain_and_stored_by_skops(name: str, folder: str, tmp_path: Path) -> None:
    texts, topics = make_texts(60)
    model = make(name, folder, epochs=1).fit(texts, topics)
    expected = outputs(model, texts)
    assert all(type(value) is np.ndarray and value.dtype == np.float32 for value in model.weights_.values())
    write_pipeline(model, tmp_path / "model.skops")
    np.testing.assert_array_equal(outputs(read_pipeline(tmp_path / "model.skops"), texts), expected)
    assert b"torch" not in pickle.dumps(model)


@pytest.mark.parametrize("name", ["transformer", "tuned"])
def test_a_fine_tuned_encoder_needs_its_folder_no_more(
    name: str, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts, topics = make_texts(60)
    model = pickle.loads(pickle.dumps(make(name, folder, epochs=1).fit(texts, topics)))
    monkeypatch.setattr("zelo.models.neural.tuning.load_encoder", None)
    assert np.isfinite(outputs(model, texts)).all()


@pytest.mark.parametrize("name", EVERY)
def test_a_text_is_read_alike_alone_and_beside_longer_ones(name: str, folder: str) -> None:
    texts, topics = make_texts(60)
    model = make(name, folder, epochs=1).fit(texts, topics)
    asked = np.array(
        ["leak", "loud pump on the left engine again", "unheard of", " ".join(["oil"] * 30)], object
    )
    together = outputs(model, asked)
    for row in range(len(asked)):
        np.testing.assert_allclose(outputs(model, asked[row : row + 1])[0], together[row], atol=1e-6)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_balanced_weights_lift_the_rare_class(name: str, folder: str) -> None:
    texts, topics = make_texts(150, shares=(0.9, 0.08, 0.02))
    # Words of no topic: only the weights speak.
    vague = np.array(["pump on the left", "valve", "found at the unit again"], dtype=object)
    plain, weighted = (
        make(name, folder, class_weight=class_weight, epochs=4).fit(texts, topics).predict_proba(vague)
        for class_weight in (None, "balanced")
    )
    assert weighted[:, 0].mean() < plain[:, 0].mean() - 0.1


def test_a_class_of_one_row_is_learned(folder: str) -> None:
    texts, topics = make_texts(60, shares=(0.5, 0.5, 0.0))
    texts, topics = np.append(texts, "torn torn snapped"), np.append(topics, 2)
    for name in CLASSIFIERS:
        model = make(name, folder).fit(texts, topics)
        assert model.classes_.tolist() == [0, 1, 2]
        assert model.predict(texts[-1:]).tolist() == [2]


def test_a_model_fitted_anew_forgets(folder: str) -> None:
    texts, topics = make_texts(80)
    model = make("text_cnn", folder).fit(texts, topics)
    asked = np.array([" ".join(TOPICS[0])], dtype=object)
    assert model.predict(asked) == 0
    assert model.fit(texts, (topics + 1) % 3).predict(asked) == 1


def test_fine_tuning_pulls_classes_apart(folder: str) -> None:
    texts, topics = make_texts(120)
    unseen, truth = make_texts(60, seed=9)

    def apart(vectors: Array) -> float:
        similarity = vectors @ vectors.T
        same = truth[:, None] == truth[None, :]
        return float(similarity[same].mean() - similarity[~same].mean())

    before = apart(load_encoder(folder).embed(list(unseen)))
    tuned = make("tuned", folder).fit(texts, topics)
    assert apart(tuned.transform(unseen)) > before + 0.3
    assert tuned.transform(unseen[:0]).shape == (0, 32)
    np.testing.assert_allclose(np.linalg.norm(tuned.transform(unseen), axis=1), 1.0, atol=1e-6)


@pytest.mark.parametrize(("layers", "moved"), [(1, {"1"}), (2, {"0", "1"}), (None, {"0", "1", "embeddings"})])
def test_only_the_last_layers_learn(folder: str, layers: int | None, moved: set[str]) -> None:
    texts, topics = make_texts(40)
    tuned = make("tuned", folder, layers=layers, epochs=1).fit(texts, topics)
    before = load_encoder(folder).module.state_dict()
    changed = {
        part.removeprefix("transformer.").removeprefix("encoder.layer.").split(".")[0]
        for part, values in tuned.weights_.items()
        if not np.array_equal(before[part].numpy(), values)
    }
    assert changed == moved


def test_fine_tuning_leaves_the_shared_encoder_alone(folder: str) -> None:
    texts, topics = make_texts(40)
    before = {name: value.clone() for name, value in load_encoder(folder).module.state_dict().items()}
    make("transformer", folder, layers=None, epochs=1).fit(texts, topics)
    after = load_encoder(folder).module.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())
    assert not any(value.requires_grad for value in load_encoder(folder).module.parameters())


def test_a_transformer_starts_as_a_nearest_mean_classifier(folder: str) -> None:
    texts, topics = make_texts(60)
    model = make("transformer", folder, learning_rate=0.0, head_rate=1e-12, epochs=1).fit(texts, topics)
    vectors = load_encoder(folder).embed(list(texts))
    means = np.stack([vectors[topics == topic].mean(axis=0) for topic in range(3)])
    cosines = vectors @ (means / np.linalg.norm(means, axis=1, keepdims=True)).T
    expected = np.exp(SHARPNESS * cosines)
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.predict_proba(texts), expected, atol=1e-5)


def test_the_contrastive_loss_may_help_the_classifier(folder: str) -> None:
    texts, topics = make_texts(60)
    plain, mixed = (
        make("transformer", folder, contrastive=share, epochs=2).fit(texts, topics) for share in (0.0, 1.0)
    )
    assert not np.array_equal(plain.predict_proba(texts), mixed.predict_proba(texts))
