"""The page that shows what the rules would do with a break or an example; it saves nothing."""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from breaks.choices import BreakType, Severity
from breaks.models import TradeBreak
from trades.admin.cells import NOTHING, badge, link, number
from trades.choices import AssetClass
from trades.models import Source
from workflows.choices import ChosenBy, RoutingOutcome
from workflows.models import RoutingRule
from workflows.routing import CONDITIONS, said_of

LONGEST = 20_000


def _select(label: str, choices: list[tuple[str, str]]) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, required=False, choices=[("", "Unknown"), *choices],
        widget=UnfoldAdminSelectWidget(),
    )  # fmt: skip


def _text(label: str, placeholder: str = "Unknown") -> forms.CharField:
    widget = UnfoldAdminTextInputWidget({"placeholder": placeholder})
    return forms.CharField(label=label, required=False, max_length=200, widget=widget)


class TryForm(forms.Form):
    """What is to be tried: a break, a line of a file, or what is filled in."""

    trade_break = forms.CharField(
        label="Break", required=False, max_length=20,
        widget=UnfoldAdminTextInputWidget({"placeholder": "Its number", "inputmode": "numeric"}),
    )  # fmt: skip
    line = forms.CharField(
        label="Line of an export", required=False, max_length=LONGEST,
        widget=UnfoldAdminTextareaWidget({"rows": 3, "class": "dk-json-input"}),
    )  # fmt: skip
    break_type = _select("Type", list(BreakType.choices))
    severity = _select("Severity", list(Severity.choices))
    exposure = _text("Exposure")
    source1_code = _select("Source", [])
    source2_code = _select("Against", [])
    asset_class = _select("Asset class", list(AssetClass.choices))
    counterparty = _text("Counterparty")
    account = _text("Account")

    EXAMPLE = ("break_type", "severity", "exposure", "asset_class", "source1_code", "source2_code",
               "counterparty", "account")  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sources = [("", "Unknown"), *Source.objects.values_list("code", "name")]
        for name in ("source1_code", "source2_code"):
            self.fields[name].choices = sources  # type: ignore[attr-defined]

    @property
    def example(self) -> list[Any]:
        return [self[name] for name in self.EXAMPLE]

    def tried(self, request: HttpRequest) -> Any:
        """Return what the rules say of what was given, or None and say in the form why not."""
        from workflows.services.routing import trying

        given, now = self.cleaned_data, timezone.now()
        try:
            if number_of := given["trade_break"].strip().removeprefix("#"):
                return trying.try_break(trade_break=_break(request, number_of), at=now)
            if given["line"].strip():
                return trying.try_example(given=trying.pasted(given["line"]), at=now)
            return trying.try_example(given={name: given[name] for name in self.EXAMPLE}, at=now)
        except trying.ExampleRefused as refusal:
            self.add_error(None, str(refusal))
            return None


def try_rules(model_admin: Any, request: HttpRequest) -> HttpResponse:
    """Show the form, and what the rules say of what was asked."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    given = request.POST if request.method == "POST" else request.GET
    form = TryForm(given) if given else TryForm()
    tried = form.tried(request) if form.is_bound and form.is_valid() else None
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": "Try the routing rules",
        "is_fullwidth": "1",
        "form": form,
        **(_shown(tried) if tried else {}),
    }
    return TemplateResponse(request, "desk/routing_tester.html", context)


def _break(request: HttpRequest, text: str) -> TradeBreak:
    from workflows.services.routing.trying import ExampleRefused

    seen = TradeBreak.objects.visible_to(request.user)
    key = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
    found = seen.filter(pk=key).first()
    if found is None:
        raise ExampleRefused(f"There is no break {text}. Give the number of one that you see.")
    return found


def _shown(tried: Any) -> dict[str, Any]:
    from workflows.services.routing.checking import findings

    target, case = tried.target, tried.case
    rows = RoutingRule.objects.select_related("team")
    said = findings()
    misfits = {misfit.rule.key: str(misfit) for misfit in target.decision.misfits}
    fires = target.decision.rule and target.decision.rule.key
    steps = []
    for row in rows:
        state, why = "later", "Not asked: an earlier one fits."
        if not row.is_enabled:
            state, why = "off", "It is off."
        elif row.pk in misfits:
            state, why = "passed", misfits[row.pk]
        elif row.pk == fires:
            state, why = "fires", target.why
        steps.append(
            {
                "state": state,
                "why": why,
                "name": link("workflows_routingrule", row.pk, row.name),
                "words": said[row.pk][0].words,
                "team": row.team,
                "chosen_by": ChosenBy(row.chosen_by).label,
            }
        )
    return {
        "steps": steps,
        "outcome": target,
        "outcome_words": _OUTCOMES[target.outcome],
        "facts": _facts(tried),
        "case": case,
        "case_link": link("breaks_tradebreak", case.pk, f"Break {case.pk}") if case else "",
    }


_OUTCOMES = {
    RoutingOutcome.ROUTED: badge("ACTIVE", "fits"),
    RoutingOutcome.WAITS_FOR_SHIFT: badge("PENDING", "waits for a shift"),
    RoutingOutcome.TEAM_IS_EMPTY: badge("PENDING", "nobody in the team"),
    RoutingOutcome.NO_RULE: badge("RETIRED", "no rule fits"),
}


def _facts(tried: Any) -> list[tuple[str, Any]]:
    facts = tried.facts
    shown: list[tuple[str, Any]] = [
        (name.capitalize(), said_of(condition, getattr(facts, condition)) or NOTHING)
        for condition, name in CONDITIONS.items()
    ]
    return [*shown, ("Exposure", number(facts.exposure, places=2))]
