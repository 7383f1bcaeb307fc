"""From what people write to a model's matrix: preparation, and the blocks of features that read it."""
