"""People who are erased, and how far that has come."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_fill_skeletons_for_more_alphabets")]

    operations = [
        migrations.AlterModelOptions(
            name="user",
            options={
                "permissions": [
                    ("suspend_user", "Can suspend and restore people"),
                    ("erase_user", "Can erase people"),
                ],
                "verbose_name": "person",
                "verbose_name_plural": "people",
            },
        ),
        migrations.AddField(
            model_name="user",
            name="erased_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.CreateModel(
            name="Erasure",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_column="_id",
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("name_hash", models.CharField(db_index=True, editable=False, max_length=64)),
                ("former_username", models.CharField(blank=True, editable=False, max_length=150)),
                ("former_avatar", models.CharField(blank=True, editable=False, max_length=100)),
                ("keeps_messages", models.BooleanField()),
                ("begun_at", models.DateTimeField(db_index=True)),
                ("worked_at", models.DateTimeField(editable=False, null=True)),
                ("room", models.UUIDField(editable=False, null=True)),
                ("number", models.PositiveBigIntegerField(default=0, editable=False)),
                ("finished_at", models.DateTimeField(blank=True, db_index=True, null=True)),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="erasure",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
    ]
