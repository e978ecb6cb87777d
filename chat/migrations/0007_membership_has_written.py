"""Notes who has written in which room: presence is shown where two people both have."""

from uuid import UUID

from django.db import migrations, models

from mediachat.databases.migrating import AddFieldAgain

BATCH = 500


def note_writers(apps, schema_editor):
    """A room at a time: what is held is no more than who wrote in one room."""
    alias = schema_editor.connection.alias
    messages = apps.get_model("chat", "Message").objects.using(alias)
    memberships = apps.get_model("chat", "Membership").objects.using(alias)
    rooms = apps.get_model("chat", "Room").objects.using(alias).order_by("pk")
    last = UUID(int=0)
    while found := list(rooms.filter(pk__gt=last).values_list("pk", flat=True)[:BATCH]):
        last = found[-1]
        for room in found:
            senders = messages.filter(room_id=room).order_by().values_list("sender_id", flat=True)
            writers = list(senders.distinct())
            for first in range(0, len(writers), BATCH):
                some = writers[first : first + BATCH]
                memberships.filter(room_id=room, user_id__in=some).update(has_written=True)


class Migration(migrations.Migration):
    atomic = False  # a room at a time, so that nobody who writes has to wait

    dependencies = [
        ("chat", "0006_excerpts_of_quoted"),
    ]

    operations = [
        AddFieldAgain(
            model_name="membership",
            name="has_written",
            field=models.BooleanField(editable=False, null=True),
        ),
        migrations.RunPython(note_writers, migrations.RunPython.noop),
    ]
