"""How the admin looks: django-unfold's settings."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy

_BADGES = "recon_project.landing"
_ENVIRONMENTS = {
    "development": ["Development", "info"],
    "test": ["Test", "info"],
    "uat": ["UAT", "warning"],
    "production": ["Production", "danger"],
}


def environment_label(_request: HttpRequest) -> list[str] | None:
    """Return the label that says where one is, so that nobody works the wrong desk."""
    return _ENVIRONMENTS.get(settings.ENVIRONMENT)


def stylesheet(_request: HttpRequest) -> str:
    return static("desk/desk.css")


def alerts_stylesheet(_request: HttpRequest) -> str:
    return static("desk/alerts.css")


def script(_request: HttpRequest) -> str:
    return static("desk/desk.js")


def favicon(_request: HttpRequest) -> str:
    return static("desk/favicon.svg")


def _may(permission: str) -> Callable[[HttpRequest], bool]:
    return lambda request: request.user.has_perm(permission)


def _page(title: str, icon: str, model: str, **more: Any) -> dict[str, Any]:
    app, name = model.split(".")
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{name}_changelist"),
        "permission": _may(f"{app}.view_{name}"),
        **more,
    }


_NAVIGATION = [
    {
        "items": [
            {"title": "Overview", "icon": "dashboard", "link": reverse_lazy("admin:index")},
            {"title": "Inbox", "icon": "notifications",
             "link": reverse_lazy("admin:workflows_notification_inbox"),
             "badge": f"{_BADGES}.unread", "badge_variant": "info"},
            _page("Breaks", "rule", "breaks.tradebreak", badge=f"{_BADGES}.live_breaks",
                  badge_variant="danger"),
            _page("Approvals", "approval_delegation", "breaks.approvalrequest",
                  badge=f"{_BADGES}.to_decide", badge_variant="warning"),
            _page("Matches", "join_inner", "matching.match", badge=f"{_BADGES}.proposals",
                  badge_variant="info"),
            _page("QA samples", "fact_check", "matching.qasample"),
            _page("Pending trades", "hourglass_top", "breaks.pendingtrade"),
            _page("Likely to break", "online_prediction", "predictions.tradescore"),
            _page("Trades", "swap_horiz", "trades.trade"),
            _page("Batches", "checklist", "breaks.actbatch"),
            _page("Remediations", "build", "workflows.remediationsuggestion"),
            _page("Root causes", "troubleshoot", "workflows.rootcausefinding"),
            _page("Daily reports", "summarize", "reporting.dailyreport"),
            _page("Sign-offs", "signature", "reporting.signoff", badge=f"{_BADGES}.to_sign",
                  badge_variant="warning"),
        ],
    },
    {
        "title": "Work",
        "items": [
            _page("Pipelines", "account_tree", "workflows.pipelinerun"),
            _page("Runs", "play_circle", "matching.reconciliationrun"),
            _page("Deliveries", "inbox", "connectors.delivery"),
            _page("Quarantine", "report", "connectors.rejectedrow", badge=f"{_BADGES}.quarantined",
                  badge_variant="warning"),
            _page("Escalations", "priority_high", "workflows.escalation"),
            _page("Prediction watch", "monitoring", "predictions.watchedweek"),
        ],
    },
    {
        "title": "Set-up",
        "collapsible": True,
        "items": [
            _page("Reconciliations", "compare_arrows", "matching.reconciliation"),
            _page("Rule sets", "tune", "matching.ruleset"),
            _page("Calibrations", "model_training", "matching.calibration"),
            _page("Teams", "groups", "breaks.team"),
            _page("SLA policies", "timer", "breaks.slapolicy"),
            _page("Calendars", "event_busy", "breaks.holidaycalendar"),
            _page("Changes of due times", "update", "breaks.clockchange"),
            _page("Escalation levels", "stairs", "workflows.escalationlevel"),
            _page("Channels", "campaign", "workflows.channel"),
            _page("Report subscriptions", "outgoing_mail", "reporting.reportsubscription"),
            _page("Routing rules", "alt_route", "workflows.routingrule"),
            _page("Shifts and skills", "badge", "workflows.workpattern"),
            _page("Absences", "beach_access", "workflows.absence"),
            _page("Exposure thresholds", "speed", "breaks.exposurethreshold"),
            _page("Approval policies", "verified_user", "breaks.approvalpolicy"),
            _page("Remediation policies", "healing", "workflows.remediationpolicy"),
            _page("Prediction models", "model_training", "predictions.modelversion"),
            _page("Trainings", "fitness_center", "predictions.trainingrun"),
            _page("Prediction settings", "rule_settings", "predictions.scoringsettings"),
            _page("Feeds", "rss_feed", "connectors.feed"),
            _page("Layouts", "view_column", "connectors.layout"),
            _page("Sources", "dns", "trades.source"),
        ],
    },
    {
        "title": "Reference data",
        "collapsible": True,
        "items": [
            _page("Instruments", "sell", "trades.instrument"),
            _page("Counterparties", "apartment", "trades.counterparty"),
            _page("Accounts", "account_balance", "trades.account"),
            _page("FX rates", "currency_exchange", "trades.fxrate"),
        ],
    },
    {
        "title": "Administration",
        "collapsible": True,
        "items": [
            _page("Users", "person", "auth.user"),
            _page("Groups", "group", "auth.group"),
            _page("API tokens", "key", "knox.authtoken"),
            _page("History roots", "verified", "breaks.historyroot"),
            _page("Notifications", "outgoing_mail", "workflows.notification"),
            _page("Schedules", "schedule", "django_celery_beat.periodictask"),
            _page("Crontabs", "calendar_month", "django_celery_beat.crontabschedule"),
            _page("Intervals", "timer", "django_celery_beat.intervalschedule"),
            _page("Task results", "task", "django_celery_results.taskresult"),
            _page("Workers", "monitor_heart", "recon_project.workerpulse"),
            _page("Failed sign-ins", "lock_person", "axes.accessattempt"),
            _page("Sign-in log", "login", "axes.accesslog"),
        ],
    },
]  # fmt: skip

# A calm blue, and unfold's own slate greys.
_PRIMARY = {
    "50": "oklch(97% .014 254.604)",
    "100": "oklch(93.2% .032 255.585)",
    "200": "oklch(88.2% .059 254.128)",
    "300": "oklch(80.9% .105 251.813)",
    "400": "oklch(70.7% .145 254.624)",
    "500": "oklch(62.3% .17 257)",
    "600": "oklch(54.6% .18 259)",
    "700": "oklch(48.8% .17 260)",
    "800": "oklch(42.4% .14 262)",
    "900": "oklch(37.9% .11 263)",
    "950": "oklch(28.2% .08 265)",
}

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Recon desk",
    "SITE_HEADER": "Recon desk",
    "SITE_SYMBOL": "balance",
    "SITE_URL": None,
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": favicon},
    ],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "ENVIRONMENT": "recon_project.admin_face.environment_label",
    "DASHBOARD_CALLBACK": "recon_project.landing.landing",
    "STYLES": [stylesheet, alerts_stylesheet],
    "SCRIPTS": [script],
    "BORDER_RADIUS": "5px",
    "COLORS": {"primary": _PRIMARY},
    "COMMAND": {"search_models": ["trades.trade", "breaks.tradebreak"], "show_history": True},
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "show_all_applications": False,
        "navigation": _NAVIGATION,
    },
}
