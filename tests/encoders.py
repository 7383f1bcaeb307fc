"""A sentence encoder of a few kilobytes, and texts of three kinds that it and small networks can learn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

TOPICS = (
    ("leak", "oil", "seal", "drip", "wet"),
    ("noise", "loud", "bang", "rattle", "squeal"),
    ("broken", "crack", "snapped", "bent", "torn"),
)
SHARED = ("pump", "on", "the", "left", "engine", "valve", "again", "found", "at", "unit")


def make_encoder(folder: Path) -> str:
    """Two layers of 32 with random weights, as a folder of transformers; its name is the folder."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    words = [*special, *SHARED, *(word for topic in TOPICS for word in topic), *letters]
    vocabulary = {word: place for place, word in enumerate([*words, *(f"##{letter}" for letter in letters)])}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    )
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        BertModel(config).save_pretrained(folder)
    fast.save_pretrained(folder)
    return str(folder)


def make_texts(
    rows: int, seed: int = 0, *, shares: tuple[float, ...] = (0.5, 0.3, 0.2)
) -> tuple[Array, Array]:
    """Prepared texts [n] and their topics [n], 0 to 2."""
    rng = np.random.default_rng(seed)
    topics = rng.choice(len(TOPICS), rows, p=shares)
    texts = [
        " ".join([*rng.choice(SHARED, rng.integers(0, 5)), *rng.choice(TOPICS[topic], rng.integers(1, 3))])
        for topic in topics
    ]
    return np.array(texts, dtype=object), topics
