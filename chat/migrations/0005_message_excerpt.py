from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0004_room_requests"),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="excerpt",
            field=models.TextField(editable=False, null=True),
        ),
    ]
