"""Django's settings, built from the workspace's settings; nothing is read from the environment here."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import django
from django.conf import settings as django_conf
from django.core.management import call_command

from onevoice.adapters.database import BUSY_MS, BadStoreUrl, split_schema
from onevoice.console import house

HERE = Path(__file__).parent
HOUR = 3_600

APPS = (
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.humanize",
    "django_htmx",
    "onevoice.console.accounts",
    "onevoice.console.shell",
)

MIDDLEWARE = (
    "django.middleware.security.SecurityMiddleware",
    "onevoice.console.shell.middleware.Fences",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "onevoice.console.shell.middleware.Doorkeeper",
    "onevoice.console.shell.middleware.Apologies",
)

CONTEXT = (
    "django.template.context_processors.request",
    "django.contrib.auth.context_processors.auth",
    "onevoice.console.shell.context.frame",
)


def databases(url: str) -> dict[str, Any]:
    """
    Return Django's DATABASES for the state store's URL, so that its tables live beside the stages'.

    Raises:
        BadStoreUrl: The URL names neither SQLite nor PostgreSQL.
    """
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return {"default": _sqlite(url.removeprefix("sqlite://"))}
    if parts.scheme in {"postgresql", "postgres"}:
        return {"default": _postgres(url)}
    raise BadStoreUrl(url=parts.scheme)


def _sqlite(path: str) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "timeout": BUSY_MS / 1000,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL",
        },
    }


def _postgres(url: str) -> dict[str, Any]:
    plain, schema = split_schema(url)
    parts = urlsplit(plain)
    query = dict(re.findall(r"([^&=]+)=([^&]*)", parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**query, "options": f"-c search_path={schema},public"},
    }


def templates() -> list[dict[str, Any]]:
    """Return Django's TEMPLATES: compiled once, escaping always on."""
    return [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [HERE / "templates"],
            "APP_DIRS": False,
            "OPTIONS": {
                "context_processors": list(CONTEXT),
                "libraries": {"onevoice": "onevoice.console.shell.tags"},
                "builtins": ["django.templatetags.i18n", "onevoice.console.shell.tags"],
                "loaders": [
                    ("django.template.loaders.cached.Loader", ["django.template.loaders.filesystem.Loader"]),
                ],
            },
        }
    ]


def security(url: str) -> dict[str, Any]:
    """Return the settings of sessions, cookies and headers for a site reached at *url*."""
    over_tls = url.startswith("https:")
    return {
        "SESSION_COOKIE_NAME": "onevoice_session",
        "SESSION_COOKIE_AGE": 14 * 24 * HOUR,
        "SESSION_COOKIE_SECURE": over_tls,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "CSRF_COOKIE_NAME": "onevoice_csrf",
        "CSRF_COOKIE_SECURE": over_tls,
        "CSRF_COOKIE_HTTPONLY": True,
        "CSRF_COOKIE_SAMESITE": "Lax",
        "CSRF_TRUSTED_ORIGINS": [f"{urlsplit(url).scheme}://{urlsplit(url).netloc}"],
        "SECURE_REFERRER_POLICY": "same-origin",
        "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https") if over_tls else None,
        "PASSWORD_RESET_TIMEOUT": HOUR,
    }


def django_settings(settings: Any, secret: str) -> dict[str, Any]:
    """Return every Django setting of the console."""
    return {
        "DEBUG": False,
        "SECRET_KEY": secret,
        # The workspace listens where its owner says; links are built from `settings.url`, never from the Host header.
        "ALLOWED_HOSTS": ["*"],
        "ROOT_URLCONF": "onevoice.console.urls",
        "WSGI_APPLICATION": "onevoice.console.wsgi.application",
        "INSTALLED_APPS": list(APPS),
        "MIDDLEWARE": list(MIDDLEWARE),
        "TEMPLATES": templates(),
        "DATABASES": databases(settings.state_url),
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "AUTH_USER_MODEL": "accounts.Member",
        "AUTH_PASSWORD_VALIDATORS": [
            {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
            {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
        ],
        "LOGIN_URL": "sign-in",
        "LOGIN_REDIRECT_URL": "home",
        "LANGUAGE_CODE": settings.locale,
        "LOCALE_PATHS": [HERE / "locale"],
        "TIME_ZONE": settings.time_zone,
        "USE_TZ": True,
        "USE_I18N": True,
        "LOGGING_CONFIG": None,
        "SILENCED_SYSTEM_CHECKS": [],
        **security(settings.url),
    }


def setup(stores: Any, settings: Any, secret: str) -> None:
    """Furnish the console and start Django; a second call only changes the stores."""
    house.configure(stores, settings)
    if not django_conf.configured:
        django_conf.configure(**django_settings(settings, secret))
        django.setup()


def migrate() -> None:
    """Bring Django's own tables up to date; they live in the state store, beside the stages' tables."""
    call_command("migrate", interactive=False, verbosity=0)
