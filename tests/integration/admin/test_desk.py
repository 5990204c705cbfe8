"""Matches, runs, deliveries, quarantine and trades in the admin."""

from unittest import mock

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from connectors.models import Delivery, Layout, RejectedRow
from matching.choices import MatchStatus
from matching.models import ReconciliationRun
from tests import factories
from trades.models import Trade

pytestmark = pytest.mark.django_db

FILE = b"""trade_id,trade_date,symbol,isin,side,quantity,price,currency
A1,2026-03-04,AAPL,US0378331005,BUY,100,187.50,USD
A2,2026-03-04,AAPL,US0378331005,BUY,some,187.50,USD
"""


def _at(name, *args):
    return reverse(f"admin:{name}", args=args)


class TestMatches:
    @pytest.mark.usefixtures("differing_match")
    def test_proposals_come_first(self, analyst, browser_as):
        proposed = factories.match(
            left=[factories.trade()], right=[factories.trade(source="custodian")],
            status="PROPOSED", score=0.8,
        )  # fmt: skip

        response = browser_as(analyst).get(_at("matching_match_changelist"))

        assert [row.pk for row in response.context["cl"].result_list] == [proposed.pk]

    @pytest.mark.parametrize(
        ("act", "before", "after"),
        [
            ("confirm", MatchStatus.PROPOSED, MatchStatus.MATCHED),
            ("reject", MatchStatus.PROPOSED, MatchStatus.REJECTED),
            ("unmatch", MatchStatus.MATCHED, MatchStatus.UNMATCHED),
        ],
    )
    def test_are_decided_through_the_services(self, analyst, browser_as, act, before, after):
        match = factories.match(
            left=[factories.trade()], right=[factories.trade(source="custodian")], status=before
        )

        response = browser_as(analyst).post(
            _at(f"matching_match_{act}", match.pk), {"reason": "looked at both"}
        )

        assert response.status_code == 302
        match.refresh_from_db()
        assert (match.status, match.decided_by) == (after, analyst)

    def test_a_refused_decision_is_said(self, analyst, browser_as, differing_match):
        response = browser_as(analyst).post(
            _at("matching_match_confirm", differing_match.pk), {"reason": "again"}
        )

        assert response.context["form"].non_field_errors()

    def test_an_auditor_decides_nothing(self, auditor, browser_as, differing_match):
        address = _at("matching_match_unmatch", differing_match.pk)

        assert browser_as(auditor).post(address, {"reason": "x"}).status_code == 403

    def test_a_leg_amended_since_is_pointed_out(self, look, differing_match):
        Trade.objects.filter(source__code="oms").update(version=2)

        page = look("matching_match_change", differing_match.pk).content.decode()

        assert "changed since this match was made" in page

    def test_other_candidates_are_shown(self, look):
        other = factories.trade(source="custodian")
        match = factories.match(
            left=[factories.trade()], right=[factories.trade(source="custodian")],
            alternatives=[other], status="PROPOSED", reason="near_tie",
        )  # fmt: skip

        page = look("matching_match_change", match.pk).content.decode()

        assert other.source_trade_id in page
        assert "Another fits too" in page


class TestRuns:
    def test_the_form_starts_one_through_the_service(self, analyst, browser_as):
        between = factories.reconciliation()
        factories.rule_set()
        days = {"from_date": "2026-03-04", "to_date": "2026-03-05"}

        with mock.patch("workflows.services.starting.wake_run") as woken:
            browser_as(analyst).post(
                _at("matching_reconciliationrun_start"), {"reconciliation": between.pk, **days}
            )

        run = ReconciliationRun.objects.get()
        assert (run.status, run.requested_by) == ("QUEUED", analyst)
        woken.assert_called_once_with(run.pk)

    def test_a_busy_scope_is_said_in_the_form(self, analyst, browser_as):
        between = factories.reconciliation()
        run = factories.run(status="QUEUED", requested_at=timezone.now())
        day = run.from_date.isoformat()

        response = browser_as(analyst).post(
            _at("matching_reconciliationrun_start"),
            {"reconciliation": between.pk, "from_date": day, "to_date": day},
        )

        assert f"run {run.pk}" in response.context["form"].non_field_errors()[0]

    def test_an_auditor_starts_none(self, auditor, browser_as):
        assert browser_as(auditor).get(_at("matching_reconciliationrun_start")).status_code == 403

    def test_a_rate_is_rounded_down(self, look):
        run = factories.run(
            left_trades=10_000, right_trades=10_000, matched_left=10_000, matched_right=9_999
        )

        page = look("matching_reconciliationrun_change", run.pk).content.decode()

        assert "99.99%" in page


class TestDeliveries:
    def _upload(self, browser, content, **over):
        source = factories.source("custodian")
        file = SimpleUploadedFile("../fills.csv", content)
        data = {"source": source.pk, "layout": "", "file": file} | over
        return browser.post(_at("connectors_delivery_upload"), data, follow=True)

    def test_a_file_is_loaded_and_its_counts_add_up(self, analyst, browser_as):
        response = self._upload(browser_as(analyst), FILE)

        delivery = Delivery.objects.get()
        assert (delivery.name, delivery.loaded, delivery.rejected) == ("fills.csv", 1, 1)
        assert delivery.requested_by == analyst
        said = [str(message) for message in response.context["messages"]]
        assert said == ["2 rows: 1 loaded, 0 amended, 0 duplicates, 1 rejected."]

    def test_an_unreadable_file_says_why_and_loads_nothing(self, analyst, browser_as):
        response = self._upload(browser_as(analyst), b"\x00\x01 no text")

        said = [str(message) for message in response.context["messages"]]
        assert said[0].startswith("Nothing was loaded: ")
        assert not Trade.objects.exists()

    def test_too_large_a_file_is_refused_with_what_to_do(self, analyst, browser_as, settings):
        settings.MAX_UPLOAD_BYTES = 10

        response = self._upload(browser_as(analyst), FILE)

        assert "MAX_UPLOAD_BYTES" in response.context["form"].errors["file"][0]
        assert not Delivery.objects.exists()

    def test_an_auditor_uploads_nothing(self, auditor, browser_as):
        assert self._upload(browser_as(auditor), FILE).status_code == 403

    def test_a_bad_row_is_fixed_and_replayed(self, analyst, browser_as):
        browser = browser_as(analyst)
        self._upload(browser, FILE)
        row = RejectedRow.objects.get()
        replay = _at("connectors_rejectedrow_replay", row.pk)

        assert row.raw in browser.get(replay).content.decode()
        still_wrong = browser.post(replay, {"fixed": row.raw})
        done = browser.post(replay, {"fixed": row.raw.replace("some", "50")})

        assert still_wrong.context["form"].non_field_errors()
        assert done.status_code == 302
        assert Trade.objects.get(source_trade_id="A2").quantity == 50

    def test_a_bad_row_as_sent_needs_the_permission_for_raw_reports(self, browser_as, analyst):
        row = factories.rejected_row(raw="T1,as sent")
        integration = factories.user("Integration")
        addresses = (
            _at("connectors_rejectedrow_changelist"),
            _at("connectors_rejectedrow_change", row.pk),
            _at("connectors_delivery_change", row.delivery_id),
        )

        for address in addresses:
            assert "as sent" in browser_as(analyst).get(address).content.decode()
            assert "as sent" not in browser_as(integration).get(address).content.decode()

    def test_a_bad_row_is_discarded_with_its_reason(self, analyst, browser_as):
        row = factories.rejected_row()

        browser_as(analyst).post(
            _at("connectors_rejectedrow_discard", row.pk), {"reason": "a test row"}
        )

        row.refresh_from_db()
        assert (row.status, row.decided_by) == ("DISCARDED", analyst)
        assert row.delivery.rejects.count() == 1

    def test_a_layout_is_proposed_from_a_header(self, administrator, browser_as):
        browser = browser_as(administrator)

        response = browser.post(
            _at("connectors_layout_propose"),
            {"header": "TradeID;TradeDate;Symbol;BuySellIndicator;Quantity;Price"},
            follow=True,
        )
        form = response.context["adminform"].form

        assert form["delimiter"].value() == ";"
        assert '"TradeID": "trade_id"' in form["columns"].value()

    def test_a_layout_s_columns_must_be_texts(self, administrator, browser_as):
        data = {"code": "x", "name": "X", "delimiter": ",", "encoding": "utf-8",
                "decimal_separator": ".", "columns": "[1]", "date_formats": '["%Y"]'}  # fmt: skip

        response = browser_as(administrator).post(_at("connectors_layout_add"), data)

        assert "TradeID" in response.context["adminform"].form.errors["columns"][0]
        assert not Layout.objects.filter(code="x").exists()


class TestTrades:
    def test_are_never_edited(self, superuser, browser_as):
        trade = factories.trade()

        response = browser_as(superuser).post(_at("trades_trade_change", trade.pk), {"price": "1"})

        assert response.status_code == 403

    def test_the_raw_report_needs_its_own_permission(self, browser_as, analyst):
        trade = factories.trade(raw={"secret": "as sent"})
        trade.versions.create(
            version=1, values={"raw": {"secret": "as sent before"}}, digest="d",
            valid_from=factories.NOW, replaced_at=factories.NOW,
        )  # fmt: skip
        integration = factories.user("Integration")
        address = _at("trades_trade_change", trade.pk)

        assert "as sent" in browser_as(analyst).get(address).content.decode()
        assert "as sent" not in browser_as(integration).get(address).content.decode()

    def test_an_earlier_version_shows_what_changed(self, look):
        trade = factories.trade(version=2, price="188")
        trade.versions.create(
            version=1, values={"price": "187.50", "quantity": "100"}, digest="d",
            valid_from=factories.NOW, replaced_at=factories.NOW,
        )  # fmt: skip

        versions = look("trades_trade_change", trade.pk).context["versions"]

        assert versions[0]["changes"] == [("price", "187.5", "188")]

    def test_shows_the_breaks_matches_and_delivery_it_is_in(self, look, differing_match):
        delivery = factories.delivery(name="today.csv")
        leg = differing_match.legs.filter(side="left").get()
        Trade.objects.filter(pk=leg.trade_id).update(delivery_id=delivery.pk)
        row = factories.trade_break(match=differing_match, left_trade=leg.trade)

        page = look("trades_trade_change", leg.trade_id).content.decode()

        assert _at("breaks_tradebreak_change", row.pk) in page
        assert _at("matching_match_change", differing_match.pk) in page
        assert "today.csv" in page
