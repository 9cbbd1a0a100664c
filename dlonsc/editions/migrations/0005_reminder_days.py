import dlonsc.editions.models
from django.db import migrations, models


def name_the_usual_days(apps, schema_editor):
    """An empty schedule meant the usual days; from now on it means no reminders."""
    apps.get_model("editions", "Edition").objects.filter(reminder_days=[]).update(reminder_days=[7, 2, 0.5])


class Migration(migrations.Migration):
    dependencies = [
        ("editions", "0004_last_seen"),
    ]

    operations = [
        migrations.AlterField(
            model_name="edition",
            name="reminder_days",
            field=models.JSONField(
                blank=True,
                default=dlonsc.editions.models.default_reminder_days,
                verbose_name="reminders before a deadline, days",
            ),
        ),
        migrations.RunPython(name_the_usual_days, migrations.RunPython.noop),
    ]
