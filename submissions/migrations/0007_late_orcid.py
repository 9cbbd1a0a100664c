"""Which ORCID iDs were typed once the outcome was known: they are printed, and show no conflict."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("submissions", "0006_row_of_the_creator")]

    operations = [
        migrations.AddField(
            "author",
            "orcid_is_late",
            models.BooleanField("ORCID iD typed after the outcome was known", default=False, db_default=False),
        ),
    ]
