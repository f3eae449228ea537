"""The state store, one module for each group of tables, the same on SQLite and PostgreSQL."""
