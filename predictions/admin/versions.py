"""Prediction models: how well each foresees, which is in force, and who put it there."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from breaks.admin.effects import BEFORE_AND_AFTER, EFFECTS, Effect
from breaks.admin.words import asked_words
from breaks.choices import GuardedAct
from breaks.models import ApprovalRequest
from predictions import registry
from predictions.admin.curves import percent, precision_recall, reliability
from predictions.admin.trainings import TrainButton
from predictions.choices import ModelStatus
from predictions.models import ModelVersion
from trades.admin.acts import Act, ActForm, ReasonForm
from trades.admin.cells import NOTHING, badge, digits, link, moment, number
from trades.admin.desk import ViewFilter
from trades.admin.page import Page, PageAdmin, Panel

ACTIVATE = "predictions.activate_modelversion"
# Name, what it is, and whether it is a share.
METRICS = (
    ("pr_auc", "PR-AUC", False),
    ("roc_auc", "ROC-AUC", False),
    ("brier", "Brier score", False),
    ("calibration_error", "Calibration error", True),
    ("recall_at_90_precision", "Recall at 90% precision", True),
    ("precision_at_top_1_pct", "Precision, likeliest 1%", True),
    ("precision_at_top_5_pct", "Precision, likeliest 5%", True),
)
PARTS = (("train", "Learnt from"), ("calibration", "Calibrated on"), ("test", "Judged by"))


class ModelFilter(ViewFilter):
    title = "view"
    parameter_name = "view"
    views = (("usable", "In force and usable"), ("refused", "Not good enough"), ("all", "All"))

    def narrow(self, queryset: QuerySet, value: str, request: HttpRequest) -> QuerySet:
        if value == "all":
            return queryset
        refused = {"status": ModelStatus.REFUSED}
        return queryset.filter(**refused) if value == "refused" else queryset.exclude(**refused)


def _activate(request: HttpRequest, row: ModelVersion, given: dict[str, Any]) -> str:
    from predictions.services import versions

    by: Any = request.user
    reason = given["reason"]
    done = versions.activate(version_id=row.pk, reason=reason, by=by, at=timezone.now())
    return asked_words(done) if isinstance(done, ApprovalRequest) else f"{row} is in force."


def _restore(request: HttpRequest, row: ModelVersion, _given: dict[str, Any]) -> str:
    from predictions.services import versions

    by: Any = request.user
    versions.restore(version_id=row.pk, by=by, at=timezone.now())
    return f"The file of {row} is back in its place."


def _refusals() -> tuple[type[Exception], ...]:
    from breaks.services.approvals import REFUSALS

    return REFUSALS


def _file_is_wrong(row: ModelVersion) -> bool:
    return row.status == ModelStatus.ACTIVE and registry.state() != "ok"


@admin.register(ModelVersion)
class ModelVersionAdmin(TrainButton, PageAdmin):
    page_template = "desk/model.html"
    list_display = ("named", "status_word", "pr_auc", "calibration", "top", "learnt_from", "days",
                    "made", "activated")  # fmt: skip
    list_filter = (ModelFilter,)
    list_select_related = ("activated_by",)
    ordering = ("-made_at", "-pk")
    actions_list = ("train",)
    acts = (
        Act(
            name="activate", label="Activate", permission=ACTIVATE, run=_activate, form=ReasonForm,
            refusals=_refusals, tone="primary", submit="Ask for approval",
            offered=lambda row: row.status == ModelStatus.CANDIDATE,
            description="It takes the place of the model in force, which is kept and can be rolled "
            "back to. A second person looks at it first.",
        ),
        Act(
            name="roll-back", label="Roll back to it", permission=ACTIVATE, run=_activate,
            form=ReasonForm, refusals=_refusals, submit="Ask for approval",
            offered=lambda row: row.status == ModelStatus.RETIRED,
            description="It was in force before, and would be again. A second person looks first.",
        ),
        Act(
            name="restore", label="Put its file back", permission=ACTIVATE, run=_restore,
            form=ActForm, refusals=_refusals, tone="primary", offered=_file_is_wrong,
            description="Its file is not the one that was registered. The kept one, of the "
            "registered digest, takes its place; the model stays the same.",
        ),
    )  # fmt: skip

    @display(description="Model", ordering="pk")
    def named(self, row: ModelVersion) -> str:
        return str(row)

    @display(description="Status", ordering="status")
    def status_word(self, row: ModelVersion) -> SafeString:
        return badge(row.status, row.get_status_display())

    @display(description="PR-AUC")
    def pr_auc(self, row: ModelVersion) -> SafeString:
        return _figure(row.metrics, "pr_auc")

    @display(description="Calibr. error")
    def calibration(self, row: ModelVersion) -> SafeString:
        return _figure(row.metrics, "calibration_error", share=True)

    @display(description="Precision, top 1%")
    def top(self, row: ModelVersion) -> SafeString:
        return _figure(row.metrics, "precision_at_top_1_pct", share=True)

    @display(description="Learnt from", ordering="rows")
    def learnt_from(self, row: ModelVersion) -> SafeString:
        return number(row.rows)

    @display(description="Trade dates", ordering="trained_to")
    def days(self, row: ModelVersion) -> str:
        return f"{row.trained_from} to {row.trained_to:%m-%d}"

    @display(description="Made", ordering="made_at")
    def made(self, row: ModelVersion) -> SafeString:
        return moment(row.made_at)

    @display(description="Activated", ordering="activated_at")
    def activated(self, row: ModelVersion) -> SafeString:
        return moment(row.activated_at)

    def page(self, request: HttpRequest, row: Any) -> Page:
        return Page(
            headline=format_html("<b>{}</b> {}", row, badge(row.status, row.get_status_display())),
            soft=row.verdict,
            figures=[
                (words, _figure(row.metrics, name, share=share)) for name, words, share in METRICS
            ],
            alert=_trouble(row),
            main=[
                reliability(row.curves["reliability"]),
                precision_recall(
                    row.curves["precision_recall"],
                    base_rate=row.split["test"]["broken"] / row.split["test"]["rows"],
                ),
                _comparison(row),
            ],
            side=[_about(row), _parts(row), _features(row), _history(row)],
        )


def _figure(metrics: dict[str, float], name: str, *, share: bool = False) -> SafeString:
    value = metrics[name]
    shown = percent(value) if share else f"{value:.4f}" if name == "brier" else f"{value:.3f}"
    return format_html('<span class="dk-num">{}</span>', shown)


def _trouble(row: ModelVersion) -> str:
    """Say what is wrong with the file of the model in force."""
    state = registry.state() if row.status == ModelStatus.ACTIVE else "ok"
    if state == "ok":
        return ""
    what = "is not there" if state == "absent" else "was altered, and is not loaded"
    return (
        f"The file of this model, {registry.path().name}, {what}: nothing is scored. Put it back."
    )


def _comparison(row: ModelVersion) -> Panel:
    others = (("logistic", "Logistic regression"), ("base_rate", "Base rate"))
    rows = [
        [words, _figure(row.metrics, name, share=share),
         *(_figure(row.compared[key], name, share=share) for key, _ in others)]
        for name, words, share in METRICS
    ]  # fmt: skip
    return Panel(
        title="Against the simpler ones", note="on the same test part, which none had seen",
        head=("", "This model", *(words for _, words in others)), rows=rows,
        numeric=frozenset({1, 2, 3}),
    )  # fmt: skip


def _about(row: ModelVersion) -> Panel:
    digest = format_html('<code class="dk-mono">{}</code>', row.digest[:16]) if row.digest else ""
    return Panel(
        title="About this model",
        facts=[
            ("Trade dates learnt from", f"{row.trained_from} to {row.trained_to}"),
            ("Trades", number(row.rows)),
            ("Of those broke", f"{digits(row.broken)} ({percent(row.base_rate)})"),
            ("Made", moment(row.made_at)),
            ("By", link("predictions_trainingrun", row.training_id, f"Training {row.training_id}")
             if row.training_id else NOTHING),
            ("Digest, SHA-256", digest or "it has no file"),
            ("Activated", moment(row.activated_at)),
        ],
    )  # fmt: skip


def _parts(row: ModelVersion) -> Panel:
    rows = [
        [words, number(part["rows"]), number(part["broken"]), _span(part["from"], part["to"])]
        for name, words in PARTS
        if (part := row.split[name])
    ]
    return Panel(
        title="Split by time", head=("Part", "Trades", "Broke", "Came"), rows=rows,
        numeric=frozenset({1, 2}), note="each is later than the one before",
    )  # fmt: skip


def _span(first: str, last: str) -> SafeString:
    begin, end = datetime.fromisoformat(first), datetime.fromisoformat(last)
    return format_html('<span class="dk-when">{} to {}</span>', f"{begin:%m-%d}", f"{end:%m-%d}")


def _features(row: ModelVersion) -> Panel:
    rows = [[one["words"], _typical(one["typical"])] for one in row.features]
    return Panel(
        title="Features", count=len(rows), head=("Feature", "Typically"), rows=rows,
        note="known before the other side reports",
    )  # fmt: skip


def _typical(value: Any) -> Any:
    if value is None or value == "":
        return NOTHING
    if not isinstance(value, float):
        return value
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _history(row: ModelVersion) -> Panel:
    events = row.events.select_related("by").order_by("-at", "-pk")
    rows = [
        [moment(one.at), one.get_act_display(), one.by or "the system", one.note or NOTHING]
        for one in events
    ]
    return Panel(title="History", head=("When", "What", "By", "Note"), rows=rows)


def _activating(request: ApprovalRequest) -> Effect:
    """Show whoever decides the model that is asked for beside the one in force."""
    wanted = ModelVersion.objects.filter(pk=request.given["version"]).first()
    if wanted is None:
        return Effect()
    now = ModelVersion.objects.filter(pk=request.given["active"] or 0).first()
    in_force, retired = ModelStatus.ACTIVE, ModelStatus.RETIRED
    rows = [
        [link("predictions_modelversion", one.pk, one),
         badge(one.status, one.get_status_display()), badge(becomes, becomes.label)]
        for one, becomes in ((wanted, in_force), (now, retired))
        if one is not None
    ]  # fmt: skip
    both = [one for one in (wanted, now) if one is not None]
    figures = [
        [words, *(_figure(one.metrics, name, share=share) for one in both)]
        for name, words, share in METRICS
    ]
    return Effect([
        Panel(title="What it would do", note="from the next score on", head=BEFORE_AND_AFTER,
              rows=rows),
        Panel(title="How well each foresees", note="each on its own test part",
              head=("", *map(str, both)), rows=figures, numeric=frozenset({1, 2})),
    ])  # fmt: skip


EFFECTS[GuardedAct.ACTIVATE_MODEL] = _activating
