"""One settings file, driven by the environment.

Without any variable it is the embedded default: SQLite, a broker without a server, files in one folder that can be
thrown away. DLONSC_MODE=production demands every setting that a real installation needs and stops with the list of
those that are missing. docs/deployment.md explains each variable.
"""

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP

BASE_DIR = Path(__file__).resolve().parent.parent
env = os.environ.get
MODE = env("DLONSC_MODE", "embedded")
if MODE not in {"embedded", "production"}:
    raise ImproperlyConfigured(f"DLONSC_MODE is {MODE!r}; it may be 'embedded' or 'production'.")
PRODUCTION = MODE == "production"
REQUIRED_IN_PRODUCTION = (
    "SECRET_KEY",
    "DATABASE_URL",
    "REDIS_URL",
    "MAIL_URL",
    "MAIL_FROM",
    "ALLOWED_HOSTS",
    "SITE_URL",
    "MEDIA_ROOT",
)
if PRODUCTION and (missing := [name for name in REQUIRED_IN_PRODUCTION if not env(name)]):
    raise ImproperlyConfigured(f"DLONSC_MODE=production needs these environment variables: {', '.join(missing)}.")


def flag(name: str, default: bool = False) -> bool:
    """Whether an environment variable says yes: 1, true, yes, on (any case)."""
    value = env(name)
    return default if value is None else value.strip().lower() in {"1", "true", "yes", "on"}


def words(name: str, default: str = "") -> list[str]:
    """The comma-separated words of an environment variable."""
    return [word.strip() for word in env(name, default).split(",") if word.strip()]


# The demo: a bar to switch person, a page of the letters that left. Never in production.
DEMO = flag("DLONSC_DEMO")
if DEMO and PRODUCTION:
    raise ImproperlyConfigured("DLONSC_DEMO lets anybody be anybody; it cannot be on with DLONSC_MODE=production.")

STATE_DIR = Path(env("DLONSC_STATE", str(BASE_DIR / ".state")))
if not PRODUCTION:
    STATE_DIR.mkdir(parents=True, exist_ok=True)
DEBUG = flag("DEBUG") and not PRODUCTION
SECRET_KEY = env("SECRET_KEY", "embedded-default-key-for-demo-and-tests-only-0123456789abcdef")
if PRODUCTION and len(SECRET_KEY) < 50:
    raise ImproperlyConfigured("SECRET_KEY has fewer than 50 characters.")
ALLOWED_HOSTS = words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1],testserver")
SITE_URL = env("SITE_URL", "http://localhost:8000").rstrip("/")
CSRF_TRUSTED_ORIGINS = [SITE_URL] if PRODUCTION else []

INSTALLED_APPS = [
    "dlonsc.history",
    "dlonsc.mail",
    "dlonsc.accounts",
    "dlonsc.editions",
    "submissions",
    "reviews",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.github",
    "allauth.socialaccount.providers.google",
    "allauth.socialaccount.providers.orcid",
]
ADMIN_SITE = flag("ADMIN_SITE")
if ADMIN_SITE:
    INSTALLED_APPS.append("django.contrib.admin")

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "dlonsc.posted.WithoutNul",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "dlonsc.editions.sessions.ChairsSessions",
    "dlonsc.accounts.middleware.SeenSessions",
    "dlonsc.accounts.middleware.PrivatePages",
    "dlonsc.accounts.middleware.SecretAddresses",
    "dlonsc.accounts.middleware.BoundedTexts",
    "dlonsc.accounts.limits.Limits",
    "dlonsc.accounts.middleware.RequireSecondFactor",
    "dlonsc.editions.reading.MassReading",
    # Last: whatever records or demands something of the signed-in person has met herself.
    "reviews.looking.LookAs",
]

ROOT_URLCONF = "dlonsc.urls"
WSGI_APPLICATION = "dlonsc.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["dlonsc.editions.templatetags.look"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dlonsc.editions.context.frame",
            ],
        },
    }
]


def database(url: str) -> dict[str, object]:
    """Django's database settings for a URL: postgresql://user:password@host:port/name or sqlite:///path."""
    parts = urlsplit(url)
    if parts.scheme in {"postgres", "postgresql"}:
        options: dict[str, object] = {
            "options": "-c lock_timeout=5s -c statement_timeout=30s -c idle_in_transaction_session_timeout=30s"
        }
        if flag("DATABASE_POOL", PRODUCTION):
            options["pool"] = {"min_size": 1, "max_size": int(env("DATABASE_POOL_SIZE", "8"))}
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": unquote(parts.hostname or ""),
            "PORT": str(parts.port or ""),
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": options,
        }
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": unquote(parts.path),
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
            },
            # A file, as in earnest: one in memory is shared by all threads and refuses two requests at once.
            "TEST": {"NAME": str(STATE_DIR / "test.sqlite3")},
        }
    raise ImproperlyConfigured(f"DATABASE_URL begins with {parts.scheme!r}; use postgresql:// or sqlite:///path.")


DATABASES = {"default": database(env("DATABASE_URL") or f"sqlite://{STATE_DIR / 'db.sqlite3'}")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Rate limits are counted in the database: they hold, and lock nobody out, when Redis is down. With Django's 300 entries
# somebody could push other people's counters out by making up addresses.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# --- Celery: the database is the truth, the broker only a doorbell ---------------------------------------------------
REDIS_URL = env("REDIS_URL", "")
if REDIS_URL:
    CELERY_BROKER_URL = REDIS_URL
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {
        "visibility_timeout": 600,
        "unacked_restore_interval": 2,
        "unacked_restore_throttle": 1,
        # A page must not wait for a broker that is down: the sweeper finds what was never rung.
        "socket_connect_timeout": 1,
        "socket_timeout": 5,
        "max_retries": 0,
    }
else:
    BROKER_DIR = STATE_DIR / "broker"
    for folder in ("queue", "control"):
        (BROKER_DIR / folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_URL = "filesystem://"
    CELERY_BROKER_TRANSPORT = "dlonsc.bells:Transport"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(BROKER_DIR / "queue"),
        "data_folder_out": str(BROKER_DIR / "queue"),
        "control_folder": str(BROKER_DIR / "control"),
        "polling_interval": 0.1,
    }
# A mail server that is slow keeps nobody from a check of her PDF. A worker that is told no queue serves both.
CELERY_TASK_QUEUES: dict[str, dict[str, object]] = {"celery": {}, "letters": {}}
CELERY_TASK_ROUTES = {"dlonsc.mail.tasks.*": {"queue": "letters"}}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_ENABLE_UTC = True
CELERY_TIMEZONE = "UTC"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULE_FILENAME = env("BEAT_SCHEDULE_FILE", str(STATE_DIR / "beat-schedule"))
# Tests ring no bell; they call the function behind it.
RING_DOORBELLS = flag("RING_DOORBELLS", True)

# --- Mail: every letter goes through the ledger in dlonsc.mail -------------------------------------------------------
# smtp://user:password@host:port, smtp+starttls://..., smtps://... ; empty: letters stay in the ledger, marked sent.
# A sandbox keeps them there whatever the server, and every page says so.
MAIL_URL = "" if flag("MAIL_SANDBOX") else env("MAIL_URL", "")
MAIL_FROM = env("MAIL_FROM", "DLonSC <dlonsc@workshop.example>")
DEFAULT_FROM_EMAIL = MAIL_FROM
SERVER_EMAIL = MAIL_FROM
MAIL_DOMAIN = env("MAIL_DOMAIN", MAIL_FROM.rpartition("@")[2].rstrip(">"))
MAIL_PER_SECOND = float(env("MAIL_PER_SECOND", "1" if PRODUCTION else "0"))  # 0: no limit
MAIL_PER_DAY = int(env("MAIL_PER_DAY", "0"))  # 0: no limit
# Delivery reports: a mailbox to poll (imaps://user:password@host/INBOX), or a provider that calls /mail/events/.
BOUNCE_MAILBOX = env("BOUNCE_MAILBOX", "")
MAIL_PROVIDER = env("MAIL_PROVIDER", "").lower()
MAIL_EVENTS_SECRET = env("MAIL_EVENTS_SECRET", "")  # user:password of the provider's calls
MAIL_EVENTS_KEY = env("MAIL_EVENTS_KEY", "")  # mailgun's signing key
if MAIL_PROVIDER not in {"", "brevo", "mailgun", "postmark"}:
    raise ImproperlyConfigured(f"MAIL_PROVIDER is {MAIL_PROVIDER!r}; docs/deployment.md lists those that are known.")
if MAIL_PROVIDER and (":" not in MAIL_EVENTS_SECRET or len(MAIL_EVENTS_SECRET) < 24):
    raise ImproperlyConfigured("MAIL_PROVIDER needs MAIL_EVENTS_SECRET, user:password of at least 24 characters.")
if MAIL_PROVIDER == "mailgun" and not MAIL_EVENTS_KEY:
    raise ImproperlyConfigured("MAIL_PROVIDER=mailgun needs MAIL_EVENTS_KEY, its webhook signing key.")
ANYMAIL = {"WEBHOOK_SECRET": MAIL_EVENTS_SECRET, "MAILGUN_WEBHOOK_SIGNING_KEY": MAIL_EVENTS_KEY}
# Django's own way out is closed on purpose, so nothing leaves past the ledger; the check that warns of it is answered.
MAILERS = {"default": {"BACKEND": "django.core.mail.backends.dummy.EmailBackend"}}
SILENCED_SYSTEM_CHECKS = ["mail.E001"]

# --- Accounts --------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("name", "email")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "dlonsc.accounts.passwords.GuessablePasswordValidator"},
]
if not PRODUCTION:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "editions:dashboard"
ACCOUNT_ADAPTER = "dlonsc.accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
# A password is optional: a sign-in code by mail always works.
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1"]
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_SIGNUP_FORM_CLASS = "dlonsc.accounts.forms.SignupDetails"
ACCOUNT_FORMS = {
    "request_login_code": "dlonsc.accounts.opening.AskForCode",
    "reset_password": "dlonsc.accounts.opening.AskForReset",
    "signup": "dlonsc.accounts.opening.SignUp",
}
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_PREVENT_ENUMERATION = True
# allauth would count how often a code, a reset or a proof was asked for per account or address alone: a stranger who
# asks without end would keep its owner from all of them. What limits letters to one address is in
# dlonsc.accounts.limits, per asker.
ACCOUNT_RATE_LIMITS = dict.fromkeys(("request_login_code", "reset_password", "confirm_email"), "20/m/ip")
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_CHANGE_EMAIL = False
ACCOUNT_MAX_EMAIL_ADDRESSES = 6
ACCOUNT_USER_DISPLAY = "dlonsc.accounts.models.display_name"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if PRODUCTION else "http"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
MFA_TOTP_ISSUER = "DLonSC"
# Chairs see who reviews whom; outside the demo they need a second factor.
CHAIRS_NEED_SECOND_FACTOR = flag("CHAIRS_NEED_SECOND_FACTOR", not DEMO)
# After so long without a request a chair signs in again; 0: no limit but that of all sessions.
CHAIRS_IDLE_HOURS = float(env("CHAIRS_IDLE_HOURS", "0" if DEMO else "12"))
# What cannot be taken back asks a chair whose sign-in is older to confirm that it is her; 0: never.
CHAIRS_FRESH_MINUTES = float(env("CHAIRS_FRESH_MINUTES", "0" if DEMO else "60"))
USERSESSIONS_TRACK_ACTIVITY = True
# Rate limits count by address: behind our nginx (which overwrites X-Forwarded-For) everybody would share one.
ALLAUTH_TRUSTED_PROXY_COUNT = int(env("TRUSTED_PROXIES", "1" if PRODUCTION else "0"))
SOCIALACCOUNT_ADAPTER = "dlonsc.accounts.adapter.SocialAdapter"
SOCIALACCOUNT_FORMS = {"signup": "dlonsc.accounts.opening.SignUpElsewhere"}
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_PROVIDERS = {
    name: {"APPS": [{"client_id": env(f"{name.upper()}_CLIENT_ID"), "secret": env(f"{name.upper()}_SECRET", "")}]}
    for name in ("github", "google", "orcid")
    if env(f"{name.upper()}_CLIENT_ID")
}

# --- Assignment: a folder with a sentence model; empty: the one that is installed as a package, if any ---------------
SENTENCE_MODEL = env("SENTENCE_MODEL", "")

# --- Browser ---------------------------------------------------------------------------------------------------------
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "frame-src": [CSP.SELF],
    "manifest-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "object-src": [CSP.NONE],
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
# Not in a cookie: what was said last to one person stays there when her session ends, and the next one at the same
# browser would read it.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "dlonsc.accounts.views.csrf_failure"
if PRODUCTION:
    SECURE_SSL_REDIRECT = flag("SECURE_SSL_REDIRECT", True)
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = int(env("SECURE_HSTS_SECONDS", "31536000"))
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"

# --- Files -----------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = env("STATIC_ROOT", str(BASE_DIR / "static-collected"))
STATICFILES_DIRS = [BASE_DIR / "dlonsc" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION
# Manuscripts and other private files; nothing here has a URL of its own.
MEDIA_ROOT = env("MEDIA_ROOT", str(STATE_DIR / "files"))
# nginx serves a private file when this is set to its internal location; otherwise Django streams it.
X_ACCEL_PREFIX = env("X_ACCEL_PREFIX", "")
# nginx's client_max_body_size must be a little more than this (a test reads both).
UPLOAD_MAX_MB = int(env("UPLOAD_MAX_MB", "20"))
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
# The proxy's clock at the first byte of a request, seconds since the epoch; only read behind our own proxy.
TRUST_START_HEADER = flag("TRUST_START_HEADER", False)

# --- Language and time -----------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "filters": {"secrets": {"()": "dlonsc.logged.WithoutSecrets"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["secrets"]}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", "WARNING")},
}
