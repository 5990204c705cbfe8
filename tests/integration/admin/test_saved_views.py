"""The views of the queue that a person keeps."""

import pytest
from django.urls import reverse

from breaks.models import SavedView
from tests import factories

pytestmark = pytest.mark.django_db

QUEUE = "/admin/breaks/tradebreak/"


@pytest.fixture
def browser(analyst, browser_as):
    return browser_as(analyst)


class TestOwnViews:
    def _keep(self, browser, name="Big ones", query="exposure_from=100&p=3&view=mine"):
        return browser.post(f"{QUEUE}views/", {"name": name, "query": query})

    def test_are_kept_without_the_page_and_listed_for_their_owner_alone(self, browser, browser_as):
        response = self._keep(browser)

        assert response.url == f"{QUEUE}?exposure_from=100&view=mine"
        shown = browser.get(response.url).context["desk_views"]
        assert [(view["name"], view["active"]) for view in shown] == [("Big ones", True)]
        other = browser_as(factories.user("Analyst")).get(QUEUE)
        assert other.context["desk_views"] == []

    def test_a_second_of_the_same_name_replaces_the_first(self, browser):
        self._keep(browser)
        self._keep(browser, query="view=overdue")

        assert SavedView.objects.get().query == "view=overdue"

    def test_are_forgotten_by_their_owner_alone(self, browser, browser_as):
        self._keep(browser)
        view = SavedView.objects.get()
        address = reverse("admin:breaks_tradebreak_forget_view", args=[view.pk])

        assert browser_as(factories.user("Supervisor")).post(address).status_code == 404
        assert SavedView.objects.exists()
        assert browser.get(address).status_code == 405
        browser.post(address)
        assert not SavedView.objects.exists()

    def test_are_renamed_by_their_owner_alone(self, browser, browser_as):
        self._keep(browser, name="Big ones")
        self._keep(browser, name="Late ones", query="view=overdue")
        view = SavedView.objects.get(name="Big ones")
        address = reverse("admin:breaks_tradebreak_rename_view", args=[view.pk])

        def asked(whose, name):
            return whose.post(address, {"name": name, "query": "view=mine"}, follow=True)

        assert asked(browser_as(factories.user("Analyst")), "Stolen").status_code == 404
        for refused in ("Late ones", " ", "x" * 41):
            assert [str(said) for said in asked(browser, refused).context["messages"]]
        assert SavedView.objects.get(pk=view.pk).name == "Big ones"
        done = asked(browser, " Very  big ")
        assert done.redirect_chain[0][0] == f"{QUEUE}?view=mine"
        view.refresh_from_db()
        assert (view.name, view.query) == ("Very big", "exposure_from=100&view=mine")

    @pytest.mark.parametrize(
        ("name", "query"), [("  ", "view=mine"), ("x" * 41, "view=mine"), ("x", "q=" + "y" * 2000)]
    )
    def test_refuse_what_cannot_be_kept_and_say_why(self, browser, name, query):
        response = browser.post(f"{QUEUE}views/", {"name": name, "query": query}, follow=True)

        assert [str(said) for said in response.context["messages"]]
        assert not SavedView.objects.exists()

    def test_lead_nowhere_but_to_the_queue(self, browser):
        response = self._keep(browser, query="https://evil.example/?view=mine")

        assert response.url.startswith(QUEUE + "?")

    def test_need_the_permission_to_look_at_breaks(self, browser_as):
        assert self._keep(browser_as(factories.user())).status_code == 403
        assert not SavedView.objects.exists()
