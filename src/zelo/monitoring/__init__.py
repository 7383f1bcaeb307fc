"""What the ledger says of a served model: volume, quality, drift."""
