from copy import deepcopy

import pytest

from breaks.models import BackTest
from matching.models import RuleSet
from matching.services import rule_sets
from tests import factories

pytestmark = pytest.mark.django_db
BASE = "/api/v1/rule-sets"


@pytest.fixture
def draft(supervisor) -> RuleSet:
    definition = deepcopy(factories.rule_set().definition)
    definition["auto_at"] = 0.97
    return rule_sets.draft(name="trades", definition=definition, by=supervisor, at=factories.NOW)


class TestReading:
    def test_lists_versions_without_their_definitions(self, api_as, auditor, draft):
        answer = api_as(auditor).get(BASE, {"status": "DRAFT"}).json()

        (row,) = answer["results"]
        assert (row["id"], row["name"], row["version"]) == (draft.pk, "trades", 2)
        assert "definition" not in row

    def test_one_says_what_it_changes(self, api_as, auditor, draft):
        answer = api_as(auditor).get(f"{BASE}/{draft.pk}").json()

        assert answer["definition"] == draft.definition
        assert answer["changes"] == [{
            "part": "The whole rule set", "setting": "matched by itself from", "before": "0.95",
            "after": "0.97", "kind": "changed",
        }]  # fmt: skip

    def test_rules_that_cannot_run_are_still_told(self, api_as, auditor):
        odd = factories.rule_set(definition={})

        assert api_as(auditor).get(f"{BASE}/{odd.pk}").json()["changes"] == []


class TestTrying:
    def test_answers_with_what_would_change(self, api_as, supervisor, draft):
        run = factories.run()

        answer = api_as(supervisor).post(
            f"{BASE}/{draft.pk}/backtest", {"run": run.pk}, format="json"
        )

        assert answer.status_code == 201
        kept = BackTest.objects.get()
        told = answer.json()
        assert (told["id"], told["rule_set"], told["against"]) == (
            kept.pk, "trades v2", "trades v1",
        )  # fmt: skip
        assert told["result"]["matches"]["gained"] == {"count": 0, "samples": []}

    def test_sent_twice_under_one_key_it_is_tried_once(self, api_as, supervisor, draft):
        run, client = factories.run(), api_as(supervisor)
        path = f"{BASE}/{draft.pk}/backtest"

        first, second = (
            client.post(path, {"run": run.pk}, format="json", headers={"Idempotency-Key": "k"})
            for _ in range(2)
        )

        assert first.json() == second.json()
        assert BackTest.objects.count() == 1

    @pytest.mark.parametrize("run", [None, "x", 0, 999_999, [1], 10**30])
    def test_a_run_there_is_not(self, api_as, supervisor, draft, run):
        answer = api_as(supervisor).post(f"{BASE}/{draft.pk}/backtest", {"run": run}, format="json")

        assert answer.status_code == 400
        assert [error["field"] for error in answer.json()["errors"]] == ["run"]

    def test_what_cannot_be_tried_is_a_conflict_in_words(self, api_as, supervisor):
        run = factories.run()

        answer = api_as(supervisor).post(
            f"{BASE}/{factories.rule_set().pk}/backtest", {"run": run.pk}, format="json"
        )

        assert answer.status_code == 409
        assert "is the active version" in answer.json()["detail"]
