"""API tokens: made here, shown once, deleted to revoke."""

from typing import Any

import knox.admin  # noqa: F401  its own registration comes first
from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from knox.models import AuthToken
from unfold.decorators import display

from trades.admin.cells import badge, moment, short
from trades.admin.desk import DeskAdmin, ViewFilter

admin.site.unregister(AuthToken)


class TokenForm(forms.ModelForm):
    class Meta:
        model = AuthToken
        fields = ("user", "expiry")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "user" not in self.fields:
            return  # a token that is only shown
        user: Any = self.fields["user"]
        user.queryset = user.queryset.filter(is_active=True)
        user.help_text = "Whose permissions the caller has."
        self.fields["expiry"].required = True
        self.fields["expiry"].help_text = "In UTC. After it the token is refused."

    def clean_expiry(self) -> Any:
        expiry = self.cleaned_data["expiry"]
        if expiry <= timezone.now():
            raise forms.ValidationError("This time is past; a token must expire later than now.")
        return expiry


class TokenFilter(ViewFilter):
    title = "view"
    parameter_name = "view"
    views = (("valid", "Valid"), ("all", "All"))

    def narrow(self, queryset: Any, value: str, request: HttpRequest) -> Any:
        return queryset.exclude(expiry__lte=timezone.now()) if value == "valid" else queryset


@admin.register(AuthToken)
class TokenAdmin(DeskAdmin):
    form = TokenForm
    list_display = ("prefix", "user", "made", "expires", "state")
    list_filter = (TokenFilter,)
    list_select_related = ("user",)
    search_fields = ("token_key", "user__username")
    search_help_text = "Prefix or user"
    fields = ("user", "expiry")

    @display(description="Begins with", ordering="token_key")
    def prefix(self, token: AuthToken) -> SafeString:
        return short(f"{token.token_key}…", mono=True)

    @display(description="Made", ordering="created")
    def made(self, token: AuthToken) -> SafeString:
        return moment(token.created)

    @display(description="Expires", ordering="expiry")
    def expires(self, token: AuthToken) -> SafeString:
        return moment(token.expiry)

    @display(description="State")
    def state(self, token: AuthToken) -> SafeString:
        over = token.expiry is not None and token.expiry <= timezone.now()
        return badge("RETIRED", "expired") if over else badge("ACTIVE", "valid")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj is None else ("user", "prefix", "made", "expires", "state")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        # A token of a superuser in somebody else's hand would make that person one.
        if db_field.name == "user" and not request.user.is_superuser:
            kwargs["queryset"] = User.objects.filter(is_superuser=False)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("user", "expiry") if obj is None else self.get_readonly_fields(request, obj)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        ttl: Any = settings.REST_KNOX["TOKEN_TTL"]
        return {"expiry": timezone.now().replace(microsecond=0) + ttl}

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        # One token at a time: each is shown on its own page.
        context |= {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Make the token; its text is known only to this request."""
        expiry = form.cleaned_data["expiry"]
        made, text = AuthToken.objects.create(
            user=form.cleaned_data["user"], expiry=expiry - timezone.now()
        )
        obj.digest, obj.token_key, obj.created = made.digest, made.token_key, made.created
        obj._state.adding = False
        request.new_token = text  # type: ignore[attr-defined]

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: Any = None
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "The new token",
            "token": getattr(request, "new_token", ""),
            "row": obj,
            "back": reverse("admin:knox_authtoken_changelist"),
        }
        response = TemplateResponse(request, "desk/new_token.html", context)
        # Neither a proxy nor the browser's history keeps what is shown only once.
        response.headers["Cache-Control"] = "no-store"
        return response
