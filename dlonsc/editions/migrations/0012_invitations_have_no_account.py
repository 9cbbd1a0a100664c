"""The row of an invitation gets its account with the answer; before, the first sign-in gave it one."""

from typing import Any

from django.db import migrations

WAS_A_PLACE = ("accept_invitation", "remove_member", "restore_member")


def leave_accounts(apps: Any, schema_editor: Any) -> None:
    """Those that were a place before they were invited again keep it: what its person wrote is there."""
    rows = apps.get_model("editions", "Membership").objects.filter(user__isnull=False, accepted_at__isnull=True)
    entries = apps.get_model("history", "Entry").objects.filter(verb__in=WAS_A_PLACE)
    for row in rows:
        if not entries.filter(subject=f"membership:{row.pk}").exists():
            row.user = None
            row.save(update_fields=["user"])


class Migration(migrations.Migration):
    dependencies = [("editions", "0011_rules_confirmed"), ("history", "0002_append_only")]

    operations = [migrations.RunPython(leave_accounts, migrations.RunPython.noop, elidable=True)]
