"""Bundles, compilation and parity, gates, promotion, rollback and evidence."""
