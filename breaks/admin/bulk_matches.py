"""What a decision would do to many matches, and does."""

from collections.abc import Mapping, Sequence, Set
from typing import Any

from django.db.models import F, IntegerField, Prefetch, QuerySet, Value
from django.http import HttpRequest
from django.utils import timezone

from breaks.admin.bulk import SHOWN, BulkActs, Preview, Selection, shown
from breaks.models import ActBatch
from matching.admin.comparison import side_names
from matching.choices import LegSide, MatchStatus
from matching.models import Match, MatchLeg
from trades.admin.acts import Act
from trades.admin.cells import badge, link, number, share, short
from trades.admin.page import Panel

_BECOMES = {
    "confirm": MatchStatus.MATCHED,
    "reject": MatchStatus.REJECTED,
    "unmatch": MatchStatus.UNMATCHED,
}


class BulkMatches(BulkActs):
    bulk_acts = ("confirm", "reject", "unmatch")
    bulk_noun = ("match", "matches")
    # Each brings the breaks of its trades up to date, which takes a while.
    bulk_largest = 500

    def selected(self, queryset: QuerySet) -> QuerySet:
        none = Value(None, output_field=IntegerField())
        return queryset.annotate(version=none).values_list("pk", F("version"))

    def preview(self, request: HttpRequest, act: Act, selection: Selection) -> Preview:
        from breaks.services.reach import out_of_reach

        by: Any = request.user
        found = {
            row.pk: row for row in Match.objects.filter(pk__among=list(selection)).only("status")
        }
        rows = [found[pk] for pk in selection if pk in found]
        theirs = out_of_reach(list(found), by)
        able = [row.pk for row in rows if act.offered(row) and row.pk not in theirs]
        unable = [row.pk for row in rows if not act.offered(row) or row.pk in theirs]
        return Preview(
            able=dict.fromkeys(able),
            unable=len(unable),
            figures=[
                ("Will be done", number(len(able))),
                ("Cannot be done", number(len(unable))),
            ],
            panels=_panels(act, able, unable, theirs),
        )

    def do_in_bulk(
        self, request: HttpRequest, act: Act, selection: Selection, given: Mapping[str, Any]
    ) -> ActBatch:
        from breaks.services import batches

        by: Any = request.user
        return batches.decide_matches(
            match_ids=list(selection),
            act=act.name,
            reason=given.get("reason", ""),
            by=by,
            at=timezone.now(),
        )


def _panels(act: Act, able: Sequence[int], unable: Sequence[int], theirs: Set[int]) -> list[Panel]:
    named = matches_in_words([*able[:SHOWN], *unable[:SHOWN]])
    head = match_head()
    becomes = _BECOMES[act.name]
    panels = [
        Panel(
            title="Cannot be done",
            count=len(unable),
            note=shown(unable, "cannot be done either"),
            head=(*head, "Why not"),
            rows=[[*match_cells(row), _why_not(act, row, theirs)] for row in _of(unable, named)],
        ),
        Panel(
            title="Will be done",
            count=len(able),
            note=shown(able, "are done as well"),
            head=(*head, "Becomes"),
            rows=[[*match_cells(row), badge(becomes, becomes.label)] for row in _of(able, named)],
        ),
    ]
    return [panel for panel in panels if panel.count]


def _of(keys: Sequence[int], named: Mapping[int, Match]) -> list[Match]:
    return [named[pk] for pk in keys[:SHOWN] if pk in named]


def _why_not(act: Act, match: Match, theirs: Set[int]) -> str:
    from breaks.services.reach import beyond

    if act.offered(match) and match.pk in theirs:
        return beyond(match.pk)
    return f"It is {match.get_status_display().lower()}."


def matches_in_words(keys: Sequence[int]) -> dict[int, Match]:
    """Return matches with all that `match_cells` shows, in two queries."""
    legs = MatchLeg.objects.select_related("trade__instrument").defer("trade__raw")
    rows = Match.objects.filter(pk__among=keys).prefetch_related(Prefetch("legs", legs))
    return {row.pk: row for row in rows}


def match_head() -> tuple[str, ...]:
    return ("Match", "Kind", *side_names(), "Instrument", "Likeness", "Now")


def match_cells(match: Match) -> list[Any]:
    """Return a line of a table whose head begins with `match_head`."""
    legs = list(match.legs.all())
    first = legs[0].trade if legs else None
    return [
        link("matching_match", match.pk, match.pk),
        match.kind,
        *(_ids(legs, side) for side in (LegSide.LEFT, LegSide.RIGHT)),
        short(str(first.instrument or first.symbol) if first else ""),
        share(match.score),
        badge(match.status, match.get_status_display()),
    ]


def _ids(legs: Sequence[Any], side: LegSide) -> Any:
    return short(", ".join(leg.trade.source_trade_id for leg in legs if leg.side == side))
