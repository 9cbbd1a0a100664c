from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('reviews', '0010_window_of_a_version'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='proposal',
            name='one_proposal_per_number',
        ),
        migrations.AddConstraint(
            model_name='proposal',
            constraint=models.UniqueConstraint(
                fields=('edition', 'created_by', 'number'), name='one_proposal_per_number'
            ),
        ),
    ]
