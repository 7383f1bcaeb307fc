"""From sources to a checked table, a snapshot and a split."""
