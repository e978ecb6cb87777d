"""What people are searched by, beside their names; the next migration fills it in."""

from django.db import migrations

import mediachat.folding


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_fill_skeletons_again")]

    operations = [
        migrations.AlterModelManagers(name="user", managers=[]),
        migrations.AddField(
            model_name="user",
            name="display_name_folded",
            field=mediachat.folding.FoldedField(of="display_name"),
        ),
        migrations.AddField(
            model_name="user",
            name="username_folded",
            field=mediachat.folding.FoldedField(of="username"),
        ),
    ]
