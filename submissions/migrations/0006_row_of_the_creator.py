"""Which row of an author list is that of who started the submission, however her name is printed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("submissions", "0005_creator_left")]

    operations = [
        migrations.AddField(
            "author", "is_creators", models.BooleanField("row of who started the submission", default=False)
        ),
    ]
