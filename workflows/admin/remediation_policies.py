"""What may put breaks right, and what of it by itself; every change is kept with who made it."""

from django import forms
from django.conf import settings
from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget

from breaks.choices import BreakType
from trades.admin.cells import badge, digits, short
from trades.admin.changes import ChangesKeptAdmin
from workflows.choices import CAN_TOUCH
from workflows.models import RemediationPolicy

_TOUCHABLE = [kind for kind in BreakType if any(kind in kinds for kinds in CAN_TOUCH.values())]


_ACTIONS = [(action.value, action.label) for action, kinds in CAN_TOUCH.items() if kinds]


class PolicyForm(forms.ModelForm):
    action = forms.ChoiceField(choices=_ACTIONS, widget=UnfoldAdminSelectWidget())
    break_types = forms.MultipleChoiceField(
        choices=[(kind.value, kind.label) for kind in _TOUCHABLE],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="It never touches a type that is not ticked.",
    )

    class Meta:
        model = RemediationPolicy
        fields = (
            "name", "action", "break_types", "absolute_cap", "percent_cap", "max_exposure",
            "applies_itself", "is_enabled",
        )  # fmt: skip


@admin.register(RemediationPolicy)
class RemediationPolicyAdmin(ChangesKeptAdmin):
    form = PolicyForm
    list_display = ("name", "does", "in_words", "caps", "touches", "changed", "changed_by")
    search_fields = ("name",)
    search_help_text = "Name"
    fieldsets = (
        (None, {"fields": (("name", "is_enabled"), "action", "break_types")}),
        (
            "Caps",
            {
                "fields": ("absolute_cap", "percent_cap", "max_exposure"),
                "description": "Every cap that is given must hold, and what is not known holds "
                "none. To accept a rounding difference all three are needed: beyond the first two "
                "it is no rounding, beyond the third a second person decides.",
            },
        ),
        ("By itself", {"fields": ("applies_itself",)}),
    )

    @display(description="What it does", ordering="action")
    def does(self, row: RemediationPolicy) -> str:
        return row.get_action_display()

    @display(description="Types")
    def touches(self, row: RemediationPolicy) -> SafeString:
        labels = dict(BreakType.choices)
        words = ", ".join(str(labels.get(kind, kind)) for kind in row.break_types)
        return format_html('<span class="dk-words">{}</span>', words)

    @display(description="Caps")
    def caps(self, row: RemediationPolicy) -> SafeString:
        said = []
        if row.absolute_cap is not None:
            said.append(f"off by {digits(row.absolute_cap)}")
        if row.percent_cap is not None:
            said.append(f"{digits(row.percent_cap)}%")
        if row.max_exposure is not None:
            said.append(f"{digits(row.max_exposure, places=2)} {settings.BASE_CURRENCY} at risk")
        return short(" and ".join(said) or "none")

    @display(description="Applies", ordering="applies_itself")
    def in_words(self, row: RemediationPolicy) -> SafeString:
        if not row.is_enabled:
            return badge("RETIRED", "never")
        if row.applies_itself:
            return badge("ACTIVE", "low risk by itself")
        return badge("PENDING", "with a second person")
