"""The role of PostgreSQL that web, worker and beat use: rows yes, tables no, and of history only new rows."""

import os
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from psycopg import sql

from dlonsc.history.lock import TABLE

# What only migrations write.
MIGRATIONS = "django_migrations"


def statements(role: str, password: str, *, exists: bool) -> list[sql.Composed]:
    """What makes the role, or brings it up to date after a migration. Everything is granted anew, nothing is added."""
    verb = sql.SQL("ALTER" if exists else "CREATE")
    name, history, migrations = sql.Identifier(role), sql.Identifier(TABLE), sql.Identifier(MIGRATIONS)
    of_role = {"role": name, "history": history, "migrations": migrations}
    kinds = sql.SQL("{} ROLE {} LOGIN NOCREATEDB NOCREATEROLE PASSWORD {}")
    return [
        kinds.format(verb, name, sql.Literal(password)),
        *(
            sql.SQL(words).format(**of_role)
            for words in (
                "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
                "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}",
                "GRANT USAGE ON SCHEMA public TO {role}",
                "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
                "REVOKE UPDATE, DELETE ON {history} FROM {role}",
                "REVOKE INSERT, UPDATE, DELETE ON {migrations} FROM {role}",
                "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
            )
        ),
    ]


class Command(BaseCommand):
    help = (
        "Make, or bring up to date, the database role of the user and password in SITE_DATABASE_URL. Run it as the "
        "owner of the tables after each migrate; web, worker and beat then take SITE_DATABASE_URL as DATABASE_URL."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if connection.vendor != "postgresql":
            raise CommandError("Roles are of PostgreSQL; this database is another.")
        # From the environment: a command line is read by every process of the machine.
        parts = urlsplit(os.environ.get("SITE_DATABASE_URL", ""))
        role, password = unquote(parts.username or ""), unquote(parts.password or "")
        if not role or not password:
            raise CommandError("SITE_DATABASE_URL must be set and name a user and a password.")
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            if cursor.fetchone() == (role,):
                raise CommandError("The site's role must be another than the owner of the tables.")
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
            for statement in statements(role, password, exists=cursor.fetchone() is not None):
                cursor.execute(statement)
