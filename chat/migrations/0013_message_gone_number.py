"""Notes which messages are deleted or hidden, so that they are counted without reading the others."""

from uuid import UUID

from django.db import migrations, models
from django.db.models import F, Q

from mediachat.databases.migrating import AddFieldAgain

BATCH = 500


def note_gone(apps, schema_editor):
    """A room at a time: nobody who writes elsewhere waits."""
    alias = schema_editor.connection.alias
    messages = apps.get_model("chat", "Message").objects.using(alias)
    gone = messages.filter(Q(deleted_at__isnull=False) | Q(hidden_at__isnull=False))
    rooms = apps.get_model("chat", "Room").objects.using(alias).order_by("pk")
    last = UUID(int=0)
    while found := list(rooms.filter(pk__gt=last).values_list("pk", flat=True)[:BATCH]):
        last = found[-1]
        for room in found:
            gone.filter(room_id=room, gone_number=None).update(gone_number=F("number"))


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("chat", "0012_fold_names"),
    ]

    operations = [
        AddFieldAgain(
            model_name="message",
            name="gone_number",
            field=models.PositiveBigIntegerField(editable=False, null=True),
        ),
        migrations.RunPython(note_gone, migrations.RunPython.noop),
    ]
