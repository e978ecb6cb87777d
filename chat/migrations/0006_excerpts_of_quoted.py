"""Makes the excerpts of messages that are quoted already; every other one is made when the first
reply to it is sent."""

from uuid import UUID

from django.db import migrations
from django.db.models.functions import Left

from chat.rendering import text

BATCH = 500


def make_excerpts(apps, schema_editor):
    messages = apps.get_model("chat", "Message").objects.using(schema_editor.connection.alias)
    replies = messages.filter(reply_to__isnull=False).order_by("pk")
    last = UUID(int=0)
    while found := list(replies.filter(pk__gt=last).values_list("pk", "reply_to")[:BATCH]):
        last = found[-1][0]
        quoted = messages.filter(pk__in={id for _, id in found}, excerpt=None)
        beginning = Left("body", text.needed_for(text.EXCERPT_LIMIT))
        rows = quoted.annotate(beginning=beginning).values_list("pk", "position", "beginning")
        for id, position, body in rows:
            if body and not text.is_plain(body):
                # Where it stands only: other servers may be running meanwhile.
                same = messages.filter(pk=id, position=position)
                same.update(excerpt=text.plain(body, text.EXCERPT_LIMIT))


class Migration(migrations.Migration):
    atomic = False  # a message at a time, so that nobody who writes has to wait

    dependencies = [
        ("chat", "0005_message_excerpt"),
    ]

    operations = [migrations.RunPython(make_excerpts, migrations.RunPython.noop)]
