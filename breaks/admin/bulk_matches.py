"""What a decision would do to many proposed matches, and does."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import F, IntegerField, QuerySet, Value
from django.http import HttpRequest
from django.utils import timezone

from breaks.admin.bulk import SHOWN, BulkActs, Preview, Selection, shown
from breaks.models import ActBatch
from breaks.services import batches
from matching.admin.comparison import side_names
from matching.choices import LegSide, MatchStatus
from matching.models import Match
from trades.admin.acts import Act
from trades.admin.cells import badge, link, number, share, short
from trades.admin.page import Panel

_BECOMES = {"confirm": MatchStatus.MATCHED, "reject": MatchStatus.REJECTED}


class BulkMatches(BulkActs):
    bulk_acts = ("confirm", "reject")
    bulk_noun = ("match", "matches")
    # Each brings the breaks of its trades up to date, which takes a while.
    bulk_largest = 500

    def selected(self, queryset: QuerySet) -> QuerySet:
        none = Value(None, output_field=IntegerField())
        return queryset.annotate(version=none).values_list("pk", F("version"))

    def preview(self, request: HttpRequest, act: Act, selection: Selection) -> Preview:
        keys = list(selection)
        statuses = dict(Match.objects.filter(pk__among=keys).values_list("pk", "status"))
        known = [pk for pk in keys if pk in statuses]
        able = [pk for pk in known if statuses[pk] == MatchStatus.PROPOSED]
        unable = [pk for pk in known if statuses[pk] != MatchStatus.PROPOSED]
        return Preview(
            able=dict.fromkeys(able),
            unable=len(unable),
            figures=[
                ("Will be done", number(len(able))),
                ("Cannot be done", number(len(unable))),
            ],
            panels=self._panels(request, act, able, unable),
        )

    def do_in_bulk(
        self, request: HttpRequest, act: Act, selection: Selection, given: Mapping[str, Any]
    ) -> ActBatch:
        by: Any = request.user
        return batches.decide_matches(
            match_ids=list(selection),
            act=act.name,
            reason=given["reason"],
            by=by,
            at=timezone.now(),
        )

    def _panels(
        self, request: HttpRequest, act: Act, able: Sequence[int], unable: Sequence[int]
    ) -> list[Panel]:
        shown_keys = [*able[:SHOWN], *unable[:SHOWN]]
        full = {row.pk: row for row in self.get_queryset(request).filter(pk__among=shown_keys)}
        head = ("Match", "Kind", *side_names(), "Instrument", "Likeness", "Now")
        becomes = _BECOMES[act.name]
        done = badge(becomes, becomes.label)
        panels = [
            Panel(
                title="Will be done",
                count=len(able),
                note=shown(able, "are done as well"),
                head=(*head, "Becomes"),
                rows=[[*match_cells(full[pk]), done] for pk in able[:SHOWN] if pk in full],
                none="None of the selected matches waits for a decision.",
            )
        ]
        if unable:
            refused = Panel(
                title="Cannot be done",
                count=len(unable),
                note=shown(unable, "cannot be done either"),
                head=(*head, "Why not"),
                rows=[
                    [*match_cells(full[pk]), "It does not wait for a decision any more."]
                    for pk in unable[:SHOWN]
                    if pk in full
                ],
            )
            panels.insert(0, refused)
        return panels


def match_cells(match: Match) -> list[Any]:
    """Return a line for a match with its legs and their trades prefetched."""
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
