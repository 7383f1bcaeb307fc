"""The torch modules: token ids [n, T] in, logits [n, k] out, the same whatever else is in the batch."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn import LSTM, Conv1d, Dropout, Embedding, Linear, Module, ModuleList
from torch.nn.functional import linear, normalize, pad
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from zelo.features.text.pooling import PooledEncoder
from zelo.models.neural.vocabulary import PADDING

SHARPNESS = 16.0


class TextCnnNetwork(Module):  # type: ignore[misc]
    """Word embeddings, convolutions of several widths, maximum over time.

    As much padding as the widest filter follows every text, so that each sees the same windows alone and
    beside longer ones.

    Source: Kim, "Convolutional neural networks for sentence classification", EMNLP 2014.
    """

    def __init__(
        self, words: int, dimension: int, filters: int, widths: Sequence[int], dropout: float, classes: int
    ) -> None:
        super().__init__()
        self.margin = max(widths)
        self.embedding = Embedding(words, dimension, padding_idx=PADDING)
        self.convolutions = ModuleList(Conv1d(dimension, filters, width) for width in widths)
        self.dropout = Dropout(dropout)
        self.head = Linear(filters * len(widths), classes)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        embedded = self.embedding(pad(tokens, (0, self.margin), value=PADDING)).transpose(1, 2)
        maxima = [convolution(embedded).relu().amax(dim=2) for convolution in self.convolutions]
        return self.head(self.dropout(torch.cat(maxima, dim=1)))


class BiLstmNetwork(Module):  # type: ignore[misc]
    """Word embeddings, one LSTM in both directions, maximum over the words."""

    def __init__(self, words: int, dimension: int, hidden: int, dropout: float, classes: int) -> None:
        super().__init__()
        self.embedding = Embedding(words, dimension, padding_idx=PADDING)
        self.lstm = LSTM(dimension, hidden, batch_first=True, bidirectional=True)
        self.dropout = Dropout(dropout)
        self.head = Linear(2 * hidden, classes)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        lengths = (tokens != PADDING).sum(dim=1).clamp(min=1)
        embedded = self.dropout(self.embedding(tokens))
        packed = pack_padded_sequence(embedded, lengths.cpu(), batch_first=True, enforce_sorted=False)
        states, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        beyond = torch.arange(states.shape[1], device=states.device) >= lengths[:, None]
        maxima = states.masked_fill(beyond[:, :, None], -torch.inf).amax(dim=1)
        return self.head(self.dropout(maxima))


class EncoderNetwork(Module):  # type: ignore[misc]
    """A sentence encoder whose vectors are compared with one direction a class.

    The logits are ``SHARPNESS`` times the cosines, plus a bias. Where the directions start at the classes'
    mean vectors, the network starts as a nearest-mean classifier.
    """

    def __init__(self, encoder: PooledEncoder, classes: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = Linear(encoder.dimension, classes)

    def directions(self) -> torch.Tensor:
        """The weights [k, d] of unit vectors in the logits."""
        return SHARPNESS * normalize(self.head.weight, dim=1)

    def classify(self, vectors: torch.Tensor) -> torch.Tensor:
        """Logits [n, k] of unit vectors [n, d]."""
        return linear(vectors, self.directions(), self.head.bias)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.classify(self.encoder(tokens))
