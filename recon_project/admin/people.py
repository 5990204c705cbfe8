from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import Count, Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RelatedCheckboxFilter
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from trades.admin.cells import badge, moment, number, short
from trades.admin.desk import DeskAdmin

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class DeskUserAdmin(UserAdmin, DeskAdmin):  # type: ignore[misc]
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "full_name", "email", "group_names", "staff", "active", "signed_in")
    list_filter = (("groups", RelatedCheckboxFilter), "is_staff", "is_active")
    list_filter_submit = True

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).prefetch_related(Prefetch("groups"))

    # Whoever could make a superuser, or set the password of one, would be one.
    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may: bool = super().has_change_permission(request, obj)
        return may and (request.user.is_superuser or not getattr(obj, "is_superuser", False))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else (*fields, "is_superuser")

    @display(description="Name", ordering="last_name")
    def full_name(self, user: User) -> str:
        return user.get_full_name()

    @display(description="Groups")
    def group_names(self, user: User) -> SafeString:
        return short(", ".join(group.name for group in user.groups.all()))

    @display(description="Desk", ordering="is_staff")
    def staff(self, user: User) -> SafeString:
        if user.is_superuser:
            return badge("ESCALATED", "superuser")
        return badge("ACTIVE", "yes") if user.is_staff else badge("RETIRED", "no")

    @display(description="Active", ordering="is_active")
    def active(self, user: User) -> SafeString:
        return badge("ACTIVE", "yes") if user.is_active else badge("RETIRED", "no")

    @display(description="Last signed in", ordering="last_login")
    def signed_in(self, user: User) -> SafeString:
        return moment(user.last_login)


@admin.register(Group)
class DeskGroupAdmin(GroupAdmin, DeskAdmin):  # type: ignore[misc]
    list_display = ("name", "people", "permission_count")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return (
            super()
            .get_queryset(request)
            .annotate(
                members=Count("user", distinct=True), granted=Count("permissions", distinct=True)
            )
        )

    @display(description="People", ordering="members")
    def people(self, group: Any) -> SafeString:
        return number(group.members)

    @display(description="Permissions", ordering="granted")
    def permission_count(self, group: Any) -> SafeString:
        return number(group.granted)
