"""Tune, fit out of fold, evaluate, compare, track."""
