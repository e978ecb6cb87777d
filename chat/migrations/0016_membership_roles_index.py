from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0015_attachment_problem"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="membership",
            index=models.Index(
                fields=["room", "role", "joined_at"], name="chat_member_room_id_32b80e_idx"
            ),
        ),
    ]
