"""When authors took away a conflict that a chair had lifted: before, the row of her decision went with it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("submissions", "0007_late_orcid")]

    operations = [
        migrations.AddField("conflict", "taken_away_at", models.DateTimeField(blank=True, null=True)),
    ]
