"""Rule sets with what they would do: tried on past runs, activated with a second pair of eyes."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from breaks.admin.back_tests import back_tests_panel
from breaks.admin.words import asked_words
from breaks.choices import ApprovalStatus, BreakType
from breaks.models import ApprovalRequest
from matching.admin.rule_sets import CHANGE, COPY, EDIT, RuleSetAdmin, is_draft
from matching.choices import CalibrationMethod, RuleSetStatus, RunStatus
from matching.models import Reconciliation, ReconciliationRun, RuleSet
from trades.admin.acts import Act, ActForm, ReasonForm
from trades.admin.cells import badge, moment
from trades.admin.page import Panel

RUNS_TO_CHOOSE_FROM = 50
LEARN_FROM = timedelta(days=90)


def _day() -> UnfoldAdminTextInputWidget:
    # The browser's own date picker: it needs no script of ours.
    return UnfoldAdminTextInputWidget({"type": "date"})


def _activate(request: HttpRequest, row: RuleSet, given: dict[str, Any]) -> str:
    from breaks.services import approvals

    by: Any = request.user
    done = approvals.activate_rules(
        rule_set_id=row.pk, reason=given["reason"], by=by, at=timezone.now()
    )
    if isinstance(done, ApprovalRequest):
        return asked_words(done)
    return f"{row} is active: the next run uses it."


def _refusals() -> tuple[type[Exception], ...]:
    from breaks.services.approvals import REFUSALS

    return REFUSALS


class BackTestForm(ActForm):
    run = forms.ModelChoiceField(
        ReconciliationRun.objects.none(),
        label="On the trades of",
        widget=UnfoldAdminSelectWidget(),
        empty_label=None,
    )

    def about(self, request: HttpRequest, row: RuleSet) -> None:
        """Offer the last runs of the reconciliations that use these rules."""
        ended = ReconciliationRun.objects.filter(
            status=RunStatus.SUCCEEDED, reconciliation__rule_set_name=row.name
        )
        recent = ended.select_related("reconciliation").order_by("-requested_at", "-pk")
        keys = list(recent.values_list("pk", flat=True)[:RUNS_TO_CHOOSE_FROM])
        self.fields["run"].queryset = recent.filter(pk__in=keys)  # type: ignore[attr-defined]
        if not keys:
            self.fields["run"].help_text = "No run under these rules has succeeded yet."


def _try(request: HttpRequest, row: RuleSet, given: dict[str, Any]) -> str:
    from breaks.services import backtest

    by: Any = request.user
    made = backtest.back_test(rule_set_id=row.pk, run_id=given["run"].pk, by=by, at=timezone.now())
    row.tried_in = made.pk  # type: ignore[attr-defined]
    return f"{row} was tried on {made.run}; nothing was changed by it."


def _try_refusals() -> tuple[type[Exception], ...]:
    from breaks.services.backtest import BackTestRefused
    from breaks.services.lifecycle import WorkRefused

    return (BackTestRefused, WorkRefused)


def _is_not_active(row: RuleSet) -> bool:
    return row.status != RuleSetStatus.ACTIVE


class LearnForm(ActForm):
    reconciliation = forms.ModelChoiceField(
        Reconciliation.objects.none(), widget=UnfoldAdminSelectWidget(), empty_label=None
    )
    from_date = forms.DateField(label="Trade dates from", widget=_day())
    to_date = forms.DateField(label="Trade dates to", widget=_day())
    method = forms.ChoiceField(
        label="Learn from", choices=CalibrationMethod.choices, widget=UnfoldAdminSelectWidget()
    )

    def about(self, request: HttpRequest, row: RuleSet) -> None:
        """Offer what is reconciled under these rules, over the last three months."""
        under = Reconciliation.objects.filter(rule_set_name=row.name)
        self.fields["reconciliation"].queryset = under  # type: ignore[attr-defined]
        today = timezone.localdate()
        self.fields["from_date"].initial = today - LEARN_FROM
        self.fields["to_date"].initial = today

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        first, last = given.get("from_date"), given.get("to_date")
        if first and last and last < first:
            self.add_error("to_date", f"The last trade date is before the first, {first}.")
        return given


def _learn(request: HttpRequest, row: RuleSet, given: dict[str, Any]) -> str:
    from matching.services import calibrating

    by: Any = request.user
    made = calibrating.request(
        reconciliation=given["reconciliation"],
        from_date=given["from_date"],
        to_date=given["to_date"],
        method=CalibrationMethod(given["method"]),
        by=by,
        at=timezone.now(),
    )
    calibrating.wake(made.pk)
    row.learned_in = made.pk  # type: ignore[attr-defined]
    return f"{made} is queued; what it learns becomes a draft."


def _learn_refusals() -> tuple[type[Exception], ...]:
    from matching.rules import NoActiveRules
    from matching.services.calibrating import CalibrationBusy

    return (CalibrationBusy, NoActiveRules)


def _is_active(row: RuleSet) -> bool:
    return row.status == RuleSetStatus.ACTIVE


LEARN = Act(
    name="learn", label="Learn weights", permission="matching.start_calibration", form=LearnForm,
    run=_learn, refusals=_learn_refusals, wide=True, offered=_is_active, submit="Learn",
    description="Fits the weights of the fields and the thresholds, and writes them as a draft "
    "with how many false matches to expect. Nothing is activated by it. Pairs people confirmed "
    "and turned down teach it, and where there are too few of them, the trades themselves.",
)  # fmt: skip
BACK_TEST = Act(
    name="back-test", label="Try it", permission=CHANGE, form=BackTestForm, run=_try,
    refusals=_try_refusals, wide=True, offered=_is_not_active, submit="Try these rules",
    description="The trades of the run, as they are now, are paired under these rules and under "
    "the active ones. What people decided stays, and nothing is changed. A hundred thousand "
    "trades a side take about ten seconds.",
)  # fmt: skip
ACTIVATE = Act(
    name="activate", label="Activate", permission=CHANGE, form=ReasonForm, run=_activate,
    refusals=_refusals, tone="primary", offered=is_draft, wide=True,
    description="It takes the place of the active version, which is kept. The next run over a "
    "day pairs that day anew under these rules; what people decided stays. A second person sees "
    "what it changes and how it did when it was tried.",
)  # fmt: skip


@admin.register(RuleSet)
class TriedRuleSetAdmin(RuleSetAdmin):
    """Rule sets with their back-tests and the request to activate them."""

    acts = (EDIT, BACK_TEST, ACTIVATE, LEARN, COPY)
    break_types = tuple(BreakType.values)

    def about(self, request: HttpRequest, row: RuleSet) -> list[Panel]:
        return [*_requests(row), back_tests_panel(row)]

    def act_panels(self, act: Act, row: Any) -> list[Any]:
        if act.name != ACTIVATE.name:
            return []
        return [self.changed(row), back_tests_panel(row)]

    def check_definition(self, definition: Any) -> None:
        from matching.rules import InvalidRules

        super().check_definition(definition)
        for at, one in enumerate(definition["fields"]):
            kind = one.get("kind", "")
            if kind and kind not in BreakType:
                raise InvalidRules(
                    f"rules.fields[{at}] ({one['name']}).kind {kind!r} is no type of break; it is "
                    f"one of {', '.join(BreakType)}."
                )

    def after_act(self, row: Any) -> str:
        if tried := getattr(row, "tried_in", None):
            return reverse("admin:breaks_backtest_change", args=[tried])
        if learned := getattr(row, "learned_in", None):
            return reverse("admin:matching_calibration_change", args=[learned])
        return super().after_act(row)


def _requests(row: RuleSet) -> list[Panel]:
    waiting = ApprovalRequest.objects.filter(rule_set=row).select_related("made_by", "decided_by")
    rows = [
        [
            badge(
                "GRACE" if one.status == ApprovalStatus.PENDING else "RETIRED",
                one.get_status_display(),
            ),
            one.made_by,
            moment(one.made_at),
            one.reason,
        ]
        for one in waiting[:5]
    ]
    head = ("Request", "By", "Asked", "Reason")
    return [Panel(title="Asked to be activated", head=head, rows=rows)] if rows else []
