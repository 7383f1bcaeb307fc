"""Servers that Zelo is measured beside, each as its own guide sets it up, on the same model file."""
