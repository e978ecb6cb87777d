"""Names sessions by hashes, seals their data, and seals the secrets of second factors.

It can be interrupted and started again: what is done is told by its form. Nobody is signed out.
"""

from django.db import migrations

from accounts import sealing
from accounts.sessions.store import KEY_LENGTH, SessionStore, key_of

BATCH = 500
SECRETS = ("secret", "seed")


def batches(rows, last):
    """All rows after this primary key, some at a time, whatever happens to the ones before."""
    while True:
        page = list(rows.filter(pk__gt=last).order_by("pk")[:BATCH])
        if not page:
            return
        last = page[-1].pk
        yield page


def name_sessions(apps, schema_editor):
    using = schema_editor.connection.alias
    model = apps.get_model("sessions", "Session")
    sessions = model.objects.using(using)
    store = SessionStore()
    for page in batches(sessions, ""):
        old = {key_of(row.pk): row for row in page if len(row.pk) != KEY_LENGTH}
        there = set(sessions.filter(pk__in=list(old)).values_list("pk", flat=True))
        # New rows first: a crash between the two leaves both, and the next start goes on.
        sessions.bulk_create(
            model(
                session_key=key,
                session_data=store.encode(store.decode(row.session_data)),
                expire_date=row.expire_date,
            )
            for key, row in old.items()
            if key not in there
        )
        sessions.filter(pk__in=[row.pk for row in old.values()]).delete()


def name_devices(apps, schema_editor):
    rows = apps.get_model("usersessions", "UserSession").objects.using(
        schema_editor.connection.alias
    )
    for page in batches(rows, 0):
        for row in page:
            if len(row.session_key) != KEY_LENGTH:
                rows.filter(pk=row.pk).update(session_key=key_of(row.session_key))


def seal_second_factors(apps, schema_editor):
    rows = apps.get_model("mfa", "Authenticator").objects.using(schema_editor.connection.alias)
    for page in batches(rows, 0):
        for row in page:
            plain = [
                name
                for name in SECRETS
                if name in row.data and not row.data[name].startswith(sealing.PREFIX)
            ]
            if plain:
                row.data |= {name: sealing.seal(row.data[name]) for name in plain}
                row.save(update_fields=["data"])


class Migration(migrations.Migration):
    # Each step says itself what it has done, and SQLite's writers need not wait for all of them.
    atomic = False

    dependencies = [
        ("accounts", "0002_user_skeleton"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("sessions", "0001_initial"),
        ("usersessions", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(name_sessions, migrations.RunPython.noop),
        migrations.RunPython(name_devices, migrations.RunPython.noop),
        migrations.RunPython(seal_second_factors, migrations.RunPython.noop),
    ]
