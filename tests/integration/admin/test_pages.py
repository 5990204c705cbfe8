"""Every list and page of the admin: who may see it, and that more rows cost no more queries."""

import re

import pytest
from django.contrib import admin
from django.urls import reverse
from unfold.admin import ModelAdmin

from tests import factories
from tests.integration.admin.rows import add_rows, add_thresholds
from trades.admin.desk import ViewFilter

pytestmark = pytest.mark.django_db

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)

DESK_LISTS = (
    "breaks_tradebreak", "breaks_pendingtrade", "matching_match", "matching_reconciliationrun",
    "connectors_delivery", "connectors_rejectedrow", "trades_trade", "trades_instrument",
    "matching_ruleset",
)  # fmt: skip
ADMINISTRATION = ("auth_user", "knox_authtoken", "django_celery_beat_periodictask")


def _name(model, page):
    return f"{model._meta.app_label}_{model._meta.model_name}_{page}"


def _list(model):
    filters = admin.site._registry[model].list_filter
    tabbed = any(isinstance(one, type) and issubclass(one, ViewFilter) for one in filters)
    return reverse(f"admin:{_name(model, 'changelist')}") + ("?view=all" if tabbed else "")


class TestEveryPage:
    """One look at all of them a test: the rows are dear to make, the pages are not."""

    @pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label_lower)
    def test_is_dressed_by_unfold(self, model):
        assert isinstance(admin.site._registry[model], ModelAdmin)

    def test_lists_cost_the_same_with_five_rows_and_with_forty(
        self, superuser, browser_as, queries
    ):
        browser = browser_as(superuser)
        pages = [*map(_list, MODELS), reverse("admin:index")]
        add_rows(5)
        add_thresholds()
        browser.get(pages[0])  # content types and the like are read once
        few = {address: queries(browser, address) for address in pages}
        add_rows(35)

        assert {address: queries(browser, address) for address in pages} == few
        assert max(few.values()) <= 25

    def test_each_row_has_a_page_and_each_model_its_add_form(self, look):
        add_rows(1)
        add_thresholds()
        answers = {}
        for model in MODELS:
            if (row := model._default_manager.first()) is not None:
                page = _name(model, "change")
                answers[page] = look(page, row.pk).status_code
            page = _name(model, "add")
            answers[page] = look(page).status_code

        odd = {page: code for page, code in answers.items() if code not in (200, 302, 403)}
        assert odd == {}
        assert sum(code == 200 for code in answers.values()) > len(MODELS)

    def test_every_list_can_be_searched_with_any_text(self, look):
        add_rows(1)

        for model in MODELS:
            page = _name(model, "changelist")
            assert look(page, query="?q=O'Neil+%25+7+%00x").status_code in (200, 302), page

    def test_no_list_breaks_at_a_number_that_is_no_key(self, superuser, browser_as):
        add_rows(1)
        browser, beyond = browser_as(superuser), "9" * 30
        for model in MODELS:
            address = reverse(f"admin:{_name(model, 'changelist')}")
            named = [
                one[0] if isinstance(one, tuple) else getattr(one, "parameter_name", one)
                for one in admin.site._registry[model].list_filter
            ]
            for name in [*named, "id__exact", "p"]:
                for more in ("", "__exact", "__gte", "__lt"):
                    answer = browser.get(f"{address}?{name}{more}={beyond}")
                    assert answer.status_code in (200, 302), (name, more)

    def test_no_act_on_many_breaks_at_what_is_no_key(self, superuser, browser_as):
        browser = browser_as(superuser)
        for model in MODELS:
            address = reverse(f"admin:{_name(model, 'changelist')}")
            for key in ("abc", "9" * 30, "-1"):
                form = {"action": "delete_selected", "_selected_action": [key]}
                assert browser.post(address, form).status_code in (200, 302, 403), model


class TestWhoMaySee:
    @pytest.mark.parametrize("group", ["Analyst", "Supervisor", "Administrator", "Auditor"])
    def test_the_desk(self, browser_as, group):
        browser = browser_as(factories.user(group))

        for page in DESK_LISTS:
            assert browser.get(reverse(f"admin:{page}_changelist")).status_code == 200, page

    @pytest.mark.parametrize("page", ADMINISTRATION)
    def test_administration_is_for_administrators(self, analyst, administrator, browser_as, page):
        address = reverse(f"admin:{page}_changelist")

        assert browser_as(administrator).get(address).status_code == 200
        assert browser_as(analyst).get(address).status_code == 403

    def test_nobody_without_permission(self, browser_as):
        browser = browser_as(factories.user())

        for page in DESK_LISTS:
            assert browser.get(reverse(f"admin:{page}_changelist")).status_code == 403, page

    def test_whoever_is_not_signed_in_is_asked_to(self, client):
        response = client.get(reverse("admin:breaks_tradebreak_changelist"))

        assert response.status_code == 302
        assert response.url.startswith(reverse("admin:login"))

    def test_signing_in_by_itself_leads_to_the_overview(self, client):
        page = client.get(reverse("admin:login")).content.decode()
        to = re.search(r'name="next" value="([^"]*)"', page)

        assert to
        assert to[1] == reverse("admin:index")


class TestOverview:
    def test_counts_open_breaks_by_severity_with_links(self, look):
        factories.trade_break(severity="CRITICAL", exposure="1200.50")
        factories.trade_break(severity="CRITICAL", status="RESOLVED")

        page = look("index").content.decode()

        assert "severity__exact=CRITICAL" in page
        assert re.search(r'view=open&amp;severity__exact=CRITICAL">\s*1\s*<', page)
        assert "1,200.50" in page

    def test_shows_only_what_a_person_may_see(self, browser_as):
        page = browser_as(factories.user()).get(reverse("admin:index"))

        assert page.status_code == 200
        assert "Last runs" not in page.content.decode()


class TestContentPolicy:
    @pytest.mark.parametrize(
        "name", ["index", "breaks_tradebreak_changelist", "django_celery_beat_periodictask_add"]
    )
    def test_no_page_holds_an_inline_script(self, look, name):
        response = look(name)

        assert "unsafe-inline" not in _directive(response, "script-src")
        for attributes, body in re.findall(
            r"<script([^>]*)>(.*?)</script>", response.content.decode(), re.DOTALL
        ):
            assert "src=" in attributes or "json" in attributes or not body.strip()

    def test_nothing_comes_from_another_host(self, look):
        page = look("breaks_tradebreak_changelist").content.decode()

        assert not re.findall(r'(?:src|href)="(?:https?:)?//(?!www\.w3\.org)[^"]+', page)


def _directive(response, name):
    policy = response.headers["Content-Security-Policy"]
    return next(part for part in policy.split(";") if part.strip().startswith(name))
