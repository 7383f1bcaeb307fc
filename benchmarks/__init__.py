"""Figures that Zelo quotes, each beside a peer measured in the same run, and the machine's description."""
