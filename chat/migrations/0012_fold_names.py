"""Fills in what rooms are searched by. It can be interrupted and started again."""

import uuid

from django.db import migrations

from mediachat.folding import fold_name

BATCH = 500


def fold_names(apps, schema_editor):
    Room = apps.get_model("chat", "Room")
    rows = Room.objects.using(schema_editor.connection.alias).order_by("pk")
    last = uuid.UUID(int=0)
    while page := list(rows.filter(pk__gt=last).only("pk", "name")[:BATCH]):
        last = page[-1].pk
        for room in page:
            room.name_folded = fold_name(room.name)
        rows.bulk_update(page, ["name_folded"])


class Migration(migrations.Migration):
    atomic = False  # SQLite's writers need not wait for all of it

    dependencies = [("chat", "0011_folded_names")]

    operations = [migrations.RunPython(fold_names, migrations.RunPython.noop, elidable=True)]
