"""The watch: by week what the model expected and what came, and how far its trades drifted."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from predictions.admin.drawing import heat, line, pairs
from predictions.choices import RiskBand
from predictions.models import Crossing, FeatureDrift, ModelVersion, ScoringSettings, WatchedWeek
from predictions.selectors import active_version, scoring_settings
from trades.admin.cells import NOTHING, badge, day, digits, number
from trades.admin.desk import DeskAdmin, ReadOnly
from trades.admin.page import Page, Panel
from trades.admin.twin import table_twin

# A quarter is drawn; of the features, what fits beside their names.
WEEKS, DRIFT_WEEKS = 13, 8
CROSSINGS = 20
Weeks = Sequence[WatchedWeek]


@admin.register(WatchedWeek)
class WatchAdmin(ReadOnly, DeskAdmin):
    """One page for all weeks of the active model; a week alone has nothing more to say."""

    class Media:
        css = {"all": ("desk/causes.css", "desk/predictions.css")}

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method not in ("GET", "HEAD") or not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Prediction watch",
            "media": self.media,
            "page": watch_page(),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "desk/watch.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return self.changelist_view(request)


def watch_page() -> Page:
    """Gather the page of the active model in a fixed number of queries."""
    from predictions.registry import problem

    version, settings = active_version(), scoring_settings()
    weeks = _weeks(version)
    last = next((week for week in reversed(weeks) if week.settled), None)
    return Page(
        headline=format_html("<b>{}</b>", version or "No model is active"),
        soft=f"the last {len(weeks)} weeks, by trade date" if weeks else "",
        figures=_figures(last),
        alert=problem(),
        main=[
            _expected(weeks),
            _calibration(weeks, settings),
            _drifts(weeks, settings),
        ],
        side=[_bands(weeks, settings), _limits(version), _meaning(settings)],
    )


def _weeks(version: ModelVersion | None) -> list[WatchedWeek]:
    drifts = Prefetch("drifts", FeatureDrift.objects.order_by("feature"))
    rows = WatchedWeek.objects.filter(model_version=version).order_by("-week")
    return list(rows.prefetch_related(drifts)[:WEEKS])[::-1]


def _figures(last: WatchedWeek | None) -> list[tuple[str, Any]]:
    if last is None:
        return []
    return [
        ("Last week with an end", f"{last.week}"),
        ("Scored", number(last.scored)),
        ("Settled", number(last.settled)),
        ("Expected to break", f"{last.expected:,.1f}"),
        ("Broke", number(last.broken)),
        ("Calibration error", _figure(last.calibration_error)),
    ]


def _expected(weeks: Weeks) -> Panel:
    title = "Breaks expected and seen"
    if not weeks:
        return Panel(title=title, none=_NOTHING_YET)
    rows = [(_label(week), week.expected, float(week.broken)) for week in weeks]
    drawn = pairs(rows, title=title, first="expected", second="broke")
    head = ("Week of", "Scored", "Settled", "Expected", "Broke", "Brier score")
    cells = [
        (week.week, digits(week.scored), digits(week.settled), f"{week.expected:,.1f}",
         digits(week.broken), _figure(week.brier))
        for week in weeks
    ]  # fmt: skip
    note = "of trades whose end is known; only scores made before any run looked count"
    return Panel(title=title, note=note, body=drawn + table_twin(head, cells))


def _calibration(weeks: Weeks, settings: ScoringSettings) -> Panel:
    title = "Calibration error"
    if not weeks:
        return Panel(title=title, none=_NOTHING_YET)
    rows = [(_label(week), week.calibration_error) for week in weeks]
    limit = settings.calibration_limit
    drawn = line(rows, title=title, limit=limit, limit_word=f"limit {limit:g}")
    cells = [(week.week, _figure(week.calibration_error)) for week in weeks]
    note = "how far probabilities lie from the share that broke"
    return Panel(title=title, note=note, body=drawn + table_twin(("Week of", "Error"), cells))


def _drifts(weeks: Weeks, settings: ScoringSettings) -> Panel:
    """Show the index of each feature by week, what drifted most of late on top."""
    from predictions.words import words_of

    weeks = weeks[-DRIFT_WEEKS:]
    found = {week.week: {row.feature: row.stability for row in week.drifts.all()} for week in weeks}
    names = {name for each in found.values() for name in each}
    latest = next((found[week.week] for week in reversed(weeks) if found[week.week]), {})
    ranked = sorted(names, key=lambda name: (-latest.get(name, 0.0), name))
    return Panel(
        title="Drift of each feature",
        note="population stability index against the trades it learnt from",
        head=("Feature", *(_label(week) for week in weeks)),
        numeric=frozenset(range(1, len(weeks) + 1)),
        rows=[
            [
                words_of(name),
                *(heat(found[week.week].get(name), settings.drift_limit) for week in weeks),
            ]
            for name in ranked
        ],
        none=_NOTHING_YET,
    )


def _bands(weeks: Weeks, settings: ScoringSettings) -> Panel:
    """Say how many of the trades at or above each limit broke, over all weeks shown."""
    rows = []
    for band, limit in zip(list(RiskBand)[1:], settings.limits, strict=True):
        counts = [week.bands.get(band.value, [0, 0]) for week in weeks]
        trades, broke = sum(one[0] for one in counts), sum(one[1] for one in counts)
        precision: Any = f"{100 * broke / trades:.1f}%" if trades else NOTHING
        rows.append([badge(band.value, f"{limit:g} and above"), number(trades), number(broke),
                     precision])  # fmt: skip
    return Panel(
        title="Precision at the band limits",
        head=("Probability", "Trades", "Broke", "Precision"),
        numeric=frozenset({1, 2, 3}),
        rows=rows,
    )


def _limits(version: ModelVersion | None) -> Panel:
    from predictions.words import words_of

    crossings = Crossing.objects.filter(model_version=version)[:CROSSINGS]
    return Panel(
        title="Limits passed",
        head=("What", "Week of", "Value", "Limit", "Until"),
        numeric=frozenset({2, 3}),
        rows=[
            [
                words_of(row.feature) if row.feature else row.get_watched_display(),
                day(row.week),
                f"{row.value:.3f}",
                f"{row.limit:g}",
                day(row.ended_at.date()) if row.ended_at else badge("LATE_FEED", "still"),
            ]
            for row in crossings
        ],
        none="The model was within its limits so far.",
    )


def _meaning(settings: ScoringSettings) -> Panel:
    lines = (
        "A trade counts in the week of its trade date, once it has had five days to break.",
        "The index compares the trades of a week with those it learnt from: below 0.1 is calm.",
        f"A limit passed by a week of {digits(settings.least_trades)} trades or more is told once.",
        "What helps is to train again: the newest trades are then part of what it learns from.",
    )
    said = SafeString("".join(format_html("<p>{}</p>", one) for one in lines))
    return Panel(title="How to read it", body=format_html('<div class="dk-say">{}</div>', said))


_NOTHING_YET = (
    "Nothing is counted yet. Every night the trades scored so far are held against what came."
)


def _label(week: WatchedWeek) -> str:
    return f"{week.week:%m-%d}"


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
