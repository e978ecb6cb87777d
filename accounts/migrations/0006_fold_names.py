"""Fills in what people are searched by. It can be interrupted and started again."""

import uuid

from django.db import migrations

from mediachat.folding import fold_name

BATCH = 500


def fold_names(apps, schema_editor):
    User = apps.get_model("accounts", "User")
    rows = User.objects.using(schema_editor.connection.alias).order_by("pk")
    names = rows.only("pk", "username", "display_name")
    last = uuid.UUID(int=0)
    while page := list(names.filter(pk__gt=last)[:BATCH]):
        last = page[-1].pk
        for user in page:
            user.username_folded = fold_name(user.username)
            user.display_name_folded = fold_name(user.display_name)
        rows.bulk_update(page, ["username_folded", "display_name_folded"])


class Migration(migrations.Migration):
    atomic = False  # SQLite's writers need not wait for all of it

    dependencies = [("accounts", "0005_folded_names")]

    operations = [migrations.RunPython(fold_names, migrations.RunPython.noop, elidable=True)]
