"""What rooms are searched by, beside their names; the next migration fills it in."""

from django.db import migrations, models

import mediachat.folding


class Migration(migrations.Migration):
    dependencies = [("chat", "0010_history")]

    operations = [
        migrations.AddField(
            model_name="room",
            name="name_folded",
            field=mediachat.folding.FoldedField(of="name"),
        ),
        migrations.AddIndex(
            model_name="room",
            index=models.Index(fields=["kind", "name_folded"], name="chat_room_kind_c8d78d_idx"),
        ),
        migrations.RemoveIndex(model_name="room", name="chat_room_kind_1e8597_idx"),
    ]
