"""What each username is taken for, so that nobody stands beside somebody who looks the same.

People who did so before keep their names: the first of them has the skeleton, the others one that
no name has.
"""

from django.db import migrations, models

import accounts.names.fields
import accounts.names.usernames
from accounts.names.look_alikes import fold

BATCH = 1_000


def fill(apps, schema_editor):
    User = apps.get_model("accounts", "User")
    rows = User.objects.using(schema_editor.connection.alias)
    seen = set()
    batch = []
    for user in rows.order_by("date_joined", "pk").only("pk", "username").iterator(BATCH):
        user.skeleton = fold(user.username)[: accounts.names.fields.LENGTH]
        if user.skeleton in seen:
            user.skeleton = f"={user.pk.hex}"
        seen.add(user.skeleton)
        batch.append(user)
        if len(batch) == BATCH:
            rows.bulk_update(batch, ["skeleton"])
            batch = []
    rows.bulk_update(batch, ["skeleton"])


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.AlterField(
            model_name="user",
            name="username",
            field=models.CharField(
                error_messages={"unique": "A user with that username already exists."},
                help_text="Letters, digits and underscores, with single dots or hyphens between "
                "them.",
                max_length=150,
                unique=True,
                validators=[accounts.names.usernames.check],
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="skeleton",
            field=models.CharField(default="", editable=False, max_length=255),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
        migrations.AlterField(
            model_name="user",
            name="skeleton",
            field=accounts.names.fields.SkeletonField(
                default="", editable=False, max_length=255, unique=True
            ),
        ),
    ]
