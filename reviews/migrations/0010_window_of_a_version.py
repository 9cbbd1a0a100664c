from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('reviews', '0009_sub_reviewers'),
    ]

    operations = [
        migrations.AddField(
            model_name='reviewversion',
            name='window',
            field=models.CharField(blank=True, default='', max_length=20),
            preserve_default=False,
        ),
    ]
