"""Lists are called what the navigation calls them."""

import pytest
from django.urls import reverse

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("page", "name", "table"),
    [
        ("breaks_actbatch", "Batches", "Act batches"),
        ("breaks_approvalrequest", "Approvals", "Approval requests"),
        ("connectors_rejectedrow", "Quarantine", "Rejected rows"),
        ("knox_authtoken", "API tokens", "Auth tokens"),
    ],
)
def test_the_heading_is_the_navigation_s(superuser, browser_as, page, name, table):
    shown = browser_as(superuser).get(reverse(f"admin:{page}_changelist")).content.decode()

    heading = shown.partition('id="header-inner"')[2][:2000]
    assert name in heading
    assert table not in heading
