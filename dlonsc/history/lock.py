"""History is append-only: the database itself refuses to change or delete an entry, whoever asks.

Administrators of the database can take the lock off: an act outside the application (docs/security.md).
"""

from django.db.backends.base.base import BaseDatabaseWrapper

TABLE = "history_entry"
REFUSAL = "history is append-only"
POSTGRESQL = (
    f"""CREATE OR REPLACE FUNCTION {TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$""",
    f"CREATE TRIGGER {TABLE}_locked BEFORE UPDATE OR DELETE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION {TABLE}_refuse()",
    f"CREATE TRIGGER {TABLE}_whole BEFORE TRUNCATE ON {TABLE} FOR EACH STATEMENT EXECUTE FUNCTION {TABLE}_refuse()",
)
SQLITE = tuple(
    f"CREATE TRIGGER {TABLE}_{verb.lower()} BEFORE {verb} ON {TABLE} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    for verb in ("UPDATE", "DELETE")
)


def locking(connection: BaseDatabaseWrapper) -> tuple[str, ...]:
    """The statements that put the lock on."""
    return POSTGRESQL if connection.vendor == "postgresql" else SQLITE


def unlocking(connection: BaseDatabaseWrapper) -> tuple[str, ...]:
    """The statements that take the lock off."""
    if connection.vendor == "postgresql":
        return tuple(f"DROP TRIGGER IF EXISTS {TABLE}_{name} ON {TABLE}" for name in ("locked", "whole"))
    return tuple(f"DROP TRIGGER IF EXISTS {TABLE}_{name}" for name in ("update", "delete"))
