"""Fills in again what usernames are taken for: more letters are known to look like others.

Who has a skeleton keeps it. Of two who are taken for one another only now one has it, and the other
one that no name has; both keep their names. It can be interrupted and started again.
"""

import uuid

from django.db import migrations

import accounts.names.fields
from accounts.names.look_alikes import fold

BATCH = 500


def fill(apps, schema_editor):
    User = apps.get_model("accounts", "User")
    rows = User.objects.using(schema_editor.connection.alias).only("pk", "username", "skeleton")
    last = uuid.UUID(int=0)
    while page := list(rows.filter(pk__gt=last).order_by("pk")[:BATCH]):
        last = page[-1].pk
        wanted = {user: fold(user.username)[: accounts.names.fields.LENGTH] for user in page}
        changed = {
            user: skeleton
            for user, skeleton in wanted.items()
            if user.skeleton not in (skeleton, f"={user.pk.hex}")
        }
        held = rows.filter(skeleton__in=set(changed.values()))
        taken = set(held.values_list("skeleton", flat=True))
        for user, skeleton in changed.items():
            user.skeleton = f"={user.pk.hex}" if skeleton in taken else skeleton
            taken.add(skeleton)
        rows.bulk_update(changed, ["skeleton"])


class Migration(migrations.Migration):
    # What is done is told by its form, and SQLite's writers need not wait for all of it.
    atomic = False

    dependencies = [("accounts", "0003_seal_secrets")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
