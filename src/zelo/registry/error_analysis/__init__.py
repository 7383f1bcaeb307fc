"""The page that shows where a model goes wrong, and how far it can be trusted."""
