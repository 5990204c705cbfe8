"""Approvals: what waits for a second person, what I asked for, and what was decided."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.defaultfilters import linebreaksbr
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesCheckboxFilter, RelatedCheckboxFilter
from unfold.decorators import display

from breaks.admin.deciding import DECIDE, DECISIONS, MOST, decide_many, many_link
from breaks.admin.effects import effect_of
from breaks.choices import ApprovalStatus
from breaks.models import ApprovalRequest, TradeBreak
from breaks.selectors import approvals_to_decide, approvals_visible_to, approvals_waiting
from trades.admin.cells import NOTHING, badge, link, moment, money, short, since, span
from trades.admin.desk import ViewFilter
from trades.admin.page import Page, PageAdmin, Panel

UNKNOWN = "What it puts at risk is not known, so it always needs a second person."


class ApprovalFilter(ViewFilter):
    title = "view"
    parameter_name = "view"
    views = (("for-me", "For me to decide"), ("waiting", "All waiting"), ("mine", "Asked by me"),
             ("decided", "Decided"), ("all", "All"))  # fmt: skip

    def __init__(self, request: HttpRequest, *args: Any) -> None:
        self._may_decide = request.user.has_perm(DECIDE)
        super().__init__(request, *args)

    def default(self) -> str:
        return "for-me" if self._may_decide else "mine"

    def narrow(self, queryset: QuerySet, value: str, request: HttpRequest) -> QuerySet:
        waiting = queryset.filter(status=ApprovalStatus.PENDING)
        if value == "for-me":
            return waiting.filter(pk__in=approvals_to_decide(request.user).values("pk"))
        if value == "mine":
            return queryset.filter(made_by=request.user)
        if value == "decided":
            return queryset.exclude(status=ApprovalStatus.PENDING)
        return waiting if value == "waiting" else queryset


@admin.register(ApprovalRequest)
class ApprovalRequestAdmin(PageAdmin):
    page_template = "desk/approval.html"
    list_filter = (
        ApprovalFilter,
        ("act", ChoicesCheckboxFilter),
        ("status", ChoicesCheckboxFilter),
        ("made_by", RelatedCheckboxFilter),
    )
    search_fields = ("summary", "reason", "made_by__username", "=pk", "=trade_break__pk")
    search_help_text = "Words, a name, a request or break"
    ordering = ("-made_at", "-pk")
    list_display_links = ("asked_for",)
    actions = ("approve_selected", "turn_down_selected", "withdraw_selected")
    acts = DECISIONS

    def get_urls(self) -> list[URLPattern]:
        many = [
            path(
                f"{act.name}-many/",
                self.admin_site.admin_view(decide_many(self, act)),
                name=f"breaks_approvalrequest_{act.name}_many",
            )
            for act in self.acts
        ]
        return many + super().get_urls()

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return approvals_visible_to(request.user).order_by(*self.ordering)

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        view = request.GET.get("view") or ("for-me" if request.user.has_perm(DECIDE) else "mine")
        decided = [] if view in {"for-me", "waiting"} else ["status_word", "decision"]
        return ["asked_for", "at_risk", "maker", "waited", "why", *decided,
                _acts_column(self, request)]  # fmt: skip

    def acts_for(self, request: HttpRequest, row: Any) -> list[dict[str, Any]]:
        """Let a maker withdraw and a checker decide; nobody is both."""
        mine = row.made_by_id == request.user.pk
        found = super().acts_for(request, row)
        return [item for item in found if (item["act"].name == "withdraw") == mine]

    @display(description="Asked for", ordering="pk")
    def asked_for(self, row: ApprovalRequest) -> SafeString:
        return format_html(
            '<span class="dk-cut" title="{}">{} <small class="dk-soft">{}</small></span>',
            row.summary, row.summary, row.pk,
        )  # fmt: skip

    @display(description="Exposure", ordering=F("exposure").asc(nulls_first=True))
    def at_risk(self, row: ApprovalRequest) -> SafeString:
        return money(row.exposure, settings.BASE_CURRENCY, unknown=UNKNOWN, bare=True)

    @display(description="Asked by", ordering="made_by__username")
    def maker(self, row: ApprovalRequest) -> SafeString:
        return short(row.made_by.get_username())

    @display(description="Ago", ordering="-made_at")
    def waited(self, row: ApprovalRequest) -> SafeString:
        return since(row.made_at, now=timezone.now())

    @display(description="Why")
    def why(self, row: ApprovalRequest) -> SafeString:
        return short(row.reason)

    @display(description="Status", ordering="status")
    def status_word(self, row: ApprovalRequest) -> SafeString:
        return badge(row.status, row.get_status_display())

    @display(description="Decided by", ordering="decided_by__username")
    def decision(self, row: ApprovalRequest) -> SafeString:
        if row.decided_by is None:
            return NOTHING
        return format_html(
            '<span title="{}">{}</span>', row.decision_note, row.decided_by.get_username()
        )

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(DECIDE)

    def _many(self, request: HttpRequest, queryset: QuerySet, at: int) -> HttpResponse | None:
        keys = list(queryset.values_list("pk", flat=True)[: MOST + 1])
        if len(keys) > MOST:
            self.message_user(request, f"Select {MOST} at most.", messages.WARNING)
            return None
        return HttpResponseRedirect(many_link(self.acts[at], keys))

    @admin.action(description="Approve", permissions=["decide"])
    def approve_selected(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        return self._many(request, queryset, 0)

    @admin.action(description="Turn down", permissions=["decide"])
    def turn_down_selected(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        return self._many(request, queryset, 1)

    @admin.action(description="Withdraw", permissions=["view"])
    def withdraw_selected(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        return self._many(request, queryset, 2)

    def page(self, request: HttpRequest, row: Any) -> Page:
        from breaks.services.approvals import overtaken_by

        effect = effect_of(row, by=request.user)
        overtaken = overtaken_by(row)
        return Page(
            headline=format_html(
                "<b>{}</b> {}", row.summary, badge(row.status, row.get_status_display())
            ),
            soft=str(row),
            figures=[
                ("Exposure", money(row.exposure, settings.BASE_CURRENCY, unknown=UNKNOWN)),
                ("Asked by", row.made_by),
                ("Asked", moment(row.made_at)),
                ("Waiting for" if _waits(row) else "Waited", _waited(row)),
            ],
            alert=f"Overtaken: {overtaken} Approving it would do nothing." if overtaken else "",
            main=list(effect.panels),
            side=[_reason(row), *([] if _waits(row) else [_decision(row)]), _facts(row)],
            extra={"compared": effect.compared},
        )


def _waits(row: ApprovalRequest) -> bool:
    return row.status == ApprovalStatus.PENDING


def _waited(row: ApprovalRequest) -> str:
    return span((row.decided_at or timezone.now()) - row.made_at)


def _reason(row: ApprovalRequest) -> Panel:
    said = format_html('<p class="dk-say">{}</p>', linebreaksbr(row.reason, autoescape=True))
    return Panel(title="Why", note=f"{row.made_by} says", body=said)


def _decision(row: ApprovalRequest) -> Panel:
    facts = [
        ("Decision", row.get_status_display()),
        ("By", row.decided_by),
        ("When", moment(row.decided_at)),
        ("Note", row.decision_note or NOTHING),
    ]
    return Panel(title="What was decided", facts=facts)


def _facts(row: ApprovalRequest) -> Panel:
    facts = [("Kind", row.get_act_display())]
    for label, view, about in (
        ("Break", "breaks_tradebreak", row.trade_break),
        ("Match", "matching_match", row.match),
        ("Rule set", "matching_ruleset", row.rule_set),
    ):
        if about is not None:
            facts.append((label, link(view, about.pk, about)))
    if row.reconciliation is not None:
        facts.append(("Reconciliation", row.reconciliation.name))
    return Panel(title="About this request", facts=facts)


def _acts_column(model_admin: ApprovalRequestAdmin, request: HttpRequest) -> Any:
    """Return the column of what this person may do to a row; the links open dialogs."""

    def acts(row: ApprovalRequest) -> SafeString:
        links = [(item["link"], item["act"].label) for item in model_admin.acts_for(request, row)]
        if not links:
            return NOTHING
        return format_html(
            '<span class="dk-row-acts">{}</span>', format_html_join("", _DIALOG_LINK, links)
        )

    acts.short_description = "Decide"  # type: ignore[attr-defined]
    return acts


_DIALOG_LINK = (
    '<a class="dk-link" href="{0}" hx-get="{0}" hx-target="#modal-content" hx-select="#dialog" '
    'x-on:htmx:after-on-load="openModal = true">{1}</a>'
)


def waiting_panels(trade_break: TradeBreak) -> list[Panel]:
    """Return the panel of a break's page that says what waits for a second person, if anything."""
    found = list(approvals_waiting(trade_break))
    if not found:
        return []
    rows = [
        [
            link("breaks_approvalrequest", one.pk, one.summary),
            one.made_by,
            moment(one.made_at),
            short(one.reason, width="medium"),
        ]
        for one in found
    ]
    head = ("Asked for", "By", "When", "Why")
    return [Panel(title="Waits for approval", count=len(rows), head=head, rows=rows)]
