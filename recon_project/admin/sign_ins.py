"""Attempts to sign in, as django-axes counts them; deleting an attempt lifts its lock."""

from typing import Any

import axes.admin
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib import admin
from django.utils.safestring import SafeString
from unfold.decorators import display

from trades.admin.cells import moment, short
from trades.admin.desk import DeskAdmin

for _model in (AccessAttempt, AccessFailureLog, AccessLog):
    admin.site.unregister(_model)


class SignInAdmin(DeskAdmin):
    """What the three pages share; nobody writes such a row by hand."""

    date_hierarchy = None
    list_filter: Any = ()
    search_fields = ("username", "ip_address")

    @display(description="When", ordering="attempt_time")
    def at(self, row: AccessLog) -> SafeString:
        return moment(row.attempt_time)

    @display(description="Browser", ordering="user_agent")
    def browser(self, row: AccessLog) -> SafeString:
        return short(row.user_agent)


@admin.register(AccessAttempt)
class DeskAttemptAdmin(axes.admin.AccessAttemptAdmin, SignInAdmin):  # type: ignore[misc]
    list_display = ("at", "username", "ip_address", "failures_since_start", "status", "browser")
    list_filter = (axes.admin.IsLockedOutFilter,)
    list_filter_submit = False
    date_hierarchy = None
    fields = ("username", "ip_address", "attempt_time", "failures_since_start", "user_agent",
              "path_info")  # fmt: skip
    # The form data of a failed attempt may hold a mistyped password.
    fieldsets = None
    actions = ()


@admin.register(AccessLog)
class DeskLogAdmin(axes.admin.AccessLogAdmin, SignInAdmin):  # type: ignore[misc]
    list_display = ("at", "username", "ip_address", "signed_out", "browser")
    list_filter = ()
    date_hierarchy = None

    @display(description="Signed out", ordering="logout_time")
    def signed_out(self, row: AccessLog) -> SafeString:
        return moment(row.logout_time)


@admin.register(AccessFailureLog)
class DeskFailureAdmin(axes.admin.AccessFailureLogAdmin, SignInAdmin):  # type: ignore[misc]
    list_display = ("at", "username", "ip_address", "locked_out", "browser")
    list_filter = ("locked_out",)
    date_hierarchy = None
