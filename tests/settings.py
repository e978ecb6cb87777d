"""The product's settings with a place of their own for data, so that tests never meet a real one.

The test database is a file: commands run in a pool of threads, each with its own connection,
and a database in memory belongs to one connection.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_data = Path(tempfile.mkdtemp(prefix="mediachat-tests-"))
atexit.register(shutil.rmtree, _data, ignore_errors=True)
os.environ["DATA_DIR"] = str(_data)
os.environ["DEBUG"] = "1"
os.environ.pop("REDIS_URL", None)
# Playwright keeps an event loop in the main thread, where fixtures use the ORM.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

from mediachat.settings import *  # noqa: E402, F403
from mediachat.settings import DATABASES  # noqa: E402

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["TEST"] = {"NAME": _data / "test.sqlite3"}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
