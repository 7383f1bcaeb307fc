"""Candidates by name: an estimator with its search space, a file a family."""
