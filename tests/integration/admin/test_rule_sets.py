"""The pages of a rule set: read, edited as a form or as JSON, tried, activated by two."""

import json
import re
from copy import deepcopy
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from breaks.models import ApprovalRequest, BackTest
from breaks.services import approvals
from matching.choices import RuleSetStatus
from matching.models import RuleSet
from matching.services import rule_sets
from tests import factories

pytestmark = pytest.mark.django_db


def _at(name, *args):
    return reverse(f"admin:{name}", args=args)


@pytest.fixture
def active() -> RuleSet:
    return factories.rule_set()


@pytest.fixture
def draft(active, administrator) -> RuleSet:
    return rule_sets.draft(
        name=active.name, definition=active.definition, by=administrator, at=factories.NOW
    )


@pytest.fixture
def browser(administrator, browser_as) -> Client:
    return browser_as(administrator)


def inputs(page: str) -> dict[str, str]:
    """Return what a browser would send of the page's form, untouched."""
    found = {}
    for tag in re.findall(r"<input [^>]*>", page):
        said = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if said.get("type") == "checkbox" and " checked" not in tag:
            continue
        if "name" in said and said["name"] != "csrfmiddlewaretoken":
            found[said["name"]] = said.get("value", "")
    for name, options in re.findall(r'<select[^>]* name="([^"]*)"[^>]*>(.*?)</select>', page):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        found[name] = chosen[1] if chosen else ""
    return found


class TestEditing:
    def test_the_form_saved_untouched_changes_nothing(self, browser, draft):
        address = _at("matching_ruleset_edit", draft.pk)
        before = json.dumps(draft.definition)
        sent = inputs(browser.get(address).content.decode())
        assert len(sent) > 150

        answer = browser.post(address, {**sent, "note": "", "save": "1"})

        draft.refresh_from_db()
        assert answer.status_code == 302
        assert json.dumps(draft.definition) == before
        assert draft.edits == 1

    def test_what_is_typed_is_kept_with_who_typed_it(self, browser, administrator, draft):
        address = _at("matching_ruleset_edit", draft.pk)
        sent = inputs(browser.get(address).content.decode())

        browser.post(address, {**sent, "auto_at": "0.97", "note": "Stricter.", "save": "1"})

        draft.refresh_from_db()
        assert draft.definition["auto_at"] == 0.97
        assert (draft.note, draft.edited_by) == ("Stricter.", administrator)
        page = browser.get(_at("matching_ruleset_change", draft.pk)).content.decode()
        assert re.search(r"matched by itself from.*?0\.95.*?<b>0\.97</b>", page, re.DOTALL)

    def test_looking_saves_nothing_and_shows_the_changes(self, browser, draft):
        address = _at("matching_ruleset_edit", draft.pk)
        sent = inputs(browser.get(address).content.decode())

        page = browser.post(address, {**sent, "passes-4-off": "on", "look": "1"}).content.decode()

        assert re.search(r"Pass block and fills.*?on.*?<b>off</b>", page, re.DOTALL)
        draft.refresh_from_db()
        assert (draft.edits, "off" in draft.definition["passes"][4]) == (0, False)

    def test_a_wrong_number_gets_the_engine_s_sentence_at_its_place(self, browser, draft):
        address = _at("matching_ruleset_edit", draft.pk)
        sent = inputs(browser.get(address).content.decode())

        page = browser.post(address, {**sent, "auto_at": "1.5", "save": "1"}).content.decode()

        assert 'name="auto_at" value="1.5"' in page
        assert page.count("auto_at must be between 0 and 1") == 2
        draft.refresh_from_db()
        assert draft.edits == 0

    def test_a_break_type_there_is_not_is_refused(self, browser, draft):
        wrong = deepcopy(draft.definition)
        wrong["fields"][0]["kind"] = "SIDES"

        page = self._as_json(browser, draft, json.dumps(wrong))

        assert "is no type of break" in page.content.decode()

    @pytest.mark.parametrize(
        "text",
        ["{", "[]", "null", '{"fields": 1}', "[" * 100_000, '{"name": "\\ud800"}', "",
         '{"name": "\\u0000"}', '{"auto_at": 1e999}', '{"auto_at": NaN}', '{"fields": [1]}'],
    )  # fmt: skip
    def test_what_is_no_rule_set_is_one_sentence(self, browser, draft, text):
        answer = self._as_json(browser, draft, text)

        assert answer.status_code == 200
        assert 'role="alert"' in answer.content.decode()
        draft.refresh_from_db()
        assert draft.edits == 0

    def test_the_exact_form_is_edited_too(self, browser, draft):
        changed = {**draft.definition, "tie_margin": 0.01}

        self._as_json(browser, draft, json.dumps(changed))

        draft.refresh_from_db()
        assert draft.definition == changed

    def test_what_another_saved_meanwhile_is_shown_and_not_overwritten(
        self, browser, draft, supervisor
    ):
        address = _at("matching_ruleset_edit", draft.pk)
        sent = inputs(browser.get(address).content.decode())
        theirs = {**draft.definition, "review_at": 0.8}
        rule_sets.edit_draft(
            rule_set_id=draft.pk, definition=theirs, note="", edits=0, by=supervisor,
            at=factories.NOW,
        )  # fmt: skip

        page = browser.post(address, {**sent, "auto_at": "0.9", "save": "1"}).content.decode()

        draft.refresh_from_db()
        assert draft.definition == theirs
        assert f"{supervisor.username} saved trades v2 while you were editing it" in page
        assert re.search(r"proposed from.*?0\.8.*?<b>0\.75</b>", page, re.DOTALL)

    def test_only_a_draft_is_edited_and_only_by_who_may(self, browser, draft, active, browser_as):
        address = _at("matching_ruleset_edit", active.pk)
        assert browser.get(address).status_code == 403
        assert browser.post(address, {"save": "1"}).status_code == 403
        for group in ("Analyst", "Auditor"):
            other = browser_as(factories.user(group))
            assert other.get(_at("matching_ruleset_edit", draft.pk)).status_code == 403
            assert other.get(_at("matching_ruleset_change", draft.pk)).status_code == 200

    def test_a_copy_leads_to_its_own_page(self, browser, active):
        answer = browser.post(_at("matching_ruleset_copy", active.pk))

        made = RuleSet.objects.get(status=RuleSetStatus.DRAFT)
        assert answer.url == _at("matching_ruleset_change", made.pk)
        assert made.definition == active.definition

    def test_odd_rules_of_an_older_version_still_have_pages(self, browser):
        odd = factories.rule_set(definition={})

        for page in ("change", "edit"):
            answer = browser.get(_at(f"matching_ruleset_{page}", odd.pk))
            assert answer.status_code == 200
        assert b'name="definition"' in answer.content

    def _as_json(self, browser, draft, text):
        address = _at("matching_ruleset_edit", draft.pk) + "?as=json"
        return browser.post(
            address, {"definition": text, "note": "", "edits": draft.edits, "save": "1"}
        )


class TestTrying:
    def test_a_draft_is_tried_from_its_page_and_the_answer_kept(self, browser, draft):
        left = factories.trade()
        right = factories.trade(source="custodian", price="187.60")
        assert left.trade_date == right.trade_date
        run = factories.run()
        address = _at("matching_ruleset_back-test", draft.pk)
        assert f'value="{run.pk}"' in browser.get(address).content.decode()

        answer = browser.post(address, {"run": run.pk})

        kept = BackTest.objects.get()
        assert answer.url == _at("breaks_backtest_change", kept.pk)
        page = browser.get(answer.url).content.decode()
        assert "tried on" in page
        assert "edited since" not in page

    def test_an_edit_since_is_told_wherever_it_is_shown(self, browser, draft, administrator):
        run = factories.run()
        browser.post(_at("matching_ruleset_back-test", draft.pk), {"run": run.pk})
        changed = {**draft.definition, "auto_at": 0.9}
        rule_sets.edit_draft(
            rule_set_id=draft.pk, definition=changed, note="", edits=None, by=administrator,
            at=factories.NOW,
        )  # fmt: skip

        kept = BackTest.objects.get()
        pages = [_at("breaks_backtest_change", kept.pk), _at("matching_ruleset_change", draft.pk)]
        first, second = (browser.get(page).content.decode() for page in pages)
        assert "was edited since: try it again" in first
        assert "rules changed since" in second

    def test_a_refusal_is_a_sentence_in_the_form(self, browser, draft):
        factories.rule_set().__class__.objects.filter(status="ACTIVE").update(status="RETIRED")
        run = factories.run(rule_set=draft)

        page = browser.post(_at("matching_ruleset_back-test", draft.pk), {"run": run.pk})

        assert "has no active version" in page.content.decode()
        assert not BackTest.objects.exists()

    def test_the_page_costs_the_same_with_one_back_test_and_with_many(
        self, browser, draft, queries
    ):
        run = factories.run()
        factories.back_test(rule_set=draft, run=run)
        address = _at("matching_ruleset_change", draft.pk)
        browser.get(address)
        few = queries(browser, address)
        for at in range(12):
            factories.back_test(rule_set=draft, run=run, at=factories.NOW + timedelta(hours=at))
            factories.rule_set(status="DRAFT")

        assert queries(browser, address) == few <= 25

    @pytest.mark.parametrize("edits", ["", "x", "-1", "9" * 30, "9" * 5000])
    def test_a_count_of_edits_that_is_none_is_as_good_as_an_old_one(self, browser, draft, edits):
        text = json.dumps(draft.definition)

        page = browser.post(
            _at("matching_ruleset_edit", draft.pk) + "?as=json",
            {"definition": text, "note": "", "edits": edits, "save": "1"},
        )

        assert page.status_code == 200
        assert "while you were editing it" in page.content.decode()


class TestActivating:
    def test_it_waits_for_a_second_person_who_sees_the_changes_and_the_back_test(
        self, browser, draft, administrator, supervisor, browser_as
    ):
        changed = {**draft.definition, "auto_at": 0.97}
        rule_sets.edit_draft(
            rule_set_id=draft.pk, definition=changed, note="", edits=None, by=administrator,
            at=factories.NOW,
        )  # fmt: skip
        kept = factories.back_test(rule_set=draft)

        page = browser.get(_at("matching_ruleset_activate", draft.pk)).content.decode()
        assert "What it changes against trades v1" in page
        browser.post(_at("matching_ruleset_activate", draft.pk), {"reason": "Fewer doubts."})

        draft.refresh_from_db()
        assert draft.status == RuleSetStatus.DRAFT
        waiting = ApprovalRequest.objects.get()
        seen = browser_as(supervisor).get(_at("breaks_approvalrequest_change", waiting.pk))
        shown = seen.content.decode()
        assert "matched by itself from" in shown
        assert _at("breaks_backtest_change", kept.pk) in shown

        approvals.approve(request_id=waiting.pk, by=supervisor, at=factories.NOW)
        draft.refresh_from_db()
        assert draft.status == RuleSetStatus.ACTIVE
        assert draft.activated_by == administrator

    def test_an_analyst_does_neither(self, analyst, browser_as, draft):
        other = browser_as(analyst)

        for act in ("activate", "back-test", "copy"):
            assert other.post(_at(f"matching_ruleset_{act}", draft.pk)).status_code == 403
