"""
Settings, read from the environment with embedded defaults.

Every variable is optional: without any, the desk runs on SQLite and a broker of files under
``var/``. A value that does not parse stops the start with a sentence that names it.
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from recon_project.admin_face import UNFOLD  # noqa: F401  the look of the admin
from recon_project.environment import Environment

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment(dotenv=Path(os.environ.get("ENV_FILE", BASE_DIR / ".env")))

VAR_DIR = env.path("VAR_DIR", BASE_DIR / "var")
VAR_DIR.mkdir(parents=True, exist_ok=True)

ENVIRONMENT = env.one_of("ENVIRONMENT", ["development", "test", "uat", "production"], "development")
PRODUCTION = ENVIRONMENT == "production"
DEBUG = env.flag("DEBUG", False)
VERSION = "0.1.0"

SECRET_KEY = env.secret_key("SECRET_KEY", keep_in=VAR_DIR / "secret_key", production=PRODUCTION)
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]", "testserver"])
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS", [])

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.import_export",
    "unfold.contrib.simple_history",
    "recon_project",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "knox",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "django_celery_results",
    "import_export",
    "simple_history",
    "axes",
    "csp",
    "trades",
    "connectors",
    "matching",
    "breaks",
    "predictions",
    "workflows",
    "reporting",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Of a list most is repeated words of markup: 570 KB are some 30 KB on the way.
    "django.middleware.gzip.GZipMiddleware",
    "recon_project.content_policy.ContentPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "recon_project.urls"
WSGI_APPLICATION = "recon_project.wsgi.application"

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
                "csp.context_processors.nonce",
            ]
        },
    }
]

DATABASES = {"default": env.database(default_path=VAR_DIR / "desk.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- who may come in -------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "admin:login"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_VERBOSE = False

REST_KNOX = {"TOKEN_TTL": timedelta(days=90), "AUTH_HEADER_PREFIX": "Token"}

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = PRODUCTION
SESSION_COOKIE_HTTPONLY = True
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None
SECURE_REDIRECT_EXEMPT = [r"^api/v1/health$"]
X_FRAME_OPTIONS = "DENY"

# The admin's pages are allowed a little more by the middleware.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- the HTTP API ----------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "knox.auth.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["trades.api.permissions.Needs"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["trades.api.parsing.Json"],
    "DEFAULT_SCHEMA_CLASS": "trades.api.schema.ApiSchema",
    "EXCEPTION_HANDLER": "recon_project.api.problems.problem_details",
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Trade Reconciliation and Exception Management",
    "DESCRIPTION": "Ingest trade reports, reconcile two sources, work the breaks.",
    "VERSION": VERSION,
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "recon_project.api.schema.add_problems",
    ],
    # Several models have a `status`, a `kind` or a `side`: each set of choices gets its own name.
    "ENUM_NAME_OVERRIDES": {
        "TradeSide": "trades.choices.Side",
        "MatchSide": "recon_project.api.schema.MATCH_SIDES",
        "DeliveryStatus": "connectors.choices.DeliveryStatus",
        "RejectStatus": "connectors.choices.RejectStatus",
        "RunStatus": "matching.choices.RunStatus",
        "MatchStatus": "matching.choices.MatchStatus",
        "MatchKind": "matching.choices.MatchKind",
        "RuleSetStatus": "matching.choices.RuleSetStatus",
        "RuleChangeKind": "matching.rules_diff.KINDS",
        "BreakStatus": "breaks.choices.BreakStatus",
        "ApprovalStatus": "breaks.choices.ApprovalStatus",
        "BreakEventKind": "breaks.choices.EventKind",
        "ReasonCode": "breaks.choices.ReasonCode",
        "SignOffStatus": "reporting.choices.SignOffStatus",
        "ResolvingReason": "breaks.api.inputs.RESOLVING",
        "RiskBand": "predictions.choices.RiskBand",
        "HealthStatus": "recon_project.health.STATUSES",
        "HealthCheck": "recon_project.health.CHECKS",
    },
}

# --- background work -------------------------------------------------------------------------

REDIS_URL = env.text("REDIS_URL", "")
_SPOOL = VAR_DIR / "broker"
for _folder in ("messages", "control"):
    (_SPOOL / _folder).mkdir(parents=True, exist_ok=True)

if REDIS_URL:
    CELERY_BROKER_URL = REDIS_URL
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
        "visibility_timeout": 3600,
        "socket_timeout": 2,
        "socket_connect_timeout": 1,
    }
else:
    CELERY_BROKER_URL = "filesystem://localhost"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_SPOOL / "messages"),
        "data_folder_out": str(_SPOOL / "messages"),
        "control_folder": str(_SPOOL / "control"),
        "store_processed": False,
        "polling_interval": 0.2,
    }
CELERY_WORKER_POOL = "prefork" if REDIS_URL else "solo"
CELERY_RESULT_BACKEND = "django-db"
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 100
CELERY_TASK_TIME_LIMIT = 3000
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# The row is the queue: a message that cannot be sent is not worth a caller's wait.
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_max": 0.2}
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 2
CELERY_TIMEZONE = "UTC"
DJANGO_CELERY_BEAT_TZ_AWARE = True

# --- feeds -----------------------------------------------------------------------------------

OUTBOUND_HOSTS = env.words(
    "OUTBOUND_HOSTS", ["api.kraken.com", "api.alpaca.markets", "paper-api.alpaca.markets"]
)
FEED_ROOT = env.path("FEED_ROOT", VAR_DIR / "inbox")
MAX_UPLOAD_BYTES = env.whole("MAX_UPLOAD_BYTES", 512 * 1024 * 1024)
BASE_CURRENCY = env.text("BASE_CURRENCY", "USD")
ML_ARTIFACTS = env.path("ML_MODEL_PATH", BASE_DIR / "ml_artifacts")
BREAK_PREDICTION_MODEL = env.text("BREAK_PREDICTION_MODEL", "break_prediction.skops")
# How long a process keeps what came on days that have ended; 0 reads it anew each time.
PREDICTION_HISTORY_SECONDS = env.whole("PREDICTION_HISTORY_SECONDS", 600)

# --- monitoring ------------------------------------------------------------------------------

# What Prometheus names itself by; without one only people and API tokens read /metrics.
METRICS_TOKEN = env.text("METRICS_TOKEN", "")
if METRICS_TOKEN and len(METRICS_TOKEN) < 20:
    raise ImproperlyConfigured("METRICS_TOKEN is shorter than 20 characters; make a longer one.")

# --- notifications ---------------------------------------------------------------------------

# Without a host no e-mail is sent, and people are told in the desk's inbox only.
EMAIL_HOST = env.text("EMAIL_HOST", "")
EMAIL_PORT = env.whole("EMAIL_PORT", 25)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = env.flag("EMAIL_USE_SSL", False)
if EMAIL_USE_TLS and EMAIL_USE_SSL:
    raise ImproperlyConfigured("EMAIL_USE_TLS and EMAIL_USE_SSL exclude each other; set one.")
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("EMAIL_FROM", "recon-desk@localhost")
# Where people reach the desk; what goes out links to it.
DESK_URL = env.text("DESK_URL", "").rstrip("/")

# --- the rest --------------------------------------------------------------------------------

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True
USE_THOUSAND_SEPARATOR = True

STATIC_URL = "static/"
STATIC_ROOT = env.path("STATIC_ROOT", VAR_DIR / "static")
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = VAR_DIR / "media"
WHITENOISE_USE_FINDERS = True

LOG_LEVEL = env.one_of("LOG_LEVEL", ["DEBUG", "INFO", "WARNING", "ERROR"], "INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    # It logs every address whole, and that of a chat room is a secret.
    "loggers": {"httpx": {"level": "WARNING"}},
}
# SQLite has no columns that an index merely carries, and does without.
SILENCED_SYSTEM_CHECKS = ["models.W040"]
