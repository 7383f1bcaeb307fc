"""Networks on PyTorch Lightning as scikit-learn classifiers whose fitted state is plain arrays."""
