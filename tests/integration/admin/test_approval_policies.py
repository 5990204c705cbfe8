"""When an act needs a second person: who sets it, and that each change is kept."""

import pytest
from django.urls import reverse

from breaks.models import ApprovalPolicy
from tests import factories

pytestmark = pytest.mark.django_db


def _at(name, *args):
    return reverse(f"admin:{name}", args=args)


class TestPolicies:
    PAGE = "breaks_approvalpolicy_change"

    def test_a_change_is_kept_with_who_made_it_and_what_it_was(self, administrator, browser_as):
        policy = ApprovalPolicy.objects.get(act="UNMATCH")
        browser = browser_as(administrator)

        browser.post(_at(self.PAGE, policy.pk), {"is_enabled": "on", "above": "250000"})

        kept = list(
            policy.history.order_by("history_id").values_list("above", "history_user__username")
        )
        assert kept == [(100_000, None), (250_000, administrator.username)]
        shown = browser.get(_at("breaks_approvalpolicy_history", policy.pk)).content.decode()
        assert administrator.username in shown
        listed = browser.get(_at("breaks_approvalpolicy_changelist")).content.decode()
        assert "above 250,000.00 USD" in listed

    @pytest.mark.parametrize("above", ["-1", "x", ""])
    def test_a_limit_below_nothing_is_refused(self, administrator, browser_as, above):
        policy = ApprovalPolicy.objects.get(act="UNMATCH")

        response = browser_as(administrator).post(
            _at(self.PAGE, policy.pk), {"is_enabled": "on", "above": above}
        )

        assert response.context["adminform"].form.errors
        policy.refresh_from_db()
        assert policy.above == 100_000

    @pytest.mark.parametrize("group", ["Analyst", "Supervisor", "Auditor"])
    def test_is_for_administrators(self, browser_as, group):
        policy = ApprovalPolicy.objects.get(act="ACCEPT")
        browser = browser_as(factories.user(group))

        assert browser.get(_at(self.PAGE, policy.pk)).status_code == 200
        answer = browser.post(_at(self.PAGE, policy.pk), {"above": "1"})

        assert answer.status_code == 403
        policy.refresh_from_db()
        assert (policy.is_enabled, policy.above) == (True, 0)

    def test_none_is_added_or_taken_away(self, superuser, browser_as):
        policy = ApprovalPolicy.objects.get(act="ACCEPT")
        browser = browser_as(superuser)

        assert browser.get(_at("breaks_approvalpolicy_add")).status_code == 403
        address = _at("breaks_approvalpolicy_delete", policy.pk)
        assert browser.post(address, {"post": "yes"}).status_code == 403
        assert ApprovalPolicy.objects.filter(pk=policy.pk).exists()


@pytest.mark.parametrize(
    "model",
    [
        "breaks_approvalpolicy",
        "workflows_escalationlevel",
        "workflows_remediationpolicy",
        "workflows_routingrule",
    ],
)
@pytest.mark.parametrize("key", ["abc", "9" * 30, "-1"])
def test_there_are_no_changes_of_no_policy(look, model, key):
    assert look(f"{model}_history", key).status_code == 404
