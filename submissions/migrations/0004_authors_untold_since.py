"""Since when an author list stands that a browser saved by itself and its co-authors were not told of."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("submissions", "0003_what_conflicts_were_found_by")]

    operations = [
        migrations.AddField("submission", "authors_untold_since", models.DateTimeField(blank=True, null=True)),
    ]
