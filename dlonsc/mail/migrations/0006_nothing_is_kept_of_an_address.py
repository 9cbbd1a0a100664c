from django.db import migrations


class Migration(migrations.Migration):
    """The table is emptied and stays for one version: web and worker of before still write to it while this migrates,
    and a report that they could not write down would be taken for read.
    """

    dependencies = [
        ("mail", "0005_erased_addresses"),
    ]

    operations = [
        migrations.RunSQL("DELETE FROM mail_undeliverable", migrations.RunSQL.noop),
        migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel("Undeliverable")]),
    ]
