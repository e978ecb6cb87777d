"""Django's settings, read from the environment. The README lists each with its default.

Each setting can also be read from a file: NAME_FILE names it. ``mediachat.checks`` reports wrong
values and what to do about them.
"""

from pathlib import Path
from tempfile import gettempdir
from typing import Any

from csp.constants import NONCE, NONE, SELF, STRICT_DYNAMIC, UNSAFE_EVAL, UNSAFE_INLINE

from mediachat.databases.urls import database
from mediachat.environment import Environment
from mediachat.monitoring.logs import logging_config
from mediachat.redis.urls import cache_backend, redis_host
from mediachat.secrets import secret_key

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()

# -- The installation ------------------------------------------------------------------------

DEBUG = env.bool("DEBUG", default=False)
# `make dev`: pages reload after a change of their sources.
RELOAD = DEBUG and env.bool("RELOAD", default=False)
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var"))).absolute()
DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
SECRET_KEY = env.str("SECRET_KEY", default="") or secret_key(DATA_DIR / "secret_key")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
HTTPS = env.bool("HTTPS", default=False)
# Where the server has a path of its host instead of the whole host: "/chat".
URL_PREFIX = env.str("URL_PREFIX", default="")
FORCE_SCRIPT_NAME = URL_PREFIX or None
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
# uvicorn reads this name too, so that the two cannot differ.
WORKERS = env.int("WEB_CONCURRENCY", default=1)
REDIS_URL = env.str("REDIS_URL", default="")
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")

# -- The chat --------------------------------------------------------------------------------

HEARTBEAT = env.float("HEARTBEAT", default=10.0)
DB_THREADS = env.int("DB_THREADS", default=8)
RATE_LIMITS = env.bool("RATE_LIMITS", default=True)
RATE_BURST = env.int("RATE_BURST", default=200)
RATE_PER_SECOND = env.float("RATE_PER_SECOND", default=20.0)
ROOMS_PER_DAY = env.int("ROOMS_PER_DAY", default=100)
PEOPLE_ADDED_PER_DAY = env.int("PEOPLE_ADDED_PER_DAY", default=2_000)
# In a team all are colleagues. If anyone can sign up, strangers should request access.
STRANGERS_ASK = env.bool("STRANGERS_ASK", default=False)
# In units of work, for a whole office or school.
ADDRESS_BURST = env.int("ADDRESS_BURST", default=2_000)
ADDRESS_PER_SECOND = env.float("ADDRESS_PER_SECOND", default=100.0)
CONNECTS_PER_PERSON = env.int("CONNECTS_PER_PERSON", default=60)
CONNECTS_PER_ADDRESS = env.int("CONNECTS_PER_ADDRESS", default=120)
SOCKETS_PER_PERSON = env.int("SOCKETS_PER_PERSON", default=50)
# An office or a school shares one address.
SOCKETS_PER_ADDRESS = env.int("SOCKETS_PER_ADDRESS", default=500)
CONNECTIONS_PER_ADDRESS = env.int("CONNECTIONS_PER_ADDRESS", default=500)
HEADER_SECONDS = env.float("HEADER_SECONDS", default=10.0)
BODY_SECONDS = env.float("BODY_SECONDS", default=10.0)
BODY_RATE_KB = env.float("BODY_RATE_KB", default=8.0)
UPLOADS_AT_ONCE = env.int("UPLOADS_AT_ONCE", default=4)
MAX_UPLOAD_MB = env.int("MAX_UPLOAD_MB", default=100)
UPLOAD_QUOTA_MB = env.int("UPLOAD_QUOTA_MB", default=10_000)
FREE_DISK_MB = env.int("FREE_DISK_MB", default=1000)
STORAGE_TOTAL_MB = env.int("STORAGE_TOTAL_MB", default=0)
MAX_IMAGE_MEGAPIXELS = env.int("MAX_IMAGE_MEGAPIXELS", default=25)

# -- Django ----------------------------------------------------------------------------------

INSTALLED_APPS = [
    # The first three wrap each other's runserver: static files are served as in production, and
    # daphne closes sockets with the protocol's codes. It imports Twisted, which is a sixth of the
    # start-up time of a production server, which does not need it.
    "whitenoise.runserver_nostatic",
    "mediachat",
    *(["daphne"] if DEBUG else []),
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "accounts",
    "chat",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.headless",
    "ninja",
    *(["django_browser_reload"] if RELOAD else []),
]

MIDDLEWARE = [
    "mediachat.http.probes.watchers",
    "mediachat.http.nul.refuse_nul",
    "django.middleware.security.SecurityMiddleware",
    "mediachat.http.cors.token_endpoints",
    "mediachat.http.csp.PolicyMiddleware",
    "mediachat.http.permissions_policy.permissions_policy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "accounts.sessions.store.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "mediachat.http.csrf.CsrfMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.passwords.busy.BusyMiddleware",
    "accounts.sign_in.devices.DeviceMiddleware",
    "accounts.middleware.SessionActivityMiddleware",
    "accounts.middleware.SecondFactorMiddleware",
    "mediachat.http.time_zone.TimeZoneMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    *(["django_browser_reload.middleware.BrowserReloadMiddleware"] if RELOAD else []),
]

ROOT_URLCONF = "mediachat.urls"
ASGI_APPLICATION = "mediachat.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.navigation.account_pages",
            ]
        },
    }
]
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
FORMAT_MODULE_PATH = ["mediachat.formats"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SILENCED_SYSTEM_CHECKS: list[str] = []

# -- Stores ----------------------------------------------------------------------------------

DATABASE_URL = env.str("DATABASE_URL", default="") or f"sqlite:///{DATA_DIR}/db.sqlite3"
DATABASES: dict[str, dict[str, Any]] = {"default": database(DATABASE_URL)}

if REDIS_URL:
    CHANNEL_LAYERS: dict[str, dict[str, Any]] = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [redis_host(REDIS_URL)], "prefix": "mediachat"},
        }
    }
    CACHES: dict[str, dict[str, Any]] = {
        "default": {
            "BACKEND": cache_backend(REDIS_URL),
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": "mediachat",
            "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
        }
    }
else:
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "chat.realtime.in_memory_layer.InProcessLayer",
            "CONFIG": {"capacity": 100_000},
        }
    }
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            # Django's default of 300 would forget tickets and failed sign-ins under load.
            "OPTIONS": {"MAX_ENTRIES": 100_000},
        }
    }

STORAGES = {
    # Any storage of django-storages, by its dotted name and its options as JSON.
    "default": {
        "BACKEND": env.str("MEDIA_STORAGE", default="django.core.files.storage.FileSystemStorage"),
        "OPTIONS": env.json("MEDIA_STORAGE_OPTIONS", default={}),
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
MEDIA_ROOT = DATA_DIR / "media"
MEDIA_URL = f"{URL_PREFIX}/media/"
# On the disk of the files, since /tmp may be memory; with an object store in TMPDIR.
FILE_UPLOAD_TEMP_DIR = (
    str(DATA_DIR) if STORAGES["default"]["BACKEND"].endswith(".FileSystemStorage") else gettempdir()
)
FILE_UPLOAD_HANDLERS = [
    "mediachat.http.handler.InMemory",
    "mediachat.http.handler.Nameless",
]
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
STATIC_URL = f"{URL_PREFIX}/static/"
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "mediachat.npm.NpmFinder",
]
NPM_DIR = BASE_DIR / "node_modules"
# Only the page needs them, and it has this origin.
WHITENOISE_ALLOW_ALL_ORIGINS = False

# -- People ----------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "accounts.passwords.hashers.Argon2Hasher",
    "accounts.passwords.hashers.PBKDF2Hasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"accounts.passwords.rules.{name}"}
    for name in ("Unlike", "LongEnough", "Uncommon", "NotOnlyDigits")
]
LOGIN_REDIRECT_URL = "chat"
LOGIN_URL = "account_login"

SIGNUP_OPEN = env.bool("SIGNUP_OPEN", default=True)
EMAIL_URL = env.str("EMAIL_URL", default="")
if EMAIL_URL:
    vars().update(env.mail_server("EMAIL_URL"))
else:
    # Nothing sends mail then (accounts/no_mail.py), and mail would appear in no log.
    EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("EMAIL_FROM", default="mediachat@localhost")

ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
# Lower case everywhere, so that the database's unique index compares names as people do.
ACCOUNT_PRESERVE_USERNAME_CASING = False
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
if EMAIL_URL:
    ACCOUNT_SIGNUP_FIELDS.insert(1, "email")
ACCOUNT_EMAIL_VERIFICATION = "optional" if EMAIL_URL else "none"
ACCOUNT_EMAIL_NOTIFICATIONS = bool(EMAIL_URL)
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Media Chat: "
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = True
# An office or a school shares one address, and signs in at once: the queue
# (accounts/passwords/sign_in_line.py) bounds the cost, and accounts/sign_in/guessing.py limits
# wrong passwords.
ACCOUNT_RATE_LIMITS: Any = RATE_LIMITS and {
    "login": "240/m/ip",
    # Codes of second factors: they come only after the password.
    "login_failed": "5/5m/key,30/d/key",
    "link_editor": "120/m/ip",
    "signup": "60/m/ip,300/d/ip",
    # Each change of a profile is broadcast to everyone who shares a room, and may include a
    # picture.
    "change_profile": "20/m/user",
    "change_password": "5/m/user,20/h/user",
}
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXY_COUNT
HEADLESS_CLIENTS = ("app",)
HEADLESS_TOKEN_STRATEGY = "accounts.sign_in.second_factor_steps.TokenStrategy"  # noqa: S105
# Where VS Code is served to browsers, beside the well-known sites (accounts/sign_in/editors.py).
EDITOR_ORIGINS = env.list("EDITOR_ORIGINS", default=[])
# "none", "staff" or "all": who must have a second factor (accounts/sessions/second_factor.py).
REQUIRE_SECOND_FACTOR = env.str("REQUIRE_SECOND_FACTOR", default="none")
MFA_ADAPTER = "accounts.adapter.SecondFactorAdapter"
USERSESSIONS_ADAPTER = "accounts.adapter.SessionsAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_FORMS = {"activate_totp": "accounts.forms.TwoStepForm"}
MFA_TOTP_ISSUER = "Media Chat"

# -- Protection ------------------------------------------------------------------------------

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=30 * 24 * 3600) if HTTPS else 0
if TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
# Browsers accept a cookie of this name only over TLS and for this exact host, so that neither a
# neighbouring host nor a network without TLS can plant one. A cookie below a path does not belong
# to the whole host, and so cannot have the last part of that.
COOKIE_PREFIX = ("__Secure-" if URL_PREFIX else "__Host-") if HTTPS else ""
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = f"{URL_PREFIX}/"
SESSION_ENGINE = "accounts.sessions.store"
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrftoken"
MESSAGE_STORAGE = "mediachat.http.flash_messages.MessageStorage"
PERMISSIONS_POLICY = {
    "autoplay": "(self)",
    "clipboard-write": "(self)",
    "fullscreen": "(self)",
    "picture-in-picture": "(self)",
    **dict.fromkeys(
        (
            "accelerometer",
            "camera",
            "clipboard-read",
            "display-capture",
            "encrypted-media",
            "geolocation",
            "gyroscope",
            "hid",
            "idle-detection",
            "magnetometer",
            "microphone",
            "midi",
            "payment",
            "screen-wake-lock",
            "serial",
            "usb",
            "xr-spatial-tracking",
        ),
        "()",
    ),
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        # Browsers that support strict-dynamic ignore 'self': only scripts that the page names run.
        "script-src": [SELF, NONCE, STRICT_DYNAMIC],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF, "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
# Unfold's Alpine compiles functions from attributes, and writes styles inline. The CSP build of
# Alpine cannot read what Unfold writes there (functions, statements, localStorage).
ADMIN_CONTENT_SECURITY_POLICY = CONTENT_SECURITY_POLICY["DIRECTIVES"] | {
    "script-src": [SELF, UNSAFE_EVAL],
    "style-src": [SELF, UNSAFE_INLINE],
}

# -- The admin -------------------------------------------------------------------------------

UNFOLD = {
    "SITE_TITLE": "Media Chat",
    "SITE_HEADER": "Media Chat",
    "SITE_SUBHEADER": "Moderation",
    "SITE_SYMBOL": "forum",
    "SITE_URL": f"{URL_PREFIX}/",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": "chat.admin.site.icon"},
    ],
    "STYLES": ["chat.admin.site.stylesheet"],
    "SCRIPTS": ["chat.admin.site.script", "chat.admin.site.time_zone_script"],
    "SHOW_BACK_BUTTON": True,
    # What Django records of its own forms; decisions are in the audit log, on each object's page.
    "SHOW_HISTORY": False,
    "DASHBOARD_CALLBACK": "chat.admin.site.dashboard",
    "SIDEBAR": {"navigation": "chat.admin.site.navigation"},
    # The page's green (static/chat/styles/theme.css), in eleven steps.
    "COLORS": {
        "primary": {
            "50": "#eef8f5",
            "100": "#d9ede7",
            "200": "#b4dcd1",
            "300": "#82dcc8",
            "400": "#5fcbb3",
            "500": "#48b39c",
            "600": "#0f6a5b",
            "700": "#0b5448",
            "800": "#0a473c",
            "900": "#083a31",
            "950": "#05241d",
        }
    },
}

# -- Logs ------------------------------------------------------------------------------------

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO").upper()
LOGGING = logging_config(level=LOG_LEVEL, as_json=not DEBUG)
