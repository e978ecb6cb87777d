"""Checks the settings, and says for each wrong one what to do."""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import InvalidStorageError, storages

from accounts.sessions.second_factor import CHOICES
from mediachat.monitoring.logs import LEVELS

TAG = "mediachat"
SECRET_LENGTH = 50
"""The shortest secret that nobody guesses, in characters: what Django itself generates."""
PLACEHOLDERS = ("django-insecure", "changeme", "change-me", "secret", "password")
MORE_THAN_ZERO = (
    "HEARTBEAT",
    "DB_THREADS",
    "WORKERS",
    "RATE_BURST",
    "RATE_PER_SECOND",
    "ROOMS_PER_DAY",
    "PEOPLE_ADDED_PER_DAY",
    "ADDRESS_BURST",
    "ADDRESS_PER_SECOND",
    "CONNECTS_PER_PERSON",
    "CONNECTS_PER_ADDRESS",
    "SOCKETS_PER_PERSON",
    "SOCKETS_PER_ADDRESS",
    "CONNECTIONS_PER_ADDRESS",
    "HEADER_SECONDS",
    "BODY_SECONDS",
    "BODY_RATE_KB",
    "UPLOADS_AT_ONCE",
    "MAX_UPLOAD_MB",
    "UPLOAD_QUOTA_MB",
    "MAX_IMAGE_MEGAPIXELS",
)
NOT_BELOW_ZERO = ("FREE_DISK_MB", "STORAGE_TOTAL_MB", "TRUSTED_PROXY_COUNT", "SECURE_HSTS_SECONDS")
ENVIRONMENT_NAMES = {"WORKERS": "WEB_CONCURRENCY", "SECURE_HSTS_SECONDS": "HSTS_SECONDS"}


def refuse_wrong_settings() -> None:
    """Checks the settings for servers, which run no command that does.

    Raises:
        ImproperlyConfigured: with a list of everything that is wrong.
    """
    wrong = [message for message in run_checks(tags=[TAG]) if message.is_serious()]
    if wrong:
        raise ImproperlyConfigured("\n".join(str(message) for message in wrong))


@register(TAG)
def prefix(**kwargs: Any) -> list[CheckMessage]:
    if not settings.URL_PREFIX or re.fullmatch(r"(/[A-Za-z0-9._~-]+)+", settings.URL_PREFIX):
        return []
    return [
        Error(
            f"URL_PREFIX is {settings.URL_PREFIX!r}, which is no path.",
            hint="Begin it with a slash and end it without one, such as URL_PREFIX=/chat.",
            id="mediachat.E030",
        )
    ]


@register(Tags.security, TAG)
def secret(**kwargs: Any) -> list[CheckMessage]:
    named = [("SECRET_KEY", settings.SECRET_KEY)]
    named += [("SECRET_KEY_FALLBACKS", key) for key in settings.SECRET_KEY_FALLBACKS]
    return [
        Error(
            f"{name} can be guessed, and anyone who knows it can sign in as any person.",
            hint="Leave it out and one is made in DATA_DIR, or set at least "
            f"{SECRET_LENGTH} random characters, the same on every machine.",
            id="mediachat.E001",
        )
        for name, key in named
        if not settings.DEBUG and _can_be_guessed(key)
    ]


def _can_be_guessed(key: str) -> bool:
    is_placeholder = any(key.lower().startswith(placeholder) for placeholder in PLACEHOLDERS)
    return is_placeholder or len(key) < SECRET_LENGTH or len(set(key)) < 8


@register(Tags.security, TAG)
def hosts(**kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if not settings.DEBUG and "*" in settings.ALLOWED_HOSTS:
        found.append(
            Error(
                "ALLOWED_HOSTS takes every name, so anyone can make links that lead elsewhere.",
                hint="Name the hosts that people type, such as ALLOWED_HOSTS=chat.example.org.",
                id="mediachat.E002",
            )
        )
    found += [
        Error(
            f"CSRF_TRUSTED_ORIGINS has {origin!r}, which is no origin.",
            hint="Write the scheme too: CSRF_TRUSTED_ORIGINS=https://chat.example.org",
            id="mediachat.E003",
        )
        for origin in settings.CSRF_TRUSTED_ORIGINS
        if not origin.startswith(("http://", "https://"))
    ]
    found += [
        Error(
            f"EDITOR_ORIGINS has {origin!r}, which is no origin.",
            hint="Write scheme and host alone: EDITOR_ORIGINS=https://code.example.org",
            id="mediachat.E009",
        )
        for origin in settings.EDITOR_ORIGINS
        if not re.fullmatch(r"https?://[a-z0-9.-]+(:\d+)?", origin)
    ]
    return found


@register(TAG)
def redis(**kwargs: Any) -> list[CheckMessage]:
    if settings.REDIS_URL:
        if urlsplit(settings.REDIS_URL).scheme in ("redis", "rediss", "unix", "sentinel"):
            return []
        return [
            Error(
                "REDIS_URL is not the address of a Redis server.",
                hint="It looks like redis://localhost:6379/0, or rediss:// with TLS.",
                id="mediachat.E004",
            )
        ]
    if settings.WORKERS > 1:
        return [
            Error(
                f"{settings.WORKERS} workers cannot reach each other's people without Redis.",
                hint="Set REDIS_URL=redis://localhost:6379/0, or serve with WORKERS=1.",
                id="mediachat.E005",
            )
        ]
    return []


@register(TAG)
def numbers(**kwargs: Any) -> Sequence[CheckMessage]:
    return [
        Error(
            f"{ENVIRONMENT_NAMES.get(name, name)} is {getattr(settings, name)}, which cannot work.",
            hint="Set a number greater than zero, or remove it for the default.",
            id="mediachat.E006",
        )
        for name in MORE_THAN_ZERO
        if getattr(settings, name) <= 0
    ] + [
        Error(
            f"{ENVIRONMENT_NAMES.get(name, name)} is {getattr(settings, name)}, which cannot work.",
            hint="Set zero or more, or remove it for the default.",
            id="mediachat.E006",
        )
        for name in NOT_BELOW_ZERO
        if getattr(settings, name) < 0
    ]


@register(TAG)
def media_storage(**kwargs: Any) -> list[CheckMessage]:
    try:
        storages["default"]
    except (ImportError, ImproperlyConfigured, InvalidStorageError, TypeError) as error:
        return [
            Error(
                f"MEDIA_STORAGE cannot be used with MEDIA_STORAGE_OPTIONS: {error}",
                hint="Name a storage of django-storages and its options, and install what it "
                "needs; or remove both to keep files in DATA_DIR.",
                id="mediachat.E008",
            )
        ]
    return []


@register(TAG)
def database(**kwargs: Any) -> list[CheckMessage]:
    engine = settings.DATABASES["default"]["ENGINE"]
    if engine == "django.db.backends.sqlite3" and settings.WORKERS > 4:
        return [
            Warning(
                "SQLite takes one writer at a time, which many workers wait for.",
                hint="Set DATABASE_URL to a PostgreSQL or MongoDB server.",
                id="mediachat.W001",
            )
        ]
    return []


@register(Tags.security, TAG)
def https(**kwargs: Any) -> list[CheckMessage]:
    local = {"localhost", "127.0.0.1", "[::1]"}
    if settings.DEBUG or settings.HTTPS or set(settings.ALLOWED_HOSTS) <= local:
        return []
    return [
        Warning(
            "People reach this server from elsewhere, and their passwords travel in the clear.",
            hint="Put it behind a proxy with HTTPS and set HTTPS=on and TRUSTED_PROXY_COUNT=1.",
            id="mediachat.W002",
        )
    ]


@register(TAG)
def log_level(**kwargs: Any) -> Sequence[CheckMessage]:
    if settings.LOG_LEVEL in LEVELS:
        return []
    return [
        Error(
            f"LOG_LEVEL is {settings.LOG_LEVEL!r}.",
            hint=f"Choose one of {', '.join(LEVELS)}.",
            id="mediachat.E007",
        )
    ]


@register(TAG)
def second_factor(**kwargs: Any) -> Sequence[CheckMessage]:
    if settings.REQUIRE_SECOND_FACTOR in CHOICES:
        return []
    return [
        Error(
            f"REQUIRE_SECOND_FACTOR is {settings.REQUIRE_SECOND_FACTOR!r}.",
            hint=f"Choose one of {', '.join(CHOICES)}, or remove it for none.",
            id="mediachat.E021",
        )
    ]
