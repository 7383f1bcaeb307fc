"""Alembic's revisions of the ledger, run by ``zelo.ledger.engine``."""
