"""The database refuses to change or delete an entry of history."""

from django.db import migrations

from dlonsc.history.lock import locking, unlocking


def lock(apps, schema_editor):
    for statement in locking(schema_editor.connection):
        schema_editor.execute(statement)


def unlock(apps, schema_editor):
    for statement in unlocking(schema_editor.connection):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("history", "0001_initial")]
    operations = [migrations.RunPython(lock, unlock)]
