"""Automatic matches drawn at random: a person says of each whether it is right."""

from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RangeDateFilter, RelatedCheckboxFilter
from unfold.decorators import display

from breaks.admin.words import asked_words
from breaks.models import ApprovalRequest
from matching.admin.comparison import FIELDS, side_names
from matching.admin.matches import (
    differences_panel,
    explanation,
    group_panel,
    side_by_side,
)
from matching.choices import MatchKind, MatchStatus, QaVerdict
from matching.models import MatchLeg, QaSample
from trades.admin.acts import Act, ReasonForm
from trades.admin.cells import NOTHING, badge, day, link, moment, number, share, short
from trades.admin.desk import ViewFilter
from trades.admin.page import Page, PageAdmin, Panel

JUDGE = "matching.judge_qasample"
_VERDICTS = {QaVerdict.RIGHT: "MATCHED", QaVerdict.WRONG: "FAILED"}
_TO_JUDGE = Q(verdict="", match__status=MatchStatus.MATCHED)


class SampleFilter(ViewFilter):
    title = "view"
    parameter_name = "view"
    views = (("open", "To judge"), ("wrong", "Wrong"), ("right", "Right"), ("all", "All"))

    def narrow(self, queryset: QuerySet, value: str, request: HttpRequest) -> QuerySet:
        if value == "all":
            return queryset
        if value == "open":
            return queryset.filter(_TO_JUDGE)
        return queryset.filter(verdict=value.upper())


def _right(request: HttpRequest, row: QaSample, _given: dict[str, Any]) -> str:
    from breaks.services import qa

    by: Any = request.user
    qa.judge(sample_id=row.pk, verdict=QaVerdict.RIGHT, by=by, at=timezone.now())
    return f"{row.match} is right."


def _wrong(request: HttpRequest, row: QaSample, given: dict[str, Any]) -> str:
    from breaks.services import qa

    by: Any = request.user
    _, became = qa.judge(
        sample_id=row.pk, verdict=QaVerdict.WRONG, note=given["reason"], by=by, at=timezone.now()
    )
    if isinstance(became, ApprovalRequest):
        return f"{row.match} is wrong. {asked_words(became)}"
    return f"{row.match} is wrong, and taken apart."


def _refusals() -> tuple[type[Exception], ...]:
    from breaks.services.approvals import REFUSALS

    return REFUSALS


def _is_open(row: QaSample) -> bool:
    return not row.verdict and row.match.status == MatchStatus.MATCHED


def _is_not_mine(user: Any, row: QaSample) -> bool:
    return row.match.decided_by_id != user.pk


@admin.register(QaSample)
class QaSampleAdmin(PageAdmin):
    """The samples, the oldest to judge first; one leads to the next."""

    page_template = "desk/match.html"
    list_display = ("named", "trade_day", "instrument", "likeness", "how", "reconciliation_code",
                    "verdict_word", "judged_by")  # fmt: skip
    list_filter = (
        SampleFilter,
        ("reconciliation", RelatedCheckboxFilter),
        ("trade_date", RangeDateFilter),
    )
    ordering = ("trade_date", "pk")
    search_fields = ("match__legs__trade__source_trade_id", "=match__pk")
    search_help_text = "Trade id or match"
    acts = (
        Act(
            name="right", label="Right", permission=JUDGE, run=_right, refusals=_refusals,
            tone="primary", key="y", at_once=True, offered=_is_open, offered_to=_is_not_mine,
            description="The trades are the same business, whatever they still disagree on. The "
            "match stays as it is.",
        ),
        Act(
            name="wrong", label="Wrong", permission=JUDGE, run=_wrong, refusals=_refusals,
            form=ReasonForm, key="n", offered=_is_open, offered_to=_is_not_mine,
            submit="It is wrong",
            description="The trades are not the same business: the match is taken apart, and they "
            "are not paired again. Where the policy says so, a second person approves that first; "
            "the verdict counts at once.",
        ),
    )  # fmt: skip

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        left, right = side_names()
        named, trade_day, *rest = self.list_display
        return [named, trade_day, _side("left", left), _side("right", right), *rest]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        legs = MatchLeg.objects.select_related(
            "trade__source", "trade__instrument", "trade__counterparty", "trade__account"
        )
        joined = super().get_queryset(request).select_related(
            "match__reconciliation__left_source", "match__reconciliation__right_source",
            "match__rule_set", "draw", "reconciliation", "verdict_by",
        )  # fmt: skip
        return joined.prefetch_related(Prefetch("match__legs", queryset=legs), "match__differences")

    @display(description="Match", ordering="match")
    def named(self, row: QaSample) -> SafeString:
        return number(row.match_id)

    @display(description="Trade date", ordering="trade_date")
    def trade_day(self, row: QaSample) -> Any:
        return day(row.trade_date)

    @display(description="Instrument")
    def instrument(self, row: QaSample) -> SafeString:
        named = [str(leg.trade.instrument or leg.trade.symbol) for leg in row.match.legs.all()]
        return short(named[0] if named else "")

    @display(description="Likeness", ordering="match__score")
    def likeness(self, row: QaSample) -> SafeString:
        return share(row.match.score)

    @display(description="Found by", ordering="match__pass_name")
    def how(self, row: QaSample) -> SafeString:
        return short(row.match.pass_name, width="medium")

    @display(description="Reconciliation", ordering="reconciliation__code")
    def reconciliation_code(self, row: QaSample) -> str:
        return row.reconciliation.code

    @display(description="Verdict", ordering="verdict")
    def verdict_word(self, row: QaSample) -> SafeString:
        return _verdict(row)

    @display(description="By", ordering="verdict_by__username")
    def judged_by(self, row: QaSample) -> Any:
        return row.verdict_by or NOTHING

    def page(self, request: HttpRequest, row: Any) -> Page:
        match = row.match
        is_group = match.kind != MatchKind.ONE_TO_ONE
        names = [FIELDS.get(one.field, (one.field, ""))[0] for one in match.differences.all()]
        return Page(
            headline=format_html("<b>Match {}</b> {}", match.pk, _verdict(row)),
            soft=f"drawn at random from {row.draw.automatic:,} automatic matches, "
            f"{match.reconciliation.name}",
            figures=[
                ("Likeness", share(match.score)),
                ("Found by", match.pass_name),
                ("Differs in", ", ".join(names) or "nothing"),
            ],
            main=[
                *([group_panel(match, list(match.legs.all()))] if is_group else []),
                differences_panel(match),
            ],
            side=[explanation(match), _measured(row), _facts(row)],
            extra={"compared": side_by_side(match)},
        )

    def onward(self, request: HttpRequest, row: Any) -> str:
        """Lead from a sample that was judged to the next one, or to the list after the last."""
        row.refresh_from_db(fields=["verdict"])
        if not row.verdict:
            return super().onward(request, row)
        waiting = QaSample.objects.filter(_TO_JUDGE).exclude(match__decided_by=request.user.pk)
        following = waiting.order_by("trade_date", "pk").values_list("pk", flat=True).first()
        if following is None:
            return reverse("admin:matching_qasample_changelist")
        return reverse("admin:matching_qasample_change", args=[following])


def _side(side: str, name: str) -> Any:
    @display(description=name)
    def column(row: QaSample) -> SafeString:
        ids = [leg.trade.source_trade_id for leg in row.match.legs.all() if leg.side == side]
        if not ids:
            return NOTHING
        more = f" +{len(ids) - 1}" if len(ids) > 1 else ""
        return short(f"{ids[0]}{more}", mono=True)

    column.__name__ = f"on_{side}"
    return column


def _verdict(row: QaSample) -> SafeString:
    if row.verdict:
        return badge(_VERDICTS[QaVerdict(row.verdict)], row.get_verdict_display())
    if row.match.status == MatchStatus.MATCHED:
        return badge("PROPOSED", "to judge")
    return badge("SUPERSEDED", row.match.get_status_display().lower())


def _measured(row: QaSample) -> Panel:
    """Show what the samples of this reconciliation came to, the newest month first."""
    from matching.false_matches import false_match_rates

    found = false_match_rates(reconciliation=row.reconciliation_id)[::-1]
    return Panel(
        title="False matches, measured",
        note="95% interval",
        head=("Month", "Judged", "Wrong", "Rate", "Between"),
        numeric=frozenset({1, 2, 3, 4}),
        rows=[
            [
                f"{one.month:%Y-%m}",
                format_html("{} of {}", one.judged, one.drawn),
                one.wrong,
                NOTHING if one.rate is None else f"{one.rate:.1%}",
                f"{one.low:.1%} and {one.high:.1%}" if one.judged else NOTHING,
            ]
            for one in found[:6]
            if one.month
        ],
        none="Nothing was judged yet.",
    )


def _facts(row: QaSample) -> Panel:
    match, draw = row.match, row.draw
    return Panel(
        title="How it came here",
        facts=[
            ("Match", link("matching_match", match.pk, match)),
            ("Run", link("matching_reconciliationrun", draw.pk, f"Run {draw.pk}")),
            ("Drawn", f"{draw.drawn:,} of {draw.automatic:,}"),
            ("Each with a chance of", f"{draw.share_pct.normalize():f}%, at most {draw.most:,}"),
            ("Rules", link("matching_ruleset", match.rule_set_id, match.rule_set)),
            ("Judged by", row.verdict_by or NOTHING),
            ("Judged", moment(row.verdict_at)),
            ("Why", row.note or NOTHING),
        ],
    )
