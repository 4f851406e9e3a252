"""How the schema of a store came to be: one file a version, run in order by Alembic."""
