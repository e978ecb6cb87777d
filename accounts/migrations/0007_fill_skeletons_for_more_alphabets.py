"""Fills in again what usernames are taken for: the letters of more alphabets are known to look like
others. It can be interrupted and started again.
"""

from importlib import import_module

from django.db import migrations

fill = import_module("accounts.migrations.0004_fill_skeletons_again").fill


class Migration(migrations.Migration):
    # What is done is told by its form, and SQLite's writers need not wait for all of it.
    atomic = False

    dependencies = [("accounts", "0006_fold_names")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
