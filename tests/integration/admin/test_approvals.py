"""The approvals page: what each person is offered, and that nobody checks what they made."""

import pytest
from django.urls import reverse

from breaks.choices import ApprovalStatus
from breaks.models import ApprovalPolicy, ApprovalRequest, TradeBreak
from breaks.services import approvals, work
from matching.choices import MatchStatus, RuleSetStatus
from matching.models import Match
from tests import factories
from tests.integration.breaks.asking import ACTS, Asking, dump

pytestmark = pytest.mark.django_db

LIST = "/admin/breaks/approvalrequest/"


def _at(name, *args):
    return reverse(f"admin:{name}", args=args)


def _act(name, asked):
    return _at(f"breaks_approvalrequest_{name}", asked.pk)


def _many(name, *asked):
    return _at(f"breaks_approvalrequest_{name}_many"), ",".join(str(one.pk) for one in asked)


def _shown(response):
    return [row.pk for row in response.context["cl"].result_list]


@pytest.fixture
def maker(db):
    return factories.user("Supervisor", username="maker")


@pytest.fixture(params=ACTS)
def asking(request, db) -> Asking:
    return Asking(request.param)


def accept_of(maker, **over) -> ApprovalRequest:
    row = factories.trade_break(exposure="10", **over)
    asked = approvals.accept(
        break_id=row.pk, version=1, comment="a cent", by=maker, at=factories.NOW
    )
    assert isinstance(asked, ApprovalRequest)
    return asked


class TestGuardedActsAskFirst:
    """Each page on which a guarded act is done says that it was asked for, and does nothing."""

    def said(self, response) -> str:
        return " ".join(str(message) for message in response.context["messages"])

    def test_accepting_a_break(self, analyst, browser_as):
        row = factories.trade_break()

        response = browser_as(analyst).post(
            _at("breaks_tradebreak_accept", row.pk), {"version": 1, "comment": "c"}, follow=True
        )

        asked = ApprovalRequest.objects.get()
        assert f"request {asked.pk} waits for a second person" in self.said(response)
        assert (asked.made_by, asked.trade_break) == (analyst, row)
        row.refresh_from_db()
        assert (row.status, row.version) == ("OPEN", 2)

    def test_taking_a_match_apart(self, analyst, browser_as, differing_match):
        ApprovalPolicy.objects.update(above=0)

        response = browser_as(analyst).post(
            _at("matching_match_unmatch", differing_match.pk), {"reason": "r"}, follow=True
        )

        assert "waits for a second person" in self.said(response)
        assert ApprovalRequest.objects.get().match == differing_match
        differing_match.refresh_from_db()
        assert differing_match.status == MatchStatus.MATCHED

    def test_activating_rules(self, administrator, browser_as):
        draft = factories.rule_set(status="DRAFT")

        response = browser_as(administrator).post(
            _at("matching_ruleset_activate", draft.pk), {"reason": "r"}, follow=True
        )

        assert "waits for a second person" in self.said(response)
        assert ApprovalRequest.objects.get().rule_set == draft
        draft.refresh_from_db()
        assert draft.status == RuleSetStatus.DRAFT

    def test_a_second_request_is_refused_in_the_form(self, analyst, supervisor, browser_as):
        asked = accept_of(analyst)

        response = browser_as(supervisor).post(
            _at("breaks_tradebreak_accept", asked.trade_break_id), {"version": 2, "comment": "c"}
        )

        assert "asked for this already" in response.context["form"].non_field_errors()[0]
        assert ApprovalRequest.objects.count() == 1


class TestMakerIsNeverChecker:
    @pytest.mark.parametrize("is_superuser", [False, True])
    @pytest.mark.parametrize("name", ["approve", "turn_down"])
    def test_on_the_page(self, asking, maker, browser_as, name, is_superuser):
        maker.is_superuser = is_superuser
        maker.save()
        asked = asking.ask(maker)
        browser = browser_as(maker)
        page = _at("breaks_approvalrequest_change", asked.pk)
        before = dump()

        offered = {item["act"].name for item in browser.get(page).context["acts"]}
        response = browser.post(_act(name, asked), {"note": "fine by me"})

        assert offered == {"withdraw"}
        assert "yourself" in response.context["form"].non_field_errors()[0]
        assert dump() == before
        assert not asking.is_done()

    @pytest.mark.parametrize("is_superuser", [False, True])
    @pytest.mark.parametrize("name", ["approve", "turn_down"])
    def test_in_bulk(self, asking, maker, browser_as, name, is_superuser):
        maker.is_superuser = is_superuser
        maker.save()
        asked = asking.ask(maker)
        address, ids = _many(name, asked)
        before = dump()

        page = browser_as(maker).post(address, {"ids": ids, "note": "n"}).content.decode()

        assert "Refused" in page
        assert "yourself" in page
        assert dump() == before

    def test_nothing_is_posted_to_the_row_itself(self, asking, maker, superuser, browser_as):
        asked = asking.ask(maker)
        wanted = {"status": "APPROVED", "decided_by": superuser.pk}
        page = _at("breaks_approvalrequest_change", asked.pk)

        assert browser_as(superuser).post(page, wanted).status_code == 403
        for address in (_at("breaks_approvalrequest_add"),
                        _at("breaks_approvalrequest_delete", asked.pk)):  # fmt: skip
            assert browser_as(superuser).post(address, {"post": "yes"}).status_code == 403
        asked.refresh_from_db()
        assert asked.status == ApprovalStatus.PENDING


class TestDeciding:
    def test_approving_does_it(self, asking, maker, supervisor, browser_as):
        asked = asking.ask(maker)

        response = browser_as(supervisor).post(_act("approve", asked), {"note": "seen"})

        assert response.status_code == 302
        assert asking.is_done()
        assert asking.did_it() == maker

    def test_turning_down_needs_a_reason(self, asking, maker, supervisor, browser_as):
        asked = asking.ask(maker)
        browser = browser_as(supervisor)

        assert browser.post(_act("turn_down", asked), {"note": " "}).context["form"].errors
        browser.post(_act("turn_down", asked), {"note": "no confirm"})

        asked.refresh_from_db()
        assert (asked.status, asked.decision_note) == (ApprovalStatus.REJECTED, "no confirm")
        assert not asking.is_done()

    def test_a_maker_withdraws(self, asking, analyst, maker, browser_as):
        asked = asking.ask(maker)

        browser_as(maker).post(_act("withdraw", asked), {"note": ""})

        asked.refresh_from_db()
        assert asked.status == ApprovalStatus.WITHDRAWN

    @pytest.mark.parametrize("name", ["approve", "turn_down"])
    @pytest.mark.parametrize("group", ["Analyst", "Auditor"])
    def test_is_for_whoever_may(self, asking, maker, browser_as, name, group):
        asked = asking.ask(maker)
        address, ids = _many(name, asked)
        browser = browser_as(factories.user(group))
        before = dump()

        assert browser.post(_act(name, asked), {"note": "n"}).status_code == 403
        assert browser.post(address, {"ids": ids, "note": "n"}).status_code == 403
        assert dump() == before

    def test_what_was_overtaken_is_said_before_and_after(self, maker, supervisor, browser_as):
        asked = accept_of(maker)
        other = factories.user("Analyst", username="chen")
        work.escalate(
            break_id=asked.trade_break_id, version=None, reason="r", by=other, at=factories.NOW
        )
        browser = browser_as(supervisor)

        page = browser.get(_at("breaks_approvalrequest_change", asked.pk)).content.decode()
        response = browser.post(_act("approve", asked), {"note": ""})

        assert "changed by chen" in page
        said = response.context["form"].non_field_errors()[0]
        assert "Nothing was done" in said
        assert "changed by chen" in said
        asked.refresh_from_db()
        assert asked.status == ApprovalStatus.STALE
        assert TradeBreak.objects.get(pk=asked.trade_break_id).status == "ESCALATED"

    def test_looking_changes_nothing(self, asking, maker, supervisor, browser_as):
        asked = asking.ask(maker)
        browser = browser_as(supervisor)
        before = dump()

        for name in ("approve", "turn_down", "change"):
            assert browser.get(_act(name, asked)).status_code == 200
        address, ids = _many("approve", asked)
        assert browser.get(f"{address}?ids={ids}").status_code == 200
        assert dump() == before


class TestInBulk:
    def test_previews_each_and_says_of_each_what_became(self, maker, supervisor, browser_as):
        good, overtaken, own = accept_of(maker), accept_of(maker), accept_of(supervisor)
        work.claim(break_id=overtaken.trade_break_id, version=None, by=maker, at=factories.NOW)
        browser = browser_as(supervisor)
        keys = [good.pk, overtaken.pk, own.pk]

        to = browser.post(
            f"{LIST}?view=all", {"action": "approve_selected", "_selected_action": keys}
        )
        preview = browser.get(to.url)
        address, ids = _many("approve", good, overtaken, own)
        done = browser.post(address, {"ids": ids, "note": "all seen"})

        assert preview.content.decode().count("refused: you asked for it") == 1
        assert {one.pk: one.status for one in ApprovalRequest.objects.all()} == {
            good.pk: "APPROVED", overtaken.pk: "STALE", own.pk: "PENDING",
        }  # fmt: skip
        page = done.content.decode()
        assert "Nothing was done: " in page
        assert "yourself" in page
        good.refresh_from_db()
        assert good.decision_note == "all seen"

    @pytest.mark.parametrize("ids", ["", "x", "1,,2", "99999999999999999999999", "-1"])
    def test_any_text_for_ids_is_answered(self, supervisor, browser_as, ids):
        address, _ = _many("approve")

        assert browser_as(supervisor).get(address, {"ids": ids}).status_code == 200

    def test_turning_many_down_needs_a_reason(self, maker, supervisor, browser_as):
        asked = accept_of(maker)
        address, ids = _many("turn_down", asked)

        response = browser_as(supervisor).post(address, {"ids": ids, "note": ""})

        assert response.context["form"].errors
        asked.refresh_from_db()
        assert asked.status == ApprovalStatus.PENDING


class TestTheList:
    def test_tabs_are_what_waits_for_me_what_i_asked_and_what_was_decided(
        self, maker, supervisor, browser_as
    ):
        theirs, mine, decided = accept_of(maker), accept_of(supervisor), accept_of(maker)
        approvals.turn_down(request_id=decided.pk, by=supervisor, at=factories.NOW, note="n")
        browser = browser_as(supervisor)

        tabs = browser.get(LIST).context["desk_tabs"]

        assert [(tab.label, tab.count, tab.active) for tab in tabs] == [
            ("For me to decide", 1, True), ("All waiting", 2, False), ("Asked by me", 1, False),
            ("Decided", 1, False), ("All", 3, False),
        ]  # fmt: skip
        assert [_shown(browser.get(LIST + tab.link)) for tab in tabs[:4]] == [
            [theirs.pk], [mine.pk, theirs.pk], [mine.pk], [decided.pk],
        ]  # fmt: skip

    def test_whoever_only_asks_begins_with_what_they_asked(self, analyst, browser_as):
        asked = accept_of(analyst)

        response = browser_as(analyst).get(LIST)

        assert _shown(response) == [asked.pk]
        assert "Withdraw" in response.content.decode()

    def test_nobody_is_offered_to_approve_their_own(self, maker, browser_as):
        asked = accept_of(maker)

        page = browser_as(maker).get(f"{LIST}?view=all").content.decode()

        assert _act("withdraw", asked) in page
        assert _act("approve", asked) not in page

    def test_the_navigation_counts_what_waits_for_this_person(self, maker, supervisor, rf):
        from recon_project.landing import to_decide

        accept_of(maker)
        accept_of(maker)
        counts = {}
        for user in (maker, supervisor, factories.user("Analyst")):
            request = rf.get("/")
            request.user = user
            counts[user.groups.get().name + user.username] = to_decide(request)

        assert sorted(counts.values()) == ["0", "0", "2"]
        assert counts["Supervisor" + supervisor.username] == "2"

    def test_another_team_s_break_is_not_there(self, maker, analyst, browser_as):
        asked = accept_of(maker, team=factories.team("elsewhere"))
        browser = browser_as(analyst)

        assert _shown(browser.get(f"{LIST}?view=all")) == []
        assert browser.get(_at("breaks_approvalrequest_change", asked.pk)).status_code == 302
        assert browser.post(_act("withdraw", asked), {"note": ""}).status_code == 404

    def test_costs_the_same_with_five_and_with_forty(self, maker, superuser, browser_as, queries):
        browser = browser_as(superuser)
        for _ in range(5):
            accept_of(maker)
        browser.get(LIST)
        few = queries(browser, LIST)
        for _ in range(35):
            accept_of(maker)

        assert queries(browser, LIST) == few <= 20


class TestThePage:
    def test_says_what_it_would_do(self, asking, maker, supervisor, browser_as):
        asked = asking.ask(maker)

        response = browser_as(supervisor).get(_at("breaks_approvalrequest_change", asked.pk))

        page = response.content.decode()
        assert "If approved" in page
        assert "looked at it" in page
        if asking.act != "ACTIVATE_RULES":
            lit = {line.label for line in response.context["compared"]["lines"] if line.differs}
            assert "Price" in lit
        else:
            assert _at("matching_ruleset_change", asking.draft.pk) in page

    def test_of_a_group_it_shows_every_leg(self, maker, supervisor, browser_as):
        ApprovalPolicy.objects.update(above=0)
        fills = [factories.trade(source="custodian", quantity=n) for n in (60, 40)]
        match = factories.match(left=[factories.trade()], right=fills)
        asked = approvals.unmatch(match_id=match.pk, reason="r", by=maker, at=factories.NOW)

        page = browser_as(supervisor).get(_at("breaks_approvalrequest_change", asked.pk))

        assert "Sum of 2" in page.content.decode()

    def test_of_what_is_gone_it_still_shows(self, maker, supervisor, browser_as):
        asking = Asking("UNMATCH")
        match = asking.desk.pair()
        asked = approvals.unmatch(match_id=match.pk, reason="r", by=maker, at=factories.NOW)
        match.legs.all().delete()
        Match.objects.filter(pk=match.pk).delete()

        page = browser_as(supervisor).get(_at("breaks_approvalrequest_change", asked.pk))

        assert "gone" in page.content.decode()

    def test_a_break_says_what_waits(self, analyst, supervisor, browser_as):
        asked = accept_of(analyst)
        page = _at("breaks_tradebreak_change", asked.trade_break_id)
        browser = browser_as(supervisor)

        assert "Waits for approval" in browser.get(page).content.decode()
        browser.post(_at("breaks_tradebreak_claim", asked.trade_break_id), {"version": 2})
        browser.post(_act("approve", asked), {"note": ""})

        shown = browser.get(page).content.decode()
        assert "Waits for approval" not in shown
        assert "Approval asked for to accept a break" in shown
