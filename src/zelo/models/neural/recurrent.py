"""The torch module of a recurrent forecast: a sequence in, its next value out."""

from __future__ import annotations

import torch
from torch.nn import LSTM, Linear, Module


class RecurrentNetwork(Module):  # type: ignore[misc]
    """LSTM layers of one width, dropout between them, and the next value from the last state.

    Source: Hochreiter and Schmidhuber, "Long short-term memory", Neural Computation 1997.
    """

    def __init__(self, hidden: int, layers: int, dropout: float) -> None:
        super().__init__()
        # PyTorch warns of a dropout that has no layers to lie between.
        self.lstm = LSTM(1, hidden, layers, batch_first=True, dropout=dropout if layers > 1 else 0.0)
        self.head = Linear(hidden, 1)

    def forward(self, sequences: torch.Tensor) -> torch.Tensor:
        """Values [n, 1] of sequences [n, T], the oldest first."""
        states, _ = self.lstm(sequences[:, :, None])
        return self.head(states[:, -1])
