"""Proposals decided many at a time, and matches taken apart."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from breaks.models import ActBatch, ApprovalPolicy, ApprovalRequest
from matching.models import Match
from tests import factories
from tests.integration.admin.bulk_pages import MATCHES, address, panels, send, tick


class TestMatches:
    def proposed(self, count=1, **over):
        return [
            factories.match(
                left=[factories.trade()], right=[factories.trade(source="custodian")],
                **{"status": "PROPOSED"} | over,
            )
            for _ in range(count)
        ]  # fmt: skip

    @pytest.mark.parametrize(("act", "status"), [("confirm", "MATCHED"), ("reject", "REJECTED")])
    def test_are_decided_on_in_bulk(self, analyst, browser_as, act, status):
        rows = self.proposed(2)
        gone = self.proposed(status="MATCHED")[0]
        browser = browser_as(analyst)

        preview = tick(browser, act, [*rows, gone], page=MATCHES)
        done = send(browser, preview, reason="same allocation")

        assert panels(preview)["Cannot be done"].rows[0][-1] == "It is matched."
        found = Match.objects.filter(pk__in=[row.pk for row in rows])
        assert {row.status for row in found} == {status}
        batch = ActBatch.objects.get()
        assert {row["match"] for row in batch.rows} == {row.pk for row in rows}
        page = browser.get(done.url)
        assert page.context["back"] == MATCHES + "?view=all"
        assert page.context["acts"] == []
        assert rows[0].legs.first().trade.source_trade_id in page.content.decode()

    def test_one_that_somebody_decided_on_meanwhile_is_refused_by_itself(self, analyst, browser_as):
        one, two = self.proposed(2)
        browser = browser_as(analyst)
        preview = tick(browser, "confirm", [one, two], page=MATCHES)
        Match.objects.filter(pk=one.pk).update(status="REJECTED")

        send(browser, preview)

        said = {row["match"]: row["said"] for row in ActBatch.objects.get().rows}
        assert said[one.pk]
        assert said[two.pk] == ""

    def test_are_taken_apart_or_it_is_asked_for(self, analyst, browser_as):
        ApprovalPolicy.objects.filter(act="UNMATCH").update(is_enabled=True, above=0)
        rows = self.proposed(2, status="MATCHED")
        browser = browser_as(analyst)

        send(browser, tick(browser, "unmatch", rows, page=MATCHES), reason="wrong")

        assert ApprovalRequest.objects.count() == 2
        assert [row["request"] for row in ActBatch.objects.get().rows]

    def test_an_auditor_decides_on_nothing(self, auditor, browser_as):
        [row] = self.proposed()
        to = address("confirm", "matching_match")

        answer = browser_as(auditor).post(to, {"selection": f"{row.pk}:", "reason": "r"})

        assert answer.status_code == 403

    def test_the_preview_costs_the_same_however_many(self, analyst, browser_as):
        rows = self.proposed(20)
        browser = browser_as(analyst)
        tick(browser, "confirm", rows[:1], page=MATCHES)

        def count(of):
            with CaptureQueriesContext(connection) as captured:
                assert tick(browser, "confirm", of, page=MATCHES).status_code == 200
            return len(captured)

        assert count(rows[:2]) == count(rows)
