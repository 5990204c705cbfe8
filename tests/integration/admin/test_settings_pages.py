"""Rules, reference data and tokens: what may be typed, and what a service decides."""

import json
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from knox.auth import TokenAuthentication
from knox.models import AuthToken

from matching.choices import RuleSetStatus
from matching.models import RuleSet
from tests import factories
from trades.models import CounterpartyAlias, Instrument

pytestmark = pytest.mark.django_db


def _at(name, *args):
    return reverse(f"admin:{name}", args=args)


class TestRuleSets:
    @pytest.fixture
    def active(self) -> RuleSet:
        return factories.rule_set()

    def _form(self, active, **over):
        return {"note": "tighter", "definition": json.dumps(active.definition)} | over

    def test_a_draft_is_numbered_by_the_service(self, administrator, browser_as, active):
        browser_as(administrator).post(
            _at("matching_ruleset_add"), self._form(active, name=active.name)
        )

        made = RuleSet.objects.get(name=active.name, version=active.version + 1)
        assert (made.status, made.created_by) == (RuleSetStatus.DRAFT, administrator)

    def test_a_wrong_definition_gets_the_engine_s_sentence(self, administrator, browser_as, active):
        wrong = {**active.definition, "auto_at": 1.5}

        response = browser_as(administrator).post(
            _at("matching_ruleset_add"),
            self._form(active, name="other", definition=json.dumps(wrong)),
        )

        sentence = response.context["adminform"].form.errors["definition"][0]
        assert "auto_at must be between 0 and 1" in sentence
        assert not RuleSet.objects.filter(name="other").exists()

    def test_an_analyst_copies_nothing(self, analyst, browser_as, active):
        address = _at("matching_ruleset_copy", active.pk)

        assert browser_as(analyst).post(address).status_code == 403


class TestFeeds:
    @pytest.mark.parametrize(
        "settings",
        [
            {"password": "hunter2"},
            {"options": {"secret": "hunter2"}},
            {"options": {"client_kwargs": {"aws_session_token": "hunter2"}}},
        ],
    )
    def test_a_secret_is_named_and_never_written_here(self, administrator, browser_as, settings):
        form = self._posted(browser_as(administrator), settings)

        assert "looks like a secret" in form.errors["settings"][0]

    def test_what_names_a_variable_is_no_secret(self, administrator, browser_as):
        settings = {"key_env": "OMS_API_KEY", "options_env": {"password": "SFTP_PASSWORD"},
                    "columns": {"Token": "trade_id"}}  # fmt: skip

        assert "settings" not in self._posted(browser_as(administrator), settings).errors

    def _posted(self, browser, settings):
        data = {"code": "new", "settings": json.dumps(settings)}
        return browser.post(_at("connectors_feed_add"), data).context["adminform"].form


class TestWhoMayBecomeWhom:
    def test_an_administrator_makes_nobody_a_superuser(self, administrator, browser_as):
        page = browser_as(administrator).get(_at("auth_user_change", administrator.pk))

        assert "is_superuser" not in page.context["adminform"].form.fields

    def test_an_administrator_sets_no_superusers_password(
        self, administrator, superuser, browser_as
    ):
        browser = browser_as(administrator)

        assert browser.post(_at("auth_user_change", superuser.pk), {}).status_code == 403
        assert browser.get(_at("auth_user_password_change", superuser.pk)).status_code == 403

    def test_an_administrator_gets_no_superusers_token(self, administrator, superuser, browser_as):
        browser = browser_as(administrator)
        expiry = {"expiry_0": "2099-01-01", "expiry_1": "00:00"}

        browser.post(_at("knox_authtoken_add"), {"user": superuser.pk} | expiry)

        assert not AuthToken.objects.filter(user=superuser).exists()


class TestReferenceData:
    def _identifier(self, browser, scheme, value):
        data = {"name": "Apple", "asset_class": "EQUITY", "currency": "USD",
                "identifiers-TOTAL_FORMS": 1, "identifiers-INITIAL_FORMS": 0,
                "identifiers-0-scheme": scheme, "identifiers-0-value": value}  # fmt: skip
        return browser.post(_at("trades_instrument_add"), data)

    @pytest.mark.parametrize(
        ("scheme", "value"),
        [("ISIN", "US0378331006"), ("CUSIP", "037833101"), ("SEDOL", "2046252")],
    )
    def test_a_wrong_check_digit_is_refused(self, administrator, browser_as, scheme, value):
        response = self._identifier(browser_as(administrator), scheme, value)

        assert f"is no {scheme}" in response.content.decode()
        assert not Instrument.objects.exists()

    def test_a_right_one_is_kept_compact(self, administrator, browser_as):
        self._identifier(browser_as(administrator), "ISIN", "us 0378331005")

        assert Instrument.objects.get().identifiers.get().value == "US0378331005"

    def test_a_spelling_gets_its_key_and_means_one_party(self, administrator, browser_as):
        party = factories.counterparty("Goldman Sachs & Co. LLC")
        other = factories.counterparty("Other")
        browser = browser_as(administrator)

        def add(to, spelling):
            data = {"name": to.name, "aliases-TOTAL_FORMS": 1, "aliases-INITIAL_FORMS": 0,
                    "aliases-0-spelling": spelling}  # fmt: skip
            return browser.post(_at("trades_counterparty_change", to.pk), data)

        add(party, "GOLDMAN, SACHS & CO")
        again = add(other, "Goldman Sachs and Co")

        assert CounterpartyAlias.objects.get().counterparty == party
        assert "already" in again.content.decode()


class TestTokens:
    def _make(self, browser, user):
        later = timezone.now() + timedelta(days=3)
        data = {"user": user.pk, "expiry_0": f"{later:%Y-%m-%d}", "expiry_1": f"{later:%H:%M:%S}"}
        return browser.post(_at("knox_authtoken_add"), data)

    def test_is_shown_once_and_works(self, administrator, integration, browser_as, rf):
        browser = browser_as(administrator)

        made = self._make(browser, integration)

        text = re.search(r'class="dk-token">([^<]+)<', made.content.decode())[1]
        assert "no-store" in made.headers["Cache-Control"]
        request = rf.get("/", headers={"Authorization": f"Token {text}"})
        assert TokenAuthentication().authenticate(request)[0] == integration
        for page in (
            _at("knox_authtoken_changelist"),
            _at("knox_authtoken_change", AuthToken.objects.get().pk),
        ):
            assert text not in browser.get(page).content.decode()

    def test_must_expire_later_than_now(self, administrator, integration, browser_as):
        data = {"user": integration.pk, "expiry_0": "2020-01-01", "expiry_1": "00:00:00"}

        browser_as(administrator).post(_at("knox_authtoken_add"), data)

        assert not AuthToken.objects.exists()

    def test_deleting_revokes(self, administrator, integration, browser_as):
        browser = browser_as(administrator)
        self._make(browser, integration)

        browser.post(_at("knox_authtoken_delete", AuthToken.objects.get().pk), {"post": "yes"})

        assert not AuthToken.objects.exists()

    def test_an_analyst_makes_none(self, analyst, browser_as):
        assert self._make(browser_as(analyst), analyst).status_code == 403
