"""Matches, proposals first. Registered by `breaks.admin`, whose services decide on them."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import (
    ChoicesCheckboxFilter,
    RelatedCheckboxFilter,
)
from unfold.decorators import display

from matching.admin import review
from matching.admin.comparison import FIELDS, compared, difference_rows, side_names
from matching.admin.legs import legs_panel
from matching.choices import MatchKind, MatchStatus
from matching.models import Match, MatchAlternative, MatchDifference, MatchLeg
from matching.tables import MATCHES
from trades.admin.cells import (
    NOTHING,
    badge,
    digits,
    link,
    moment,
    money,
    number,
    share,
    short,
    since,
)
from trades.admin.desk import ViewFilter
from trades.admin.exporting import ExportAdmin
from trades.admin.page import Page, PageAdmin, Panel
from trades.admin.ranges import MomentRangeFilter
from trades.spreadsheet import Mode, Table

# A candidate so few points of a hundred behind is as good.
AS_GOOD = 0.05


class MatchFilter(ViewFilter):
    title = "view"
    parameter_name = "view"
    views = (("review", "To review"), ("differ", "Matched, differing"), ("matched", "Matched"),
             ("undone", "Undone"), ("all", "All"))  # fmt: skip

    def narrow(self, queryset: QuerySet, value: str, request: HttpRequest) -> QuerySet:
        if value == "review":
            return queryset.filter(pk__in=Match.objects.to_review().values("pk"))
        if value == "matched":
            return queryset.filter(status=MatchStatus.MATCHED)
        if value == "differ":
            differing = MatchDifference.objects.values("match")
            return queryset.filter(status=MatchStatus.MATCHED, pk__in=differing)
        if value == "undone":
            return queryset.exclude(status__in=[MatchStatus.PROPOSED, MatchStatus.MATCHED])
        return queryset


def is_review(request: HttpRequest) -> bool:
    """Tell whether a list asked for is the queue of proposals, which is what it is by default."""
    asked = request.GET.get(MatchFilter.parameter_name)
    return asked not in {value for value, _ in MatchFilter.views[1:]}


class MatchAdmin(ExportAdmin, PageAdmin):
    page_template = "desk/match.html"
    list_filter = (
        MatchFilter,
        ("reconciliation", RelatedCheckboxFilter),
        ("kind", ChoicesCheckboxFilter),
        ("decision", ChoicesCheckboxFilter),
        ("created_at", MomentRangeFilter),
    )
    list_select_related = ("reconciliation",)
    search_fields = ("legs__trade__source_trade_id", "legs__trade__order_ref",
                     "legs__trade__counterparty_name", "=pk")  # fmt: skip
    search_help_text = "Trade id, order or counterparty"
    ordering = ("-created_at",)

    def table(self, *, mode: Mode, with_raw: bool) -> Table:
        return MATCHES

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        left, right = side_names()
        if is_review(request):
            return ["match", "stake", _terms_column("left", left), _terms_column("right", right),
                    "instrument", "differing", "how", "alike", "next_best",
                    "reconciliation_code", "made"]  # fmt: skip
        return ["match", "reconciliation_code", "legs", _trades_column("left", left),
                _trades_column("right", right), "instrument", "likeness", "how", "differing",
                "status_word", "made"]  # fmt: skip

    def get_ordering(self, request: HttpRequest) -> Any:
        return review.ORDER if is_review(request) else super().get_ordering(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        legs = MatchLeg.objects.select_related(
            "trade__source", "trade__instrument", "trade__counterparty", "trade__account"
        )
        found: QuerySet = (
            Match.objects.order_by(*super().get_ordering(request))
            .select_related("reconciliation__left_source", "reconciliation__right_source")
            .prefetch_related(Prefetch("legs", queryset=legs), "differences")
        )
        if not is_review(request):
            return found
        found = review.with_stakes(found).order_by(*review.ORDER)
        return found.prefetch_related("alternatives")

    @display(description="Match", ordering="pk")
    def match(self, match: Match) -> SafeString:
        return number(match.pk)

    @display(description="Reconciliation", ordering="reconciliation__code")
    def reconciliation_code(self, match: Match) -> str:
        return match.reconciliation.code

    @display(description="Kind", ordering="kind")
    def legs(self, match: Match) -> str:
        return match.kind

    @display(description="Instrument")
    def instrument(self, match: Match) -> SafeString:
        named = [str(leg.trade.instrument or leg.trade.symbol) for leg in match.legs.all()]
        return short(named[0] if named else "")

    @display(description="Likeness", ordering="score")
    def likeness(self, match: Match) -> SafeString:
        return share(match.score)

    @display(description="Why", ordering="reason")
    def how(self, match: Match) -> SafeString:
        if any(leg.trade_version != leg.trade.version for leg in match.legs.all()):
            return short("Trade changed")
        return short(match.reason_in_words or match.pass_name.replace("_", " "))

    @display(description="At stake", ordering="at_stake")
    def stake(self, match: Match) -> SafeString:
        amount, currency = review.notional(match.legs.all())
        return money(amount, currency, unknown="No price was reported.")

    @display(description="Likeness", ordering="score")
    def alike(self, match: Match) -> SafeString:
        if match.score is None:
            return NOTHING
        return format_html('<span class="dk-num">{}%</span>', f"{match.score * 100:.1f}")

    @display(description="Next best")
    def next_best(self, match: Match) -> SafeString:
        """Say how near the next candidate is: 0.0 is as good as this one."""
        best = max((other.score for other in match.alternatives.all()), default=None)
        if best is None or match.score is None:
            return NOTHING
        behind = (match.score - best) * 100
        return format_html(
            '<span class="dk-num" title="likeness {}%">{}</span>', f"{best * 100:.1f}",
            "as good" if behind < AS_GOOD else f"{behind:.1f} less",
        )  # fmt: skip

    @display(description="Differs in")
    def differing(self, match: Match) -> SafeString:
        names = [FIELDS.get(d.field, (d.field, ""))[0] for d in match.differences.all()]
        return short(", ".join(names))

    @display(description="Status", ordering="status")
    def status_word(self, match: Match) -> SafeString:
        return badge(match.status, match.get_status_display())

    @display(description="Age", ordering="created_at")
    def made(self, match: Match) -> SafeString:
        return since(match.created_at, now=timezone.now())

    def page(self, request: HttpRequest, row: Any) -> Page:
        legs = list(row.legs.all())
        is_group = row.kind != MatchKind.ONE_TO_ONE
        return Page(
            headline=format_html(
                "<b>Match {}</b> {}", row.pk, badge(row.status, row.get_status_display())
            ),
            soft=f"{row.get_kind_display()}, {row.reconciliation.name}",
            figures=[
                ("Likeness", share(row.score)),
                ("Found by", row.pass_name),
                ("Decision", _why(row)),
                ("Differences", number(len(row.differences.all()))),
            ],
            alert=_amended(legs),
            main=[
                *([group_panel(row, legs), differences_panel(row)] if is_group else []),
                alternatives_panel(row, lambda other: self.instead(request, row, other)),
            ],
            side=[explanation(row), *self.about(request, row), _facts(row)],
            extra={"compared": side_by_side(row), "navigation": self.navigation(request, row)},
        )

    def instead(self, request: HttpRequest, match: Match, other: MatchAlternative) -> Any:
        """Return the way to pair with another candidate; a higher app has one."""
        return ""

    def navigation(self, request: HttpRequest, match: Match) -> dict[str, Any] | None:
        """Return the ways to the proposals beside this one; None from a match of no queue."""
        if match.status != MatchStatus.PROPOSED:
            return None
        keys = dict(zip(("previous", "next"), review.beside(match), strict=True))
        return {name: self._page_of(key) if key else "" for name, key in keys.items()} | {
            "queue": reverse("admin:matching_match_changelist")
        }

    def _page_of(self, key: int) -> str:
        return reverse("admin:matching_match_change", args=[key])

    def about(self, request: HttpRequest, match: Match) -> list[Panel]:
        """Return panels of what stands above matches; a higher app fills it in."""
        return []


def side_by_side(match: Match) -> dict[str, Any] | None:
    """Return both sides of a pair, compared; a group has no such table."""
    if match.kind != MatchKind.ONE_TO_ONE:
        return None
    by_side = {leg.side: leg.trade for leg in match.legs.all()}
    return compared(
        match.reconciliation,
        by_side.get("left"),
        by_side.get("right"),
        {found.field: found for found in match.differences.all()},
    )


def explanation_panel(scores: Iterable[Any]) -> str:
    """Draw why trades were paired: per field its values, likeness, weight and contribution."""
    rows = [
        {
            "label": FIELDS.get(one.field, (one.field.replace("_", " ").capitalize(), ""))[0],
            "left": one.left,
            "right": one.right,
            "likeness": None if one.similarity is None else share(one.similarity),
            "weight": _percent(one.weight),
            "adds": None if one.similarity is None else _percent(one.contribution),
        }
        for one in sorted(scores, key=lambda one: -one.weight)
        if one.weight
    ]
    return render_to_string("desk/explanation.html", {"rows": rows})


def _percent(part: float | None) -> str | None:
    return None if part is None else f"{part * 100:.1f}"


def explanation(match: Match) -> Panel:
    """Return the panel that says why the trades of a match were paired."""
    if match.score is None:
        return Panel(title="Why they were paired", none="A person paired them.")
    from matching import selectors

    rows = selectors.explanation(match)
    return Panel(
        title="Why they were paired",
        note="weight times likeness, by field",
        body=explanation_panel(rows),
    )


def group_panel(match: Match, legs: list[MatchLeg]) -> Panel:
    """Return the legs of a group, one against the other side."""
    count = Counter(leg.side for leg in legs)
    differing = {found.field for found in match.differences.all()}
    return legs_panel(legs, differing, f"{count['left']} against {count['right']}")


def differences_panel(match: Match) -> Panel:
    return Panel(
        title="Differences",
        count=len(match.differences.all()),
        head=("Field", match.reconciliation.left_source.name,
              match.reconciliation.right_source.name, "Difference", "Let pass"),
        rows=difference_rows(match.differences.all()),
        numeric=frozenset({1, 2, 3}),
        none="The two sides agree on every field that was compared.",
    )  # fmt: skip


def alternatives_panel(
    match: Match, act: Callable[[MatchAlternative], Any] = lambda _: ""
) -> Panel:
    """Return the panel of the trades that would fit nearly as well, each with what `act` offers."""
    others = match.alternatives.select_related("trade__source", "trade__instrument")
    rows = [
        [
            other.trade.source.name,
            link("trades_trade", other.trade_id, other.trade.source_trade_id),
            other.trade.get_side_display(),
            number(other.trade.quantity),
            number(other.trade.price, places=2),
            other.trade.instrument or NOTHING,
            share(other.score),
            act(other),
        ]
        for other in others
    ]
    return Panel(
        title="Other candidates",
        count=len(rows),
        head=("Source", "Trade", "Side", "Quantity", "Price", "Instrument", "Likeness", ""),
        rows=rows,
        numeric=frozenset({3, 4}),
        none="No other trade would fit nearly as well.",
    )


def _facts(match: Match) -> Panel:
    return Panel(
        title="How it came about",
        facts=[
            ("Run", link("matching_reconciliationrun", match.run_id, f"Run {match.run_id}")),
            ("Rules", link("matching_ruleset", match.rule_set_id, match.rule_set)),
            ("Made", moment(match.created_at)),
            ("Decided by", match.decided_by or NOTHING),
            ("Decided", moment(match.decided_at)),
            ("Note", match.decision_note or NOTHING),
        ],
    )


def _why(match: Match) -> str:
    words = match.get_decision_display()
    return f"{words}: {match.reason_in_words}" if match.reason else words


def _amended(legs: list[MatchLeg]) -> str:
    changed = [leg.trade.source_trade_id for leg in legs if leg.trade_version != leg.trade.version]
    if not changed:
        return ""
    return (
        f"{', '.join(changed)} changed since this match was made; the next run compares it again."
    )


def _trades_column(side: str, name: str) -> Callable[[Match], SafeString]:
    def column(match: Match) -> SafeString:
        return _side(match, side)

    column.__name__ = f"on_{side}"
    column.short_description = name  # type: ignore[attr-defined]
    return column


def _terms_column(side: str, name: str) -> Callable[[Match], SafeString]:
    def column(match: Match) -> SafeString:
        legs = [leg for leg in match.legs.all() if leg.side == side]
        if not legs:
            return NOTHING
        first = legs[0].trade
        terms = f"{first.get_side_display()} {digits(first.quantity)}"
        if first.price is not None:
            terms += f" @ {digits(first.price, places=2)} {first.currency}"
        more = f" +{len(legs) - 1} more" if len(legs) > 1 else ""
        return format_html(
            '<span class="dk-cut" title="{}: {}{}">{}{}<br>'
            '<small class="dk-mono">{}</small></span>',
            first.source_trade_id, terms, more, terms, more, first.source_trade_id,
        )  # fmt: skip

    column.__name__ = f"terms_{side}"
    column.short_description = name  # type: ignore[attr-defined]
    return column


def _side(match: Match, side: str) -> SafeString:
    names = [leg.trade.source_trade_id for leg in match.legs.all() if leg.side == side]
    if not names:
        return NOTHING
    more = f" +{len(names) - 1}" if len(names) > 1 else ""
    return short(f"{names[0]}{more}", mono=True)
