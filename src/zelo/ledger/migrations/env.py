"""Alembic's entry: runs the revisions on the connection that ``zelo.ledger.engine`` hands over."""

from __future__ import annotations

from alembic import context

from zelo.ledger.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
