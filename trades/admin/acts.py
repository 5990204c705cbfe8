"""
Acts: what a person does to one row through a service, from a dialog or a page of its own.

The form names the version the person was looking at. A refusal is shown in the form, with what
was typed still there. What a link to an act names in its query, the form starts with.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from unfold.widgets import UnfoldAdminTextareaWidget

from trades.admin.desk import DeskAdmin

THEN_NEXT = "then_next"  # the button that does the act and goes on to the next row


class ActForm(forms.Form):
    """A form that knows which version of the row the person saw; `beside` is shown above it."""

    beside: Any = ""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def about(self, request: HttpRequest, row: Any) -> None:
        """Fit the fields to the row, such as what there is to choose from."""


class ReasonForm(ActForm):
    reason = forms.CharField(
        max_length=2000, widget=UnfoldAdminTextareaWidget({"rows": 3, "autofocus": True})
    )


@dataclass(frozen=True, kw_only=True)
class Act:
    """
    One thing that can be done to a row.

    `run(request, row, cleaned_data)` calls the service and returns the sentence to show; an
    exception of `refusals()` is a sentence for the form (a call, since services import slowly).
    `offered(row)` tells whether the row is in a state that allows it, `offered_to(user, row)`
    whether this person may do it to this row. `wide` forms are shown on a page, others in a dialog.
    `key` is the key that starts it. An act done `in_passing` is offered with "and next" too, where
    the row is one of a list that is worked through. Acts of a `group` stand apart from the main
    ones: ``aside``, or where the page's template has them.
    """

    name: str
    label: str
    permission: str
    run: Callable[[HttpRequest, Any, dict[str, Any]], str]
    refusals: Callable[[], tuple[type[Exception], ...]]
    form: type[ActForm] = ActForm
    icon: str = ""
    tone: str = ""
    description: str = ""
    submit: str = ""
    at_once: bool = False
    wide: bool = False
    key: str = ""
    group: str = ""
    in_passing: bool = False
    offered: Callable[[Any], bool] = field(default=lambda _row: True)
    offered_to: Callable[[Any, Any], bool] = field(default=lambda _user, _row: True)


class ActingAdmin(DeskAdmin):
    """
    A model admin with acts; `acts` names them, `after_act` says where they lead.

    A list that is worked through from row to row says more: what its links carry along, where the
    next row is, and where an act leads that took the row out of sight.
    """

    acts: tuple[Act, ...] = ()

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(
                f"<path:object_id>/{act.name}/",
                self.admin_site.admin_view(self._act_view(act)),
                name=f"{self.opts.app_label}_{self.opts.model_name}_{act.name}",
            )
            for act in self.acts
        ]
        return own + super().get_urls()

    def acts_for(self, request: HttpRequest, row: Model) -> list[dict[str, Any]]:
        """Return the acts this person may do to this row, each with its link."""
        version = getattr(row, "version", "")
        query = urlencode({"version": version, **self.carried(request)})
        return [
            {
                "act": act,
                "link": f"{self._act_link(act, row)}?{query}",
                "version": version,
            }
            for act in self.acts
            if request.user.has_perm(act.permission)  # type: ignore[union-attr]
            and act.offered(row)
            and act.offered_to(request.user, row)
        ]

    def after_act(self, row: Model) -> str:
        return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])

    def carried(self, request: HttpRequest) -> dict[str, str]:
        """Return the query that every link from a row's page carries along."""
        return {}

    def onward(self, request: HttpRequest, row: Model) -> str:
        """Return where an act leads once it is done."""
        return self.after_act(row)

    def following(self, request: HttpRequest, row: Model) -> str:
        """Return where the next row is; empty without one."""
        return ""

    def explain_refusal(self, request: HttpRequest, row: Any, refusal: Exception) -> Any:
        """Return more to show beside a refusal, such as what somebody else did meanwhile."""
        return None

    def _act_link(self, act: Act, row: Model) -> str:
        opts = self.opts
        return reverse(f"admin:{opts.app_label}_{opts.model_name}_{act.name}", args=[row.pk])

    def _act_view(self, act: Act) -> Callable[..., HttpResponse]:
        def view(request: HttpRequest, object_id: str) -> HttpResponse:
            if not request.user.has_perm(act.permission):  # type: ignore[union-attr]
                raise PermissionDenied
            row = self.get_object(request, object_id)
            if row is None:
                raise Http404
            return self._answer(act, request, row)

        return view

    def _answer(self, act: Act, request: HttpRequest, row: Any) -> HttpResponse:
        more = None
        if request.method == "POST":
            form = act.form(request.POST, request.FILES)
            form.about(request, row)
            # Where the next one is tells best who has not yet moved this one.
            following = self.following(request, row) if THEN_NEXT in request.POST else ""
            if form.is_valid():
                try:
                    said = act.run(request, row, form.cleaned_data)
                except act.refusals() as refusal:
                    form.add_error(None, str(refusal))
                    row.refresh_from_db()
                    more = self.explain_refusal(request, row, refusal)
                else:
                    messages.success(request, said)
                    return _onward(request, following or self.onward(request, row))
        else:
            version = request.GET.get("version") or getattr(row, "version", None)
            named = {
                name: given for name, given in request.GET.items() if name in act.form.base_fields
            }
            form = act.form(initial={**self.act_initial(act, row), **named, "version": version})
            form.about(request, row)
        return self._show(act, request, row, form, more)

    def act_initial(self, act: Act, row: Any) -> dict[str, Any]:
        """Return what the form of an act starts with."""
        return {}

    def act_panels(self, act: Act, row: Any) -> list[Any]:
        """Return panels to show above the form of a wide act."""
        return []

    def _show(
        self, act: Act, request: HttpRequest, row: Any, form: ActForm, more: Any
    ) -> HttpResponse:
        context = {
            "act": act,
            "form": form,
            "row": row,
            "more": more,
            "back": self.onward(request, row),
            "action": request.get_full_path(),
            "then_next": THEN_NEXT if act.in_passing and self.following(request, row) else "",
        }
        if request.headers.get("HX-Request"):
            return TemplateResponse(request, "desk/act_dialog.html", context)
        context |= {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": row,
            "title": act.label,
            "panels": self.act_panels(act, row),
        }
        return TemplateResponse(request, "desk/act.html", context)


def _onward(request: HttpRequest, to: str) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": to})
    return HttpResponseRedirect(to)
