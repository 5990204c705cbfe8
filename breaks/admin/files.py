"""Files kept with a break: the act that adds one, the panel that lists them, the way to get one."""

from typing import Any

from django import forms
from django.http import FileResponse, Http404, HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.widgets import UnfoldAdminFileFieldWidget

from breaks.admin.words import person
from breaks.downloads import as_download
from breaks.models import BreakAttachment, TradeBreak
from trades.admin.acts import Act, ActForm
from trades.admin.cells import day
from trades.admin.page import Panel
from trades.raw import leave_trace

WORK = "breaks.work_tradebreak"
VIEW = "breaks.view_breakattachment"


class AttachForm(ActForm):
    file = forms.FileField(
        widget=UnfoldAdminFileFieldWidget(), help_text="At most 10 MB: a confirmation, a mail."
    )

    def clean_file(self) -> Any:
        from breaks.services.attaching import check_size
        from breaks.services.lifecycle import WorkRefused

        try:
            check_size(self.cleaned_data["file"].size)
        except WorkRefused as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return self.cleaned_data["file"]


def _attach(request: HttpRequest, row: TradeBreak, given: dict[str, Any]) -> str:
    from breaks.services.attaching import attach

    sent = given["file"]
    kept = attach(
        break_id=row.pk,
        version=given["version"],
        name=sent.name,
        content=sent.read(),
        content_type=sent.content_type or "",
        by=request.user,  # type: ignore[arg-type]
        at=timezone.now(),
    )
    return f"{kept.name} is kept with {row}."


def _refusals() -> tuple[type[Exception], ...]:
    from breaks.services.lifecycle import WorkRefused

    return (WorkRefused,)


ATTACH = Act(
    name="attach", label="Attach", permission=WORK, form=AttachForm, run=_attach,
    refusals=_refusals, key="f", group="aside", submit="Attach the file",
)  # fmt: skip


def files_panel(row: TradeBreak) -> list[Panel]:
    """Return the files of a break as a panel, none without files; their content is not read."""
    files = list(row.attachments.select_related("by").defer("content").order_by("at", "pk"))
    if not files:
        return []
    rows = [
        [
            format_html(
                '<a class="dk-link dk-wrap" href="{}" title="{}, SHA-256 {}">{}</a>',
                reverse("admin:breaks_tradebreak_file", args=[row.pk, one.pk]),
                f"{timezone.localtime(one.at):%Y-%m-%d %H:%M %Z}",
                one.digest,
                one.name,
            ),
            filesizeformat(one.size),
            person(one.by),
            day(timezone.localtime(one.at).date()),
        ]
        for one in files
    ]
    head = ("File", "Size", "By", "When")
    return [Panel(title="Attachments", count=len(rows), head=head, rows=rows,
                  numeric=frozenset({1}))]  # fmt: skip


def download(request: HttpRequest, row: TradeBreak, key: int) -> FileResponse:
    """
    Send one file of a break, always to be saved: a browser never shows or runs it.

    :raises Http404: if the break has no such file.
    """
    kept = BreakAttachment.objects.filter(trade_break=row, pk=key).first()
    if kept is None:
        raise Http404
    leave_trace(request.user, f"attachment {kept.pk} of break {row.pk}")
    return as_download(kept)
