from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reviews", "0011_proposals_numbered_by_chair")]

    operations = [
        migrations.AlterField(
            "subreviewer",
            "ending",
            models.CharField(
                blank=True,
                choices=[
                    ("refused", "A chair did not agree"),
                    ("declined", "She declined"),
                    ("barred", "She may not know the submission"),
                    ("withdrew", "She gave it back"),
                    ("reviewer", "Ended by the reviewer"),
                    ("chair", "Ended by a chair"),
                    ("task", "The reviewer's task ended"),
                    ("submitted", "The review is submitted"),
                ],
                max_length=20,
            ),
        ),
    ]
