"""A back-test on a page: what would be matched and broken otherwise, with trades to look at."""

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RelatedCheckboxFilter
from unfold.decorators import display

from breaks.choices import BreakType
from breaks.models import BackTest
from matching.choices import REVIEW_REASONS, Decision
from matching.models import RuleSet
from trades.admin.cells import NOTHING, badge, digits, link, moment, money, number, short, signed
from trades.admin.page import Page, PageAdmin, Panel

KINDS = {
    "gained": ("Matches gained", "No match is made that is not made today."),
    "lost": ("Matches lost", "Every match made today is made."),
    "to_review": ("Matched by itself today, to review then", "None."),
    "to_auto": ("To review today, matched by itself then", "None."),
}
_DECIDED = {Decision.AUTO: ("MATCHED", "matched"), Decision.REVIEW: ("PROPOSED", "to review")}


@admin.register(BackTest)
class BackTestAdmin(PageAdmin):
    """What was tried, the newest first."""

    page_template = "desk/back_test.html"

    list_display = ("named", "version", "on_run", "gained", "lost", "redecided", "appear",
                    "vanish", "by", "when")  # fmt: skip
    list_filter = (("rule_set", RelatedCheckboxFilter),)
    list_select_related = (
        "rule_set",
        "against",
        "run__reconciliation__left_source",
        "run__reconciliation__right_source",
        "by",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related(*self.list_select_related)

    @display(description="Back-test", ordering="pk")
    def named(self, row: BackTest) -> SafeString:
        return number(row.pk)

    @display(description="Rules", ordering="rule_set")
    def version(self, row: BackTest) -> str:
        return str(row.rule_set)

    @display(description="On", ordering="run")
    def on_run(self, row: BackTest) -> SafeString:
        return short(str(row.run), width="medium")

    @display(description="Gained")
    def gained(self, row: BackTest) -> SafeString:
        return _count(row, "matches", "gained")

    @display(description="Lost")
    def lost(self, row: BackTest) -> SafeString:
        return _count(row, "matches", "lost")

    @display(description="Decided otherwise")
    def redecided(self, row: BackTest) -> SafeString:
        found = row.result["matches"]
        return number(found["to_review"]["count"] + found["to_auto"]["count"])

    @display(description="Breaks that appear")
    def appear(self, row: BackTest) -> SafeString:
        return _count(row, "breaks", "appear")

    @display(description="Vanish")
    def vanish(self, row: BackTest) -> SafeString:
        return _count(row, "breaks", "vanish")

    @display(description="Tried", ordering="at")
    def when(self, row: BackTest) -> SafeString:
        return moment(row.at)

    def page(self, request: HttpRequest, row: Any) -> Page:
        found = row.result
        matches, breaks = found["matches"], found["breaks"]
        panels = [
            _breaks(breaks["appear"], "Breaks that appear", found["currency"], row),
            _breaks(breaks["vanish"], "Breaks that vanish", found["currency"], row),
            *(_matches(kind, matches[kind], row) for kind in KINDS),
        ]
        return Page(
            headline=format_html("<b>{}</b> tried on {}", row.rule_set, row.run),
            soft=f"beside {row.against}, the version that was active",
            figures=[
                ("Matches", _was_becomes(_all(matches["before"]), _all(matches["after"]))),
                ("Of them to review", _was_becomes(*_of(matches, Decision.REVIEW))),
                ("Gained", _more(matches["gained"]["count"])),
                ("Lost", _less(matches["lost"]["count"])),
                ("Breaks", _was_becomes(breaks["before"], breaks["after"])),
                ("Appear", _more(breaks["appear"]["count"])),
                ("Vanish", _less(breaks["vanish"]["count"])),
                ("Pending", _was_becomes(breaks["pending_before"], breaks["pending_after"])),
            ],
            alert=_alert(row),
            # What there is to look at comes first.
            main=sorted(panels, key=lambda panel: not panel.count),
            side=[*_types(breaks, found["currency"], row), _passes(found["passes"]), _facts(row)],
        )


def back_tests_panel(rule_set: RuleSet) -> Panel:
    """Return the back-tests of a version as a panel of links, the newest first."""
    from breaks.services.approvals.execution import digest_of_rules

    rows = BackTest.objects.filter(rule_set=rule_set).select_related("by")
    now = digest_of_rules(rule_set)
    shown = []
    for one in rows[:5]:
        matches, breaks = one.result["matches"], one.result["breaks"]
        as_now = one.definition_digest == now
        shown.append([
            link("breaks_backtest", one.pk, moment(one.at)),
            _more(matches["gained"]["count"]), _less(matches["lost"]["count"]),
            _more(breaks["appear"]["count"]), _less(breaks["vanish"]["count"]),
            one.by if as_now else badge("ESCALATED", "rules changed since"),
        ])  # fmt: skip
    return Panel(
        title="Tried",
        head=("On", "Gained", "Lost", "Appear", "Vanish", "By"),
        numeric=frozenset({1, 2, 3, 4}),
        rows=shown,
        none="It was not tried yet.",
    )


def _count(row: BackTest, part: str, kind: str) -> SafeString:
    return number(row.result[part][kind]["count"])


def _all(decided: dict[str, int]) -> int:
    return sum(decided.values())


def _of(matches: dict[str, Any], decision: Decision) -> tuple[int, int]:
    return matches["before"].get(decision, 0), matches["after"].get(decision, 0)


def _was_becomes(was: int, becomes: int) -> SafeString:
    if was == becomes:
        return format_html("{}", digits(str(was)))
    return format_html("{} to {}", digits(str(was)), digits(str(becomes)))


def _more(count: int) -> str:
    return f"+{count:,}" if count else "0"


def _less(count: int) -> str:
    return f"-{count:,}" if count else "0"


def _alert(row: BackTest) -> str:
    from breaks.services.approvals.execution import digest_of_rules

    said = [row.result["left_out"]] if row.result["left_out"] else []
    if row.definition_digest != digest_of_rules(row.rule_set):
        said.append(f"{row.rule_set} was edited since: try it again.")
    return " ".join(said)


def _type_words(kind: str, row: BackTest) -> str:
    between = row.run.reconciliation
    if kind == BreakType.MISSING_LEFT:
        return f"Missing at {between.left_source.name}"
    if kind == BreakType.MISSING_RIGHT:
        return f"Missing at {between.right_source.name}"
    return str(BreakType(kind).label)


def _breaks(found: dict[str, Any], title: str, currency: str, row: BackTest) -> Panel:
    rows = [
        [
            _type_words(one["type"], row),
            badge(one["severity"], one["severity"].capitalize()),
            _trade(one["left"]) or short(one["left_value"]),
            _trade(one["right"]) or short(one["right_value"]),
            _difference(one),
            money(_exact(one["exposure"]), currency, unknown="The exposure is unknown.", bare=True),
        ]
        for one in found["samples"]
    ]
    between = row.run.reconciliation
    return Panel(
        title=title,
        count=found["count"],
        note=_sampled(found),
        head=("Type", "Severity", between.left_source.name, between.right_source.name,
              "Difference", f"Exposure {currency}"),
        numeric=frozenset({4, 5}),
        rows=rows,
        none="None.",
    )  # fmt: skip


def _difference(one: dict[str, Any]) -> SafeString | str:
    if one["difference"] is not None:
        return signed(Decimal(one["difference"]))
    values = [value for value in (one["left_value"], one["right_value"]) if value]
    return short(" / ".join(values), width="medium") if one["field"] else NOTHING


def _matches(kind: str, found: dict[str, Any], row: BackTest) -> Panel:
    title, none = KINDS[kind]
    between = row.run.reconciliation
    return Panel(
        title=title,
        count=found["count"],
        note=_sampled(found),
        head=(between.left_source.name, between.right_source.name, "Today", "Then",
              f"Notional {row.result['currency']}"),
        numeric=frozenset({4}),
        rows=[
            [
                _side(one["left"]),
                _side(one["right"]),
                _found(one["before"], one["others"]),
                _found(one["after"], one["others"]),
                money(_exact(one["stake"]), unknown="The notional is unknown.", bare=True),
            ]
            for one in found["samples"]
        ],
        none=none,
    )  # fmt: skip


def _sampled(found: dict[str, Any]) -> str:
    shown = len(found["samples"])
    return f"the {shown} dearest" if shown < found["count"] else ""


def _side(trades: list[dict[str, Any]]) -> SafeString:
    return format_html_join(
        "", '<div class="dk-leg">{}<small title="{}">{}</small></div>',
        ((_trade(one), one["says"], one["says"]) for one in trades),
    )  # fmt: skip


def _trade(one: dict[str, Any] | None) -> SafeString | str:
    if one is None:
        return ""
    address = reverse("admin:trades_trade_change", args=[one["id"]])
    return format_html(
        '<a class="dk-link dk-mono" href="{}" title="{}">{}</a>',
        address, one["says"], one["trade_id"],
    )  # fmt: skip


def _found(one: dict[str, Any] | None, others: int) -> SafeString:
    if one is None:
        return format_html(
            '<span class="dk-soft dk-when">{}</span>',
            "paired otherwise" if others else "not paired",
        )
    why = REVIEW_REASONS.get(one["reason"], one["reason"].replace("_", " "))
    found_by = ", ".join(part for part in (one["pass"], why) if part)
    return format_html(
        '<div class="dk-verdict">{} {}%<small title="{}">{}</small></div>',
        badge(*_DECIDED[one["decision"]]), f"{one['score'] * 100:.1f}", found_by, found_by,
    )  # fmt: skip


def _types(breaks: dict[str, Any], currency: str, row: BackTest) -> list[Panel]:
    return [
        Panel(
            title=title,
            head=("Type", "Breaks", f"Exposure {currency}", "Unknown"),
            numeric=frozenset({1, 2, 3}),
            rows=[
                [
                    _type_words(one["type"], row),
                    number(one["count"]),
                    money(Decimal(one["exposure"]), bare=True),
                    number(one["unknown"]) if one["unknown"] else NOTHING,
                ]
                for one in breaks[kind]["types"]
            ],
            none="None.",
        )
        for kind, title in (("appear", "Appear, by type"), ("vanish", "Vanish, by type"))
    ]


def _passes(passes: list[dict[str, Any]]) -> Panel:
    return Panel(
        title="Matches by pass",
        head=("Pass", "Today", "Then", ""),
        numeric=frozenset({1, 2, 3}),
        rows=[
            [
                short(one["name"], width="medium"),
                number(one["before"]),
                number(one["after"]),
                signed(Decimal(one["after"] - one["before"]))
                if one["after"] != one["before"] else "",
            ]
            for one in passes
        ],
    )  # fmt: skip


def _facts(row: BackTest) -> Panel:
    found = row.result
    days = found["from_date"]
    if found["to_date"] != days:
        days = f"{days} to {found['to_date']}"
    trades = found["trades"]
    return Panel(
        title="How it was tried",
        facts=[
            ("Rules", link("matching_ruleset", row.rule_set_id, row.rule_set)),
            ("Beside", link("matching_ruleset", row.against_id, row.against)),
            ("Run", link("matching_reconciliationrun", row.run_id, f"Run {row.run_id}")),
            ("Trade dates", days),
            ("Trades paired", f"{trades['left']:,} with {trades['right']:,}"),
            ("By", row.by),
            ("At", moment(row.at)),
            ("Took", f"{found['seconds']['all']:.1f} s"),
        ],
    )


def _exact(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
