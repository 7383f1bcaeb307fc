"""Transforms that travel inside the model, the same in training and in serving."""
