"""The dashboard: its figures are those of the lists behind them, and everybody sees their own."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.urls import reverse
from django.utils import timezone

from breaks.ages import AGES
from breaks.choices import Severity
from breaks.models import TradeBreak
from reporting.admin.charts import nice, rate_scale
from reporting.admin.dashboard import short_money
from reporting.selectors.live import by_counterparty, live_figures
from reporting.selectors.paired import matched_by_day
from reporting.selectors.rates import percent, together
from tests import factories

pytestmark = pytest.mark.django_db
LINK = re.compile(r'<a[^>]*href="(/admin/breaks/tradebreak/[^"]*)"[^>]*>(.*?)</a>', re.DOTALL)


def add_breaks(count=24):
    """Add breaks of every severity and several ages, teams, types, parties and due times."""
    now = timezone.now()
    teams = [factories.team(), factories.team(), None]
    person = factories.user("Analyst")
    for n in range(count):
        party = factories.counterparty(f"Party {n % 3}{'0' * (n % 2)}")
        left = factories.trade(counterparty=party if n % 4 else None)
        right = factories.trade(source="custodian", counterparty=party)
        opened = now - timedelta(days=(0, 2, 5, 10, 40)[n % 5])
        factories.trade_break(
            ("PRICE", "QUANTITY", "FEES")[n % 3], left_trade=left, right_trade=right,
            severity=Severity.values[n % 4], team=teams[n % 3],
            exposure=None if n % 7 == 0 else f"{n}.25",
            opened_at=opened, due_at=now + timedelta(hours=1 if n % 2 else -1),
            assigned_to=person if n % 6 == 0 else None,
        )  # fmt: skip


def figures(page):
    """Return every figure of a page that leads to the queue, as link and count."""
    found = []
    for address, inside in LINK.findall(page):
        title = re.search(r"<title>[^<]*: ([\d,]+)</title>", inside)
        text = title[1] if title else re.sub(r"<[^>]*>", "", inside).strip()
        if re.fullmatch(r"[\d,]+( unassigned| ended in \d+ days)?", text):
            found.append((unescape(address), int(text.split()[0].replace(",", ""))))
    return found


def listed(browser, address):
    changelist = browser.get(address).context_data["cl"]
    return changelist.tally.count


class TestFigures:
    def board(self, browser_as, group):
        add_breaks()
        factories.trade_break(status="RESOLVED", resolved_at=timezone.now())
        person = factories.user(group)
        TradeBreak.objects.exclude(team=None).first().team.members.add(person)
        browser = browser_as(person)
        return browser, figures(browser.get(reverse("admin:index")).content.decode())

    def wrong(self, browser, found):
        return [(to, count) for to, count in found if listed(browser, to) != count]

    def test_a_figure_of_each_kind_is_the_count_of_the_list_it_leads_to(self, browser_as):
        browser, found = self.board(browser_as, "Supervisor")
        kinds = {re.sub(r"=[^&]*", "", to): (to, count) for to, count in found if count}

        assert len(kinds) >= 7
        assert self.wrong(browser, kinds.values()) == []

    @pytest.mark.thorough
    def test_so_is_every_figure_of_one_who_sees_a_part(self, browser_as):
        browser, found = self.board(browser_as, "Analyst")

        assert len(found) > 30
        assert self.wrong(browser, found) == []

    def test_the_parts_of_each_make_up_its_whole(self, supervisor):
        add_breaks()
        live = live_figures(user=supervisor, at=timezone.now())

        assert live.count() == TradeBreak.objects.count() == 24
        for column in ("severity", "break_type", "team", "currency"):
            assert sum(count for _, count in live.by(column)) == 24
        assert sum(live.aged(place) for place in range(len(AGES))) == 24
        assert live.late() == TradeBreak.objects.overdue(timezone.now()).count() > 0
        assert sum(live.exposure().values()) == sum(
            row.exposure or 0 for row in TradeBreak.objects.all()
        )
        assert live.unknown() == TradeBreak.objects.filter(exposure=None).count() > 0

    def test_a_counterparty_whose_name_begins_as_anothers_is_its_own(self, supervisor):
        add_breaks()

        found = {one.name: one.count for one in by_counterparty(user=supervisor)}

        assert sum(found.values()) == 24
        assert {"Party 0", "Party 00"} <= set(found)

    def test_nobody_sees_figures_of_another_team(self, browser_as, analyst):
        factories.trade_break(team=factories.team(), exposure="77123.45")

        page = browser_as(analyst).get(reverse("admin:index")).content.decode()

        assert "77,123.45" not in page
        assert live_figures(user=analyst, at=timezone.now()).count() == 0

    def test_whoever_may_see_no_break_is_shown_none(self, browser_as):
        page = browser_as(factories.user()).get(reverse("admin:index"))

        assert page.status_code == 200
        assert "dk-tile" not in page.content.decode()


class TestRates:
    def test_of_runs_over_one_scope_the_newest_counts_alone(self):
        day = factories.TRADE_DATE
        for matched in (4, 8):
            factories.run(
                left_trades=5, right_trades=5, matched_left=matched // 2, matched_right=matched // 2
            )
        factories.run(status="FAILED", left_trades=90)
        factories.run(
            from_date=day - timedelta(1), left_trades=10, right_trades=10, matched_left=10
        )

        found = matched_by_day(from_date=day - timedelta(9), to_date=day)

        assert [(one.day, one.found.matched, one.found.trades) for one in found] == [
            (day - timedelta(1), 10, 20), (day, 8, 10),
        ]  # fmt: skip
        assert together(found).match_rate == 18 / 30

    def test_todays_runs_and_deliveries_lead_to_their_lists(self, superuser, browser_as):
        now = timezone.now()
        factories.run(requested_at=now)
        factories.run(requested_at=now, status="FAILED", from_date=factories.TRADE_DATE, error="x")
        factories.run(requested_at=now - timedelta(days=2))
        factories.delivery(received_at=now)
        browser = browser_as(superuser)
        page = browser.get(reverse("admin:index")).content.decode()

        told = re.findall(r'<a class="dk-count" href="([^"]+)">(\d+) (today|failed)</a>', page)

        assert [(count, word) for _, count, word in told] == [
            ("2", "today"), ("1", "failed"), ("1", "today"),
        ]  # fmt: skip
        for address, count, _ in told:
            listed = browser.get(unescape(address)).context_data["cl"]
            assert listed.result_count == int(count), address


class TestPage:
    def test_asks_for_itself_again(self, look):
        add_breaks(2)
        whole = look("index").content.decode()
        address = re.search(r'hx-get="([^"]+overview[^"]+)"', whole)[1]

        part = look("index").client.get(address)

        assert part.status_code == 200
        assert 'id="board"' in part.content.decode()
        assert "<html" not in part.content.decode()

    def test_one_who_is_signed_out_is_not_shown_the_login_inside_the_page(self, client):
        answer = client.get(reverse("overview-part"))

        assert (answer.headers["HX-Refresh"], answer.content) == ("true", b"")
        assert client.get(reverse("overview-print")).status_code == 302

    def test_every_picture_has_its_figures_as_a_table(self, look):
        add_breaks(2)
        page = look("index").content.decode()

        assert page.count('class="dk-chart"') == page.count('class="dk-twin"') > 0

    def test_goes_on_paper(self, superuser, browser_as):
        add_breaks(4)

        page = browser_as(superuser).get(reverse("overview-print")).content.decode()

        assert "Overview of the desk" in page
        assert "By counterparty" in page

    def test_costs_at_most_twenty_queries_however_many_breaks(
        self, supervisor, browser_as, queries
    ):
        browser = browser_as(supervisor)
        add_breaks(3)
        address = reverse("admin:index")
        browser.get(address)
        few = queries(browser, address)
        add_breaks(20)

        assert queries(browser, address) == few <= 20


class TestWords:
    @pytest.mark.parametrize(
        ("amount", "words"),
        [("999.5", "999.50"), ("9999.99", "9,999.99"), ("12345", "12.3k"), ("123456", "123k"),
         ("1234567", "1.23m"), ("98765432109", "98.8bn"), ("0", "0.00")],
    )  # fmt: skip
    def test_money_is_read_from_afar(self, amount, words):
        from decimal import Decimal

        assert short_money(Decimal(amount)) == words

    def test_a_rate_that_is_not_all_is_not_said_to_be(self):
        assert (percent(0.99999), percent(1.0), percent(None)) == ("99.99%", "100.00%", "")

    @pytest.mark.parametrize(
        ("most", "top"), [(0, 4), (4, 4), (5, 8), (41, 80), (900_001, 1_200_000)]
    )
    def test_a_scale_ends_at_a_round_number(self, most, top):
        assert nice(most) == top

    @pytest.mark.parametrize(("rates", "low"), [([1.0], 0.99), ([0.97, 1.0], 0.95), ([0.2], 0.0)])
    def test_rates_are_shown_apart(self, rates, low):
        assert rate_scale(rates) == (low, 1.0)
