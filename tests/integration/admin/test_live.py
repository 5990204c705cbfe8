"""Work as it goes on: pages and rows that ask again until it has ended, and no longer."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from connectors.models import Delivery
from matching.models import ReconciliationRun, RunPartition
from tests import factories

pytestmark = pytest.mark.django_db

RUNNING = {"status": "RUNNING", "step": "Pairing partition 2 of 3", "progress_pct": 42}


def _at(name, *args):
    return reverse(f"admin:{name}", args=args)


def _asks(page):
    """Return the addresses that a page or fragment asks again."""
    return re.findall(r'hx-get="([^"]+)" hx-trigger="every 2s"', page.content.decode())


@pytest.fixture
def running():
    run = factories.run(**RUNNING, lease_expires_at=timezone.now() + timedelta(minutes=2))
    for number in (1, 2, 3):
        RunPartition.objects.create(
            run=run, number=number, trades=10, homes=b"", started_at=factories.NOW,
            status="SUCCEEDED" if number == 1 else "RUNNING",
        )  # fmt: skip
    return run


class TestARunsPage:
    def test_asks_for_a_fragment_until_the_run_has_ended(self, analyst, browser_as, running):
        browser = browser_as(analyst)
        live = _at("matching_reconciliationrun_live", running.pk)

        page = browser.get(_at("matching_reconciliationrun_change", running.pk))
        fragment = browser.get(live)
        ReconciliationRun.objects.update(
            status="SUCCEEDED", finished_at=timezone.now(), breaks_identified=7
        )
        last = browser.get(live)

        assert _asks(page) == _asks(fragment) == [live]
        for shown in (page, fragment):
            text = shown.content.decode()
            assert "Pairing partition 2 of 3" in text
            assert "42%" in text
            assert "1 of 3 paired" in text
        assert "<html" not in fragment.content.decode()
        assert _asks(last) == []
        assert "Succeeded" in last.content.decode()
        assert _asks(browser.get(_at("matching_reconciliationrun_change", running.pk))) == []

    def test_says_when_no_worker_comes_or_the_one_it_had_is_lost(self, look):
        now = timezone.now()
        late = now - timedelta(minutes=3)
        waiting = factories.run(status="QUEUED", requested_at=late)
        other = factories.reconciliation("other")
        fresh = factories.run(status="QUEUED", requested_at=now, reconciliation=other)
        another = factories.reconciliation("another")
        gone = now - timedelta(seconds=1)
        lost = factories.run(**RUNNING, lease_expires_at=gone, reconciliation=another)

        pages = [
            look("matching_reconciliationrun_change", run.pk).content.decode()
            for run in (waiting, fresh, lost)
        ]

        assert ["No worker has taken it yet" in page for page in pages] == [True, False, False]
        assert ["has not been heard of" in page for page in pages] == [False, False, True]

    def test_is_where_the_start_form_leads(self, analyst, browser_as):
        between = factories.reconciliation()
        factories.rule_set()

        page = browser_as(analyst).post(
            _at("matching_reconciliationrun_start"),
            {"reconciliation": between.pk, "from_date": "2026-03-04", "to_date": "2026-03-05"},
            follow=True,
        )

        run = ReconciliationRun.objects.get()
        assert _asks(page) == [_at("matching_reconciliationrun_live", run.pk)]

    def test_costs_the_same_with_many_partitions(self, superuser, browser_as, queries, running):
        browser = browser_as(superuser)
        address = _at("matching_reconciliationrun_live", running.pk)
        few = queries(browser, address)
        for number in range(4, 40):
            RunPartition.objects.create(run=running, number=number, trades=1, homes=b"")

        assert queries(browser, address) == few <= 8


def test_a_runs_trades_add_up_on_its_page(look):
    run = factories.run(
        left_trades=300, matched_left=296, unmatched_left=2,
        right_trades=3_010, matched_right=3_004, unmatched_right=4,
    )  # fmt: skip

    page = look("matching_reconciliationrun_change", run.pk).content.decode()

    sums = re.findall(r'<div class="dk-sum">(.*?)</dl>', page, re.DOTALL)
    figures = [
        [int(one.replace(",", "")) for one in re.findall(r"<dd>([\d,]+)", row)] for row in sums
    ]
    assert figures == [[300, 296, 2, 2], [3_010, 3_004, 2, 4]]
    assert all(whole == sum(parts) for whole, *parts in figures)


class TestADeliverysPage:
    def test_shows_the_rows_so_far_and_then_the_sum(self, look):
        row = factories.delivery(
            status="RUNNING", step="READING", rows_read=4_200, loaded=0,
            started_at=timezone.now() - timedelta(seconds=10),
        )  # fmt: skip
        live = _at("connectors_delivery_live", row.pk)

        page = look("connectors_delivery_change", row.pk)
        Delivery.objects.update(
            status="LOADED", step="", rows_in=10, loaded=4, amended=3, duplicates=2, rejected=1
        )
        last = look("connectors_delivery_live", row.pk)

        assert _asks(page) == [live]
        assert "Reading, 4,200 rows" in page.content.decode()
        assert re.search(r"4\d\d rows a second", page.content.decode())
        assert _asks(last) == []
        shown = re.findall(r"<dd>([\d,]+)</dd>", last.content.decode())[:5]
        assert shown == ["10", "4", "3", "2", "1"]
        widths = map(float, re.findall(r'<rect class="dk-part[^>]* width="([\d.]+)"',
                                       last.content.decode()))  # fmt: skip
        assert [round(width) for width in widths] == [40, 30, 20, 10]

    def test_one_row_in_a_million_is_still_drawn(self, look):
        row = factories.delivery(loaded=999_999, rejected=1)

        page = look("connectors_delivery_change", row.pk).content.decode()

        widths = re.findall(r'<rect class="dk-part-bad"[^>]* width="([\d.]+)"', page)
        assert [float(width) > 1 for width in widths] == [True]

    def test_one_that_found_nothing_and_left_no_row_says_so_and_stops(self, look):
        gone = look("connectors_delivery_live", 4_711)

        assert gone.status_code == 286
        assert "found nothing new" in gone.content.decode()

    def test_a_failed_one_shows_why_and_no_sum_of_nothing(self, look):
        row = factories.delivery(status="FAILED", error="no header", rows_in=0)

        page = look("connectors_delivery_change", row.pk).content.decode()

        assert "no header" in page
        assert "dk-sum" not in page


class TestLists:
    LISTS = ("matching_reconciliationrun", "connectors_delivery")

    def _rows(self):
        ended, live = factories.run(auto_matched=5), factories.run(**RUNNING)
        factories.delivery(loaded=5)
        factories.delivery(status="RUNNING", step="READING", rows_read=9, loaded=0)
        return ended, live

    @pytest.mark.parametrize("name", LISTS)
    def test_ask_for_the_rows_that_run_and_no_others(self, look, name):
        self._rows()

        page = look(f"{name}_changelist", query="?view=all")
        [address] = _asks(page)

        live = {"matching_reconciliationrun": ReconciliationRun, "connectors_delivery": Delivery}
        keys = [row.pk for row in live[name].objects.filter(status="RUNNING")]
        assert address == f"{_at(f'{name}_live_rows')}?of={keys[0]}"
        shown = set(re.findall(r'id="live-(\d+)-', page.content.decode()))
        assert shown == {str(key) for key in keys}

    def test_cells_stand_in_for_those_on_the_page_until_the_last(self, look):
        _, live = self._rows()
        before = look("matching_reconciliationrun_changelist").content.decode()
        ReconciliationRun.objects.filter(pk=live.pk).update(
            status="SUCCEEDED", finished_at=timezone.now(), auto_matched=1_234
        )

        last = look("matching_reconciliationrun_live_rows", query=f"?of={live.pk}")

        text = last.content.decode()
        assert _asks(last) == []
        cells = re.findall(rf'id="live-{live.pk}-(\w+)" hx-swap-oob="true"', text)
        assert len(cells) == 9
        assert all(f'id="live-{live.pk}-{name}"' in before for name in cells)
        assert "1,234" in text

    @pytest.mark.parametrize("name", LISTS)
    def test_nothing_is_asked_where_nothing_runs(self, look, name):
        factories.run()
        factories.delivery()

        assert _asks(look(f"{name}_changelist")) == []

    @pytest.mark.parametrize(
        "of", ["", "x", "-1", ",", "1;drop", "9" * 30, ",".join(map(str, range(500)))]
    )
    def test_what_is_no_list_of_keys_is_not_found(self, look, of):
        answer = look("matching_reconciliationrun_live_rows", query=f"?of={of}")

        assert answer.status_code == 404

    def test_many_rows_cost_no_more_queries_than_one(self, superuser, browser_as, queries):
        browser = browser_as(superuser)
        rows = [
            factories.delivery(status="RUNNING", loaded=0, requested_by=superuser).pk
            for _ in range(30)
        ]
        address = _at("connectors_delivery_live_rows")
        one = queries(browser, f"{address}?of={rows[0]}")

        assert queries(browser, f"{address}?of={','.join(map(str, rows))}") == one <= 5


class TestWhoMaySee:
    def test_nobody_sees_a_fragment_who_does_not_see_the_page(self, browser_as, running):
        outsider = browser_as(factories.user())

        for address in (
            _at("matching_reconciliationrun_live", running.pk),
            f"{_at('matching_reconciliationrun_live_rows')}?of={running.pk}",
        ):
            assert outsider.get(address).status_code == 403
            assert outsider.post(address).status_code == 403

    def test_an_ended_session_reloads_the_page_and_so_leads_to_the_login(self, client, running):
        answer = client.get(_at("matching_reconciliationrun_live", running.pk))

        assert answer.headers["HX-Refresh"] == "true"
        assert answer.content == b""
