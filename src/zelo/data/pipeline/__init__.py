"""From raw files to a weekly table: ingested, cleaned, summed, checked, written."""
