"""Export of every list as it shows, and the pages of an import."""

import csv
import io
import re

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from breaks.models import ActBatch, ApprovalPolicy, ApprovalRequest, TradeBreak
from breaks.services import work
from tests import factories
from tests.sheets import edited, exported
from trades.models import Trade
from trades.services.exports import export
from trades.spreadsheet import Mode
from trades.tables import trade_table

pytestmark = pytest.mark.django_db

LISTS = ("breaks_tradebreak", "trades_trade", "matching_match", "matching_reconciliationrun",
         "connectors_rejectedrow")  # fmt: skip


@pytest.fixture
def free(db):
    """Let every act pass without a second person."""
    ApprovalPolicy.objects.update(is_enabled=False)


def download(browser, view: str, query: str = "", **given: str) -> str:
    answer = browser.post(reverse(f"admin:{view}_export") + query, {"mode": "exact"} | given)
    assert answer.status_code == 200, answer.get("Location")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    return b"".join(answer.streaming_content).decode()


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def hand_in(browser, text: str, name: str = "mine.csv"):
    file = SimpleUploadedFile(name, text.encode(), content_type="text/csv")
    return browser.post(reverse("admin:breaks_tradebreak_import"), {"file": file})


def plan_in(answer) -> str:
    return re.search(r'name="plan" value="([^"]+)"', answer.content.decode())[1]


class TestExport:
    @pytest.mark.parametrize("view", LISTS)
    def test_every_list_has_one_and_leaves_a_record(self, look, superuser, browser_as, view):
        query = "" if view == "trades_trade" else "?view=all"
        factories.rejected_row()
        factories.match(left=[factories.trade()], right=[factories.trade(source="custodian")])
        factories.trade_break()
        factories.run()

        page = look(f"{view}_changelist").content.decode()
        ask = look(f"{view}_export", query=query).content.decode()
        text = download(browser_as(superuser), view, query)

        assert "export/" in page
        assert "Download CSV" in ask
        assert len(rows_of(text)) >= 1
        entry = LogEntry.objects.get()
        assert entry.user == superuser
        assert re.fullmatch(
            rf"Exported [\w ]+ as exact CSV: {query[1:] or 'the whole list'}\. [1-9] rows\.",
            entry.change_message,
        )

    def test_is_what_the_list_shows_in_its_order(self, analyst, browser_as):
        browser = browser_as(analyst)
        for exposure, severity in (("5", "HIGH"), ("9", "HIGH"), ("7", "LOW"), ("8", "HIGH")):
            factories.trade_break(exposure=exposure, severity=severity)
        factories.trade_break(status="RESOLVED")
        query = "?severity__exact=HIGH"
        shown = browser.get(reverse("admin:breaks_tradebreak_changelist") + query)

        rows = rows_of(download(browser, "breaks_tradebreak", query))

        assert [row["id"] for row in rows] == [
            str(row.pk) for row in shown.context_data["cl"].result_list
        ]
        assert len(rows) == 3

    def test_holds_only_what_a_person_may_see(self, analyst, browser_as):
        mine = factories.trade_break(team=factories.team("mine", analyst))
        factories.trade_break(team=factories.team("others"))

        rows = rows_of(download(browser_as(analyst), "breaks_tradebreak"))

        assert [row["id"] for row in rows] == [str(mine.pk)]

    def test_selects_rows_with_a_fixed_number_of_queries(self, analyst, browser_as):
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                download(browser_as(analyst), "breaks_tradebreak")
            return len(captured)

        def some() -> None:
            legs = [factories.trade(source="custodian") for _ in range(2)]
            match = factories.match(left=[factories.trade()], right=legs)
            factories.trade_break("QUANTITY", match=match, left_trade=None, right_trade=None)
            factories.trade_break(assigned_to=factories.user("Analyst"))

        some()
        few = queries()
        for _ in range(10):
            some()

        assert queries() == few

    def test_safe_mode_is_inert_and_exact_mode_is_exact(self, analyst, browser_as):
        factories.trade_break(left_value="=1+1", exposure="12345678901234.5")
        browser = browser_as(analyst)

        [safe] = rows_of(download(browser, "breaks_tradebreak", mode="safe"))
        [exact] = rows_of(download(browser, "breaks_tradebreak"))

        assert (safe["left_value"], safe["exposure"]) == ("'=1+1", "'12345678901234.5")
        assert (exact["left_value"], exact["exposure"]) == ("=1+1", "12345678901234.5")

    @pytest.mark.parametrize("view", ["trades_trade", "connectors_rejectedrow"])
    def test_raw_reports_only_for_who_may_see_them_and_said_so(self, browser_as, view, caplog):
        factories.trade(raw={"secret": "as sent"})
        factories.rejected_row(raw="T1,secret")
        caplog.set_level("INFO", "trades.access")
        may, may_not = factories.user("Auditor"), factories.user("Integration")

        seen = download(browser_as(may), view, with_raw="on")
        hidden = download(browser_as(may_not), view, with_raw="on")
        unasked = download(browser_as(may), view)

        assert "secret" in seen
        assert "secret" not in hidden + unasked
        assert [r.args[0] for r in caplog.records if r.name == "trades.access"] == [may]
        said = LogEntry.objects.order_by("pk").values_list("change_message", flat=True)
        assert ["reports as they were sent" in message for message in said] == [True, False, False]

    def test_one_given_up_says_so(self, analyst):
        for _ in range(300):
            factories.trade(instrument=None, counterparty=None, account=None)
        pieces = export(
            table=trade_table(with_raw=False), rows=Trade.objects.all(), mode=Mode.SAFE, query="",
            by=analyst, at=factories.NOW,
        )  # fmt: skip
        assert LogEntry.objects.get().change_message.endswith("the whole list.")

        next(pieces)
        pieces.close()

        assert "Given up after 199 rows." in LogEntry.objects.get().change_message

    def test_needs_the_permission_to_see_the_list(self, browser_as):
        answer = browser_as(factories.user()).post(
            reverse("admin:breaks_tradebreak_export"), {"mode": "safe"}
        )

        assert answer.status_code == 403

    def test_an_unknown_filter_exports_nothing(self, analyst, browser_as):
        answer = browser_as(analyst).post(
            reverse("admin:breaks_tradebreak_export") + "?no_such=1", {"mode": "safe"}
        )

        assert answer.status_code == 302
        assert not LogEntry.objects.exists()


@pytest.mark.usefixtures("free")
class TestImport:
    def test_shows_before_and_after_then_does_it_then_takes_it_back(self, analyst, browser_as):
        browser = browser_as(analyst)
        row, other = factories.trade_break(exposure="10"), factories.trade_break(exposure="10")
        text = edited(exported(), {row.pk: {"assigned_to": analyst.username, "comment": "<b>me"}})

        page = hand_in(browser, text)
        html = page.content.decode()
        assert "<ins>" + analyst.username in html
        assert "&lt;b&gt;me" in html
        assert "<b>me" not in html
        assert not ActBatch.objects.exists()
        done = browser.post(
            reverse("admin:breaks_tradebreak_import_confirm"), {"plan": plan_in(page)}, follow=True
        )
        assert "Import of mine.csv" in done.content.decode()
        row.refresh_from_db()
        assert row.assigned_to == analyst
        batch = ActBatch.objects.get()
        undone = browser.post(reverse("admin:breaks_actbatch_undo", args=[batch.pk]), follow=True)

        assert "1 undone." in undone.content.decode()
        row.refresh_from_db()
        other.refresh_from_db()
        assert (row.assigned_to, other.version) == (None, 1)

    def test_shows_the_other_persons_change(self, analyst, browser_as):
        chen = factories.user("Analyst", username="chen")
        row = factories.trade_break()
        before = exported()
        work.escalate(break_id=row.pk, version=1, reason="too old", by=chen, at=factories.NOW)

        html = hand_in(browser_as(analyst), edited(before, {row.pk: {"act": "claim"}})).content

        assert b"<b>chen</b> Open to escalated" in html
        assert b"too old" in html
        assert b"Apply" not in html

    def test_a_plan_of_somebody_else_or_altered_is_not_done(self, analyst, browser_as):
        row = factories.trade_break()
        browser = browser_as(analyst)
        plan = plan_in(hand_in(browser, edited(exported(), {row.pk: {"comment": "x"}})))
        confirm = reverse("admin:breaks_tradebreak_import_confirm")

        others = browser_as(factories.user("Analyst")).post(confirm, {"plan": plan})
        altered = browser.post(confirm, {"plan": plan[:-2] + "xx"}, follow=True)

        assert others.status_code == 403
        assert "hand the file in again" in altered.content.decode()
        assert browser.get(confirm).status_code == 403
        assert not ActBatch.objects.exists()

    def test_a_file_that_cannot_be_read_says_why_on_the_form(self, analyst, browser_as):
        html = hand_in(browser_as(analyst), "a,b\n1,2\n").content.decode()

        assert "needs the columns id and version" in html

    def test_is_not_for_who_only_reads(self, auditor, browser_as):
        browser = browser_as(auditor)

        assert browser.get(reverse("admin:breaks_tradebreak_import")).status_code == 403
        assert "import/" not in browser.get(
            reverse("admin:breaks_tradebreak_changelist")
        ).content.decode().replace("import_export/", "")


def test_an_import_that_policy_guards_becomes_a_request(analyst, browser_as):
    ApprovalPolicy.objects.filter(act="IMPORT").update(is_enabled=True, above=0)
    row = factories.trade_break()
    browser = browser_as(analyst)
    page = hand_in(browser, edited(exported(), {row.pk: {"comment": "x"}}))
    assert "Ask for approval" in page.content.decode()

    browser.post(
        reverse("admin:breaks_tradebreak_import_confirm"),
        {"plan": plan_in(page), "reason": "month end"},
    )

    request = ApprovalRequest.objects.get()
    assert (request.made_by, request.reason) == (analyst, "month end")
    assert TradeBreak.objects.get().version == 1
