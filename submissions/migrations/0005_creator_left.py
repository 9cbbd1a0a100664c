"""Whether who started a submission was taken off its author list by another."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("submissions", "0004_authors_untold_since")]

    operations = [
        migrations.AddField("submission", "creator_left", models.BooleanField(default=False)),
    ]
