"""Acts from the workbench: stale ones, routing, pairing, deciding on a match, files."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from breaks.choices import BreakStatus, BreakType, GuardedAct
from breaks.models import ApprovalPolicy, ApprovalRequest, BreakAttachment, TradeBreak
from breaks.services import work
from breaks.services.attaching import LARGEST, attach
from matching.models import Match
from tests import factories


def act(name, row, query=""):
    return reverse(f"admin:breaks_tradebreak_{name}", args=[row.pk]) + query


def matched(status="MATCHED"):
    match = factories.match(
        left=[factories.trade()], right=[factories.trade(source="custodian", price="187.25")],
        status=status, score=0.9,
        differences=[{
            "field": "price", "kind": "PRICE", "left_value": "187.5", "right_value": "187.25",
            "difference": "0.25",
        }],
    )  # fmt: skip
    by_side = {leg.side: leg.trade for leg in match.legs.all()}
    return factories.trade_break(
        match=match, left_trade=by_side["left"], right_trade=by_side["right"]
    )


@pytest.fixture
def missing(db):
    return factories.trade_break(BreakType.MISSING_RIGHT)


STALE = {
    "claim": {},
    "assign": {"to": ""},
    "route": {"team": ""},
    "comment": {"text": "typed"},
    "await": {"reason": "typed"},
    "escalate": {"reason": "typed"},
    "resolve": {"reason_code": "BOOKED", "comment": "typed"},
    "accept": {"comment": "typed"},
    "reopen": {"reason": "typed"},
    "pair": {"side": "right", "other": "CU-1", "reason": "typed"},
    "confirm": {"reason": "typed"},
    "reject": {"reason": "typed"},
    "unmatch": {"reason": "typed"},
    "attach": {},
}


class TestStale:
    def test_every_act_is_tried(self):
        from breaks.admin.acts import ACTS

        assert {one.name for one in ACTS} - {"undo"} == STALE.keys()

    @pytest.mark.parametrize("name", STALE)
    def test_is_refused_and_shows_what_the_other_did(self, supervisor, browser_as, name):
        factories.trade(source="custodian", source_trade_id="CU-1")
        row = {
            "pair": lambda: factories.trade_break(BreakType.MISSING_RIGHT),
            "confirm": lambda: matched("PROPOSED"),
            "reject": lambda: matched("PROPOSED"),
            "unmatch": matched,
            "reopen": lambda: factories.trade_break(status="RESOLVED"),
        }.get(name, factories.trade_break)()
        other = factories.user("Analyst", username="chen")
        work.comment(break_id=row.pk, version=1, text="I am on it", by=other, at=factories.NOW)
        before = TradeBreak.objects.values().get(pk=row.pk), list(Match.objects.values())
        given = {"version": 1, **STALE[name]}
        if name == "attach":
            given["file"] = SimpleUploadedFile("a.txt", b"x")

        response = browser_as(supervisor).post(act(name, row), given)

        page = response.content.decode()
        assert response.status_code == 200
        assert "changed by chen meanwhile" in page
        assert "I am on it" in page
        assert "typed" not in STALE[name].values() or "typed" in page
        assert (TradeBreak.objects.values().get(pk=row.pk), list(Match.objects.values())) == before
        assert not BreakAttachment.objects.exists()


class TestRoute:
    def test_a_person_gives_it_to_a_team(self, analyst, browser_as):
        row = factories.trade_break()
        team = factories.team("night", analyst)

        browser_as(analyst).post(
            act("route", row), {"version": 1, "team": team.pk, "reason": "theirs"}
        )

        row.refresh_from_db()
        event = row.events.get()
        assert (row.team, event.kind, event.reason) == (team, "ROUTED", "theirs")


@pytest.mark.usefixtures("unguarded")
class TestPair:
    def test_a_candidate_is_paired_from_its_line(self, analyst, browser_as, missing):
        other = factories.trade(source="custodian", price="187.25", source_trade_id="CU 7/é")
        browser = browser_as(analyst)

        panel = browser.get(act("candidates", missing), headers={"HX-Request": "true"})
        html = panel.content.decode()
        link = html.split('class="dk-button dk-small" href="')[1].split('"')[0]
        form = browser.get(link.replace("&amp;", "&")).context["form"]
        assert html.lstrip().startswith("<section")
        assert form.initial["other"] == other.source_trade_id

        other.source_trade_id = "CU7"
        other.save()
        answer = browser.post(
            act("pair", missing),
            {"version": 1, "side": "right", "other": "CU7", "reason": "same order"},
        )

        assert answer.status_code == 302
        match = Match.objects.get()
        assert {leg.trade for leg in match.legs.all()} == {missing.left_trade, other}
        missing.refresh_from_db()
        assert (missing.status, missing.reason_code) == ("RESOLVED", "MATCHED_MANUALLY")
        assert TradeBreak.objects.live().get().break_type == "PRICE"

    def test_several_are_paired_as_a_group(self, analyst, browser_as, missing):
        for name, quantity in (("F-1", 60), ("F-2", 40)):
            factories.trade(source="custodian", source_trade_id=name, quantity=quantity)

        browser_as(analyst).post(
            act("pair", missing), {"version": 1, "side": "right", "other": "F-1, F-2 F-1",
                                   "reason": "fills"}
        )  # fmt: skip

        assert Match.objects.get().kind == "1:N"

    @pytest.mark.parametrize(
        ("other", "why"),
        [
            ("NONE-1", "Custodian reported no trade NONE-1"),
            ("", "This field is required"),
            ("x " * 60, "at most 50 trades"),
            ("' OR 1=1 --", "reported no trade"),
        ],
    )
    def test_what_is_no_trade_of_the_other_side_is_refused(
        self, analyst, browser_as, missing, other, why
    ):
        response = browser_as(analyst).post(
            act("pair", missing),
            {"version": 1, "side": "right", "other": other, "reason": "because"},
        )

        assert why in response.content.decode()
        assert not Match.objects.exists()

    def test_the_side_it_is_on_cannot_be_named(self, analyst, browser_as, missing):
        response = browser_as(analyst).post(
            act("pair", missing),
            {"version": 1, "side": "left", "other": missing.left_trade.source_trade_id,
             "reason": "because"},
        )  # fmt: skip

        assert response.context["form"].errors["side"]
        assert not Match.objects.exists()

    def test_another_candidate_replaces_the_proposed_one(self, analyst, browser_as):
        better = factories.trade(source="custodian")
        row = matched("PROPOSED")
        row.match.alternatives.create(trade=better, side="right", score=0.89)
        browser = browser_as(analyst)
        assert "Pair with this" in browser.get(act("change", row)).content.decode()

        browser.post(
            act("pair", row),
            {"version": 1, "side": "right", "other": better.source_trade_id, "reason": "time"},
        )

        made = Match.objects.get(status="MATCHED")
        assert {leg.trade for leg in made.legs.all()} == {row.left_trade, better}
        row.match.refresh_from_db()
        assert row.match.status == "SUPERSEDED"

    def test_nobody_pairs_what_is_matched(self, analyst, browser_as):
        row = matched()

        page = browser_as(analyst).get(act("change", row))

        assert "pair" not in {item["act"].name for item in page.context["acts"]}

    def test_an_auditor_sees_candidates_and_pairs_nothing(self, auditor, browser_as, missing):
        other = factories.trade(source="custodian")
        browser = browser_as(auditor)

        page = browser.get(act("candidates", missing)).content.decode()

        assert other.source_trade_id in page
        assert "Pair with this" not in page
        assert browser.post(act("pair", missing), {"version": 1}).status_code == 403

    def test_without_a_free_trade_it_says_so(self, analyst, browser_as, missing):
        page = browser_as(analyst).get(act("candidates", missing)).content.decode()

        assert "Custodian has no free trade of this instrument" in page


@pytest.mark.usefixtures("unguarded")
class TestMatchOfABreak:
    def test_a_proposal_is_turned_down(self, analyst, browser_as):
        row = matched("PROPOSED")

        browser_as(analyst).post(act("reject", row), {"version": 1, "reason": "other account"})

        row.match.refresh_from_db()
        assert (row.match.status, row.match.decision_note) == ("REJECTED", "other account")

    def test_a_match_is_taken_apart(self, analyst, browser_as):
        row = matched()

        browser_as(analyst).post(act("unmatch", row), {"version": 1, "reason": "not the same"})

        row.refresh_from_db()
        assert Match.objects.get().status == "UNMATCHED"
        assert row.status == BreakStatus.RESOLVED

    def test_a_reason_is_needed(self, analyst, browser_as):
        row = matched()

        response = browser_as(analyst).post(act("unmatch", row), {"version": 1, "reason": " "})

        assert response.context["form"].errors["reason"]
        assert Match.objects.get().status == "MATCHED"


class TestFiles:
    def test_is_uploaded_listed_and_saved(self, analyst, browser_as):
        row = factories.trade_break()
        browser = browser_as(analyst)
        sent = SimpleUploadedFile("../<i>conf.html", b"<script>alert(1)</script>", "text/html")

        browser.post(act("attach", row), {"version": 1, "file": sent})
        page = browser.get(act("change", row)).content.decode()
        kept = BreakAttachment.objects.get()
        address = reverse("admin:breaks_tradebreak_file", args=[row.pk, kept.pk])
        answer = browser.get(address)

        assert address in page
        assert kept.name == "iconf.html"
        assert b"".join(answer.streaming_content) == b"<script>alert(1)</script>"
        assert answer["Content-Disposition"] == 'attachment; filename="iconf.html"'
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Type"] == "application/octet-stream"

    @pytest.mark.parametrize(
        ("content", "why"), [(b"", "empty"), (b"x" * (LARGEST + 1), "at most 10 MB")]
    )
    def test_what_is_not_kept_is_said_in_the_form(self, analyst, browser_as, content, why):
        row = factories.trade_break()

        response = browser_as(analyst).post(
            act("attach", row), {"version": 1, "file": SimpleUploadedFile("a.bin", content)}
        )

        assert why in response.content.decode()
        assert not BreakAttachment.objects.exists()

    def test_is_there_only_for_those_who_see_the_break(self, analyst, supervisor, browser_as):
        row, another = factories.trade_break(), factories.trade_break()
        kept = attach(
            break_id=row.pk, version=1, name="a.txt", content=b"x", by=supervisor, at=factories.NOW
        )
        browser = browser_as(analyst)
        address = reverse("admin:breaks_tradebreak_file", args=[row.pk, kept.pk])
        astray = reverse("admin:breaks_tradebreak_file", args=[another.pk, kept.pk])

        assert browser.get(address).status_code == 200
        assert browser.get(astray).status_code == 404
        TradeBreak.objects.filter(pk=row.pk).update(team=factories.team("others"))
        assert browser.get(address).status_code == 404

    def test_nobody_reads_one_without_the_permission(self, db, browser_as):
        row = factories.trade_break()
        kept = attach(
            break_id=row.pk, version=1, name="a.txt", content=b"x", by=factories.user(),
            at=factories.NOW,
        )  # fmt: skip
        address = reverse("admin:breaks_tradebreak_file", args=[row.pk, kept.pk])

        assert browser_as(factories.user()).get(address).status_code == 403

    def test_reading_one_leaves_a_trace(self, analyst, browser_as, caplog):
        row = factories.trade_break()
        kept = attach(
            break_id=row.pk, version=1, name="a.txt", content=b"x", by=analyst, at=factories.NOW
        )

        with caplog.at_level("INFO", logger="trades.access"):
            browser_as(analyst).get(reverse("admin:breaks_tradebreak_file", args=[row.pk, kept.pk]))

        assert f"{analyst} read attachment {kept.pk} of break {row.pk}" in caplog.text


class TestWhatThePolicyGuards:
    """The pages of a break ask for what needs a second person, as every other way in does."""

    def test_a_pairing_is_asked_for(self, analyst, browser_as, missing):
        other = factories.trade(source="custodian", source_trade_id="CU7")

        answer = browser_as(analyst).post(
            act("pair", missing),
            {"version": 1, "side": "right", "other": other.source_trade_id, "reason": "same"},
        )

        assert answer.status_code == 302
        assert not Match.objects.exists()
        assert ApprovalRequest.objects.get().act == GuardedAct.PAIR

    def test_taking_apart_is_asked_for(self, analyst, browser_as):
        row = matched()
        ApprovalPolicy.objects.filter(act=GuardedAct.UNMATCH).update(above=0)

        browser_as(analyst).post(act("unmatch", row), {"version": 1, "reason": "not the same"})

        assert Match.objects.get().status == "MATCHED"
        assert ApprovalRequest.objects.get().act == GuardedAct.UNMATCH
