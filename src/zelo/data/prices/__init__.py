"""Daily prices: collected or read, checked, and made into rows with their own past."""
