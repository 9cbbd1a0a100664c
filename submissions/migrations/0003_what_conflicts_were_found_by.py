"""What of the authors' side a computed conflict was found by, and whether it stood while the paper was submitted."""

from typing import Any

from django.db import migrations, models


def keep_those_that_stand(apps: Any, schema_editor: Any) -> None:
    """What they were found by is not known any more: they stay until a chair lifts them."""
    rows = apps.get_model("submissions", "Conflict").objects
    rows.filter(source__in=["authorship", "institution", "domain"]).update(was_submitted=True)


class Migration(migrations.Migration):
    dependencies = [("submissions", "0002_typed")]

    operations = [
        migrations.AddField("conflict", "found_by", models.JSONField(blank=True, default=list)),
        migrations.AddField("conflict", "was_submitted", models.BooleanField(default=False)),
        migrations.RunPython(keep_those_that_stand, migrations.RunPython.noop, elidable=True),
    ]
