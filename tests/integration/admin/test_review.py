"""The queue of proposals: its order, its columns, deciding one and getting the next."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from breaks.models import ApprovalPolicy, ApprovalRequest
from matching.admin import review
from matching.choices import MatchStatus
from matching.models import Match
from tests import factories
from trades.models import FxRate

pytestmark = pytest.mark.django_db


def _at(name: str, *args: Any) -> str:
    return reverse(f"admin:matching_match_{name}", args=args)


def proposal(*, score: float = 0.9, alternatives: Any = (), **over: Any) -> Match:
    return factories.match(
        left=[factories.trade(**over)],
        right=[factories.trade(source="custodian", **over)],
        status="PROPOSED", reason="near_tie", score=score, alternatives=alternatives,
    )  # fmt: skip


def queue() -> list[int]:
    found = review.with_stakes(Match.objects.to_review()).order_by(*review.ORDER)
    return list(found.values_list("pk", flat=True))


@pytest.fixture
def browser(analyst, browser_as) -> Client:
    return browser_as(analyst)


@pytest.fixture
def three() -> list[Match]:
    """Make three proposals, in the order of the queue."""
    small = proposal(quantity="10")
    large, larger = proposal(quantity="1000"), proposal(quantity="5000")
    return [larger, large, small]


class TestOrder:
    def test_is_by_what_is_at_stake_and_then_by_likeness(self, three):
        less_like = proposal(quantity="1000", score=0.8)

        larger, large, small = (match.pk for match in three)
        assert queue() == [larger, large, less_like.pk, small]

    def test_is_reckoned_in_the_base_currency(self):
        for currency, rate in (("JPY", "0.0065"), ("GBP", "1.25")):
            FxRate.objects.create(
                currency=currency, base="USD", as_of_date=factories.TRADE_DATE, rate=rate
            )
            FxRate.objects.create(  # long ago it was worth nothing
                currency=currency, base="USD", as_of_date="2020-01-01", rate="0.0001"
            )
        yen = proposal(quantity="1000", price="1000", currency="JPY")  # 6,500 USD
        dollars = proposal(quantity="70", price="100")  # 7,000 USD
        pence = proposal(quantity="60", price="10000", currency="GBX")  # 7,500 USD
        bond = proposal(quantity="8000", price="99", asset_class="FIXED_INCOME")  # 7,920 USD

        assert queue() == [bond.pk, pence.pk, dollars.pk, yen.pk]

    def test_what_has_no_price_comes_last(self, three):
        unpriced = proposal(price=None, quantity="1000000")

        assert queue()[-1] == unpriced.pk

    def test_the_next_one_is_found_from_every_place_and_after_leaving_it(self, three):
        for _ in range(3):
            three.append(proposal(quantity="10", score=0.5))  # all alike
        order = queue()
        by_key = {match.pk: match for match in three}

        assert [review.next_to(by_key[key]) for key in order] == [*order[1:], None]
        beside = [review.beside(by_key[key]) for key in order]
        assert beside == list(zip([None, *order[:-1]], [*order[1:], None], strict=True))
        gone = by_key[order[2]]
        Match.objects.filter(pk=gone.pk).update(status=MatchStatus.MATCHED)
        assert review.next_to(gone) == order[3]

    def test_what_is_shown_is_exact(self):
        match = proposal(quantity="3", price="0.1")

        assert review.notional(match.legs.all()) == (Decimal("0.3"), "USD")


class TestList:
    def test_says_what_an_analyst_scans(self, browser):
        near = factories.trade(source="custodian", quantity="100.5")
        match = proposal(alternatives=[near], quantity="200", price="10")
        match.differences.create(field="price", kind="PRICE", left_value="10", right_value="11")

        page = browser.get(_at("changelist")).content.decode()

        for said in ("2,000.00", "Buy 200 @ 10.00 USD", "Another fits too", "Price", "as good",
                     match.legs.first().trade.source_trade_id):  # fmt: skip
            assert said in page, said

    def test_costs_the_same_with_many(self, browser, queries):
        def add(count: int) -> None:
            for _ in range(count):
                proposal(alternatives=[factories.trade(source="custodian")])

        add(3)
        address = _at("changelist")
        browser.get(address)
        few = queries(browser, address)
        add(20)

        assert queries(browser, address) == few <= 25

    @pytest.mark.parametrize("query", ["?view=review", "?o=2", "?o=-8", "?q=T0", "?view=nonsense"])
    def test_is_ordered_and_searched_as_asked(self, browser, three, query):
        assert browser.get(_at("changelist") + query).status_code == 200


class TestDeciding:
    def test_one_key_confirms_and_the_next_is_there(self, browser, analyst, three):
        first, second, _ = three
        page = browser.get(_at("change", first.pk)).content.decode()
        assert 'data-key="y"' in page
        assert 'data-key="n"' in page

        answer = browser.post(_at("confirm", first.pk))

        first.refresh_from_db()
        assert (first.status, first.decided_by) == (MatchStatus.MATCHED, analyst)
        assert answer.url == _at("change", second.pk)

    def test_a_rejection_needs_a_reason_and_leads_on_too(self, browser, three):
        first, second, _ = three
        browser.post(_at("reject", first.pk), {"reason": ""})
        first.refresh_from_db()
        assert first.status == MatchStatus.PROPOSED

        answer = browser.post(_at("reject", first.pk), {"reason": "Two orders."})

        first.refresh_from_db()
        assert first.status == MatchStatus.REJECTED
        assert answer.url == _at("change", second.pk)

    def test_after_the_last_one_the_queue_is_there(self, browser):
        answer = browser.post(_at("confirm", proposal().pk))

        assert answer.url == _at("changelist")

    def test_leaving_the_dialog_leads_back_to_the_proposal(self, browser, three):
        page = browser.get(_at("reject", three[0].pk)).content.decode()

        assert f'href="{_at("change", three[0].pk)}"' in page

    def test_who_was_first_is_told_to_the_second(self, browser, three, supervisor, browser_as):
        browser_as(supervisor).post(_at("reject", three[0].pk), {"reason": "Not ours."})

        page = browser.post(_at("confirm", three[0].pk)).content.decode()

        assert "is rejected, not proposed" in page
        assert supervisor.username in page
        assert "Not ours." in page

    def test_the_page_names_the_proposals_beside_it(self, browser, three):
        before, match, after = three
        page = browser.get(_at("change", match.pk)).content.decode()

        assert f'href="{_at("change", before.pk)}" rel="prev" data-key="k"' in page
        assert f'href="{_at("change", after.pk)}" rel="next" data-key="j"' in page

    def test_the_page_costs_the_same_whatever_waits(self, browser, three, queries):
        address = _at("change", three[1].pk)
        browser.get(address)
        few = queries(browser, address)
        for _ in range(20):
            proposal()

        assert queries(browser, address) == few <= 30


class TestAnotherCandidate:
    @pytest.fixture
    def better(self):
        return factories.trade(source="custodian", quantity="100.5")

    @pytest.fixture
    def match(self, better) -> Match:
        return proposal(alternatives=[better])

    def _instead(self, browser, match, other, reason="It has our order number."):
        return browser.post(_at("instead", match.pk), {"other": other.pk, "reason": reason})

    def test_is_paired_instead_where_no_second_person_is_asked_for(
        self, browser, analyst, match, better
    ):
        ApprovalPolicy.objects.update(is_enabled=False)
        page = browser.get(_at("change", match.pk)).content.decode()
        assert f"{_at('instead', match.pk)}?other={better.pk}" in page

        self._instead(browser, match, better)

        match.refresh_from_db()
        made = Match.objects.get(decision="MANUAL")
        left = match.legs.get(side="left").trade
        assert {leg.trade for leg in made.legs.all()} == {left, better}
        assert (match.status, made.decided_by) == (MatchStatus.SUPERSEDED, analyst)

    def test_waits_where_the_policy_asks_for_a_second_person(self, browser, match, better):
        ApprovalPolicy.objects.filter(act="PAIR").update(above=0, is_enabled=True)

        answer = self._instead(browser, match, better)

        match.refresh_from_db()
        assert match.status == MatchStatus.PROPOSED
        assert ApprovalRequest.objects.get().act == "PAIR"
        assert answer.url == _at("change", match.pk)

    def test_no_trade_that_was_not_proposed(self, browser, match):
        page = self._instead(browser, match, factories.trade(source="custodian"))

        assert "does not propose that trade any more" in page.content.decode()
        assert Match.objects.count() == 1

    @pytest.mark.parametrize("other", ["", "x", "-1", "99999999999999999999"])
    def test_nothing_odd(self, browser, match, other):
        answer = browser.post(_at("instead", match.pk), {"other": other, "reason": "r"})

        assert answer.status_code == 200
        assert Match.objects.count() == 1

    def test_not_by_an_auditor(self, browser_as, auditor, match, better):
        other = browser_as(auditor)

        assert self._instead(other, match, better).status_code == 403
        assert b"Pair with this instead" not in other.get(_at("change", match.pk)).content
