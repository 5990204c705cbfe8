"""What the tests of bulk acts read off the pages, and how they go through them."""

import re

from django.urls import reverse

QUEUE = reverse("admin:breaks_tradebreak_changelist")
MATCHES = reverse("admin:matching_match_changelist")
LIST = reverse("admin:breaks_actbatch_changelist")


def page_of(batch):
    return reverse("admin:breaks_actbatch_change", args=[batch.pk])


def address(act, of="breaks_tradebreak"):
    return reverse(f"admin:{of}_bulk", args=[act])


def tick(browser, act, rows, query="?view=all", page=QUEUE, **more):
    data = {"action": f"bulk_{act}", "_selected_action": [row.pk for row in rows]} | more
    return browser.post(page + query, data)


def panels(response):
    return {panel.title: panel for panel in response.context["preview"].panels}


def text(cell):
    return re.sub("<.*?>", "", str(cell))


def send(browser, preview, **given):
    """Send the form of a preview as it stands, filled in."""
    context = preview.context
    data = {"selection": context["selection"], "back": context["back"], **given}
    return browser.post(context["do_it_at"], data)
