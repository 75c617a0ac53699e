"""Alembic's door: runs the scripts on the connection it is handed, inside that one's transaction."""

from alembic import context

from trackbook.store.sql.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters a table by making it anew
)
with context.begin_transaction():
    context.run_migrations()
