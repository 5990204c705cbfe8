"""A score in words and cells."""

from collections.abc import Iterable
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from predictions.models import TradeScore
from trades.admin.cells import NOTHING, badge, link, moment, share
from trades.admin.page import Panel

SHOWN = 3


def risk(score: TradeScore) -> SafeString:
    return badge(score.band, score.get_band_display())


def reasons(factors: Iterable[dict[str, Any]] | None) -> SafeString:
    """Say on one line what raises the odds most; all of it is in the title."""
    raising = [one for one in factors or () if one["effect"] > 0]
    if not raising:
        return NOTHING
    said = [f"{one['words']}: {one['value']}" for one in raising]
    shown = format_html_join(
        "", '<span class="dk-why">{} <b>{}</b></span>',
        ((one["short"], one["value"]) for one in raising[:SHOWN]),
    )  # fmt: skip
    return format_html('<span class="dk-whys" title="{}">{}</span>', "\n".join(said), shown)


def score_panel(score: TradeScore | None, *, title: str = "Likely to break") -> list[Panel]:
    """Return the panel of a score with its reasons; none where a trade was never scored."""
    if score is None:
        return []
    facts: list[tuple[str, Any]] = [
        ("Probability", format_html("{} {}", share(score.probability), risk(score))),
        ("Scored", moment(score.scored_at)),
        ("By", link("predictions_modelversion", score.model_version_id, score.model_version)),
    ]
    return [Panel(title=title, note=_note(score), facts=facts, body=_table(score))]


def _note(score: TradeScore) -> str:
    return "before its other side came" if score.before_run else "while its other side was late"


def _table(score: TradeScore) -> SafeString:
    if score.factors is None:
        return format_html(
            '<p class="dk-none">{}</p>',
            "It is among the less likely: its reasons were not worked out. The API answers with "
            "them.",
        )
    if not score.factors:
        return format_html('<p class="dk-none">{}</p>', "It is a typical trade in every respect.")
    rows = format_html_join(
        "",
        '<tr><td>{}</td><td class="dk-right">{}</td><td class="dk-right">{}</td></tr>',
        ((one["words"], one["value"], _effect(one["effect"])) for one in score.factors),
    )
    return format_html(
        '<div class="dk-scroll"><table class="dk-table"><thead><tr><th>{}</th>'
        '<th class="dk-right">{}</th><th class="dk-right" title="{}">{}</th></tr></thead>'
        "<tbody>{}</tbody></table></div>",
        "Because of", "Here", "Change in log-odds against a trade that were typical in this",
        "Effect", rows,
    )  # fmt: skip


def _effect(effect: float) -> SafeString:
    return format_html('<span class="dk-num">{}</span>', f"{effect:+.2f}")
