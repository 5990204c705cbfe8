"""A version of the rules on a page: what it changes, its thresholds, fields and passes."""

from collections.abc import Iterable

from django.utils.html import format_html
from django.utils.safestring import SafeString

from matching import engine
from matching.engine.rules import Pass
from matching.rules_diff import ADDED, MOVED, REMOVED, Change, setting_words, tolerance_words
from trades.admin.cells import NOTHING, badge
from trades.admin.page import Panel

_KINDS = {ADDED: ("ACTIVE", "added"), REMOVED: ("FAILED", "removed"), MOVED: ("GRACE", "moved")}
_THRESHOLDS = ("auto_at", "review_at", "tie_margin", "min_known")


def changes_panel(found: Iterable[Change], *, title: str, none: str) -> Panel:
    """Return a difference of two versions as a table: part, setting, before, after."""
    found = list(found)
    rows = []
    part = ""
    for change in found:
        rows.append([
            "" if change.part == part else format_html("<b>{}</b>", change.part),
            _setting(change),
            _value(change.before),
            format_html("<b>{}</b>", change.after) if change.after else NOTHING,
        ])  # fmt: skip
        part = change.part
    return Panel(
        title=title,
        count=len(found),
        head=("Part", "Setting", "Before", "After"),
        rows=rows,
        none=none,
    )


def _setting(change: Change) -> SafeString | str:
    if change.kind in _KINDS:
        return format_html("{} {}", badge(*_KINDS[change.kind]), change.setting)
    return change.setting


def _value(text: str) -> SafeString | str:
    return text or NOTHING


def rules_panels(rules: engine.RuleSet) -> list[Panel]:
    """Return what a version says, as far as it is read rather than edited."""
    return [_fields(rules), _passes(rules)]


def thresholds(rules: engine.RuleSet) -> list[tuple[str, str]]:
    return [(setting_words(name).capitalize(), f"{getattr(rules, name):g}") for name in _THRESHOLDS]


def _fields(rules: engine.RuleSet) -> Panel:
    return Panel(
        title="Fields",
        count=len(rules.fields),
        head=("Field", "Compared as", "Weight", "Tie weight", "Reported as", "Lets pass"),
        numeric=frozenset({2, 3}),
        rows=[
            [
                one.name.replace("_", " "),
                one.compare,
                f"{one.weight:g}" if one.weight else NOTHING,
                f"{one.tie_weight:g}" if one.tie_weight else NOTHING,
                one.kind or NOTHING,
                tolerance_words(one.tolerance) if one.compare == "number" else NOTHING,
            ]
            for one in rules.fields
        ],
    )


def _passes(rules: engine.RuleSet) -> Panel:
    rows = [
        [
            str(at),
            format_html("{} {}", step.name, badge("RETIRED", "off") if step.off else ""),
            step.kind,
            _from(step.auto_at),
            _from(step.min_score),
            format_html("<small>{}</small>", _needed(step)),
        ]
        for at, step in enumerate(rules.passes, start=1)
    ]
    return Panel(
        title="Passes, in order",
        count=len(rows),
        head=("", "Pass", "Kind", "By itself from", "Score at least", "Likeness at least"),
        numeric=frozenset({0, 3, 4}),
        rows=rows,
    )


def _needed(step: Pass) -> str:
    least = [f"{name.replace('_', ' ')} {share:g}" for name, share in step.require.items()]
    return ", ".join(least)


def _from(score: float | None) -> str | SafeString:
    return NOTHING if score is None else f"{score:g}"
