from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0013_message_gone_number"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                fields=["room", "sender", "number"], name="chat_messag_room_id_4b21e0_idx"
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                fields=["room", "gone_number"], name="chat_messag_room_id_6e7519_idx"
            ),
        ),
    ]
