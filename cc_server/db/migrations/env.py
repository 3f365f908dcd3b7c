"""Where Alembic begins: on the connection that `schema.migrate` hands in, in its transaction."""

from __future__ import annotations

from alembic import context

from cc_server.db.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
