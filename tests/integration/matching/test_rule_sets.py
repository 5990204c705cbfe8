import pytest

from matching import rules
from matching.choices import RuleSetStatus
from matching.models import RuleSet
from matching.services import rule_sets
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def active():
    return RuleSet.objects.get(name="trades", status=RuleSetStatus.ACTIVE)


def draft_of(active, by):
    return rule_sets.draft(name=active.name, definition=active.definition, by=by, at=NOW)


def edited(rule_set, by, **over):
    values = {"definition": rule_set.definition, "note": "", "edits": rule_set.edits} | over
    return rule_sets.edit_draft(rule_set_id=rule_set.pk, by=by, at=NOW, **values)


class TestRuleSets:
    def test_a_draft_is_the_next_version(self, active, supervisor):
        assert draft_of(active, supervisor).version == active.version + 1

    def test_activation_retires_the_version_before(self, active, supervisor):
        made = rule_sets.activate(
            rule_set_id=draft_of(active, supervisor).pk, by=supervisor, at=NOW
        )

        active.refresh_from_db()
        assert (made.status, active.status) == (RuleSetStatus.ACTIVE, RuleSetStatus.RETIRED)
        assert (made.activated_by, made.activated_at) == (supervisor, NOW)

    def test_only_a_draft_changes(self, active, supervisor):
        with pytest.raises(rule_sets.RuleSetNotDraft):
            edited(active, supervisor)
        with pytest.raises(rule_sets.RuleSetNotDraft):
            rule_sets.activate(rule_set_id=active.pk, by=supervisor, at=NOW)

    def test_an_edit_counts_and_names_who_made_it(self, active, supervisor):
        made = edited(draft_of(active, supervisor), supervisor, note="Looser.")

        assert (made.edits, made.edited_by, made.edited_at, made.note) == (
            1, supervisor, NOW, "Looser.",
        )  # fmt: skip

    def test_of_two_edits_of_one_draft_the_second_is_refused(self, active, supervisor):
        opened = draft_of(active, supervisor)
        edited(opened, supervisor, note="First.")

        with pytest.raises(rule_sets.StaleDraft, match=f"{supervisor} saved trades v2"):
            edited(opened, supervisor, note="Second.")

        opened.refresh_from_db()
        assert (opened.note, opened.edits) == ("First.", 1)

    def test_a_definition_that_cannot_run_is_refused_in_words(self, active, supervisor):
        broken = {**active.definition, "thresholds": {"auto": "much"}}

        with pytest.raises(rules.InvalidRules):
            rule_sets.draft(name="trades", definition=broken, by=supervisor, at=NOW)

        assert RuleSet.objects.filter(name="trades").count() == 1

    def test_the_engine_gets_the_rates_in_force(self, active):
        from trades.models import FxRate

        for day, rate in ((1, "1.05"), (4, "1.10"), (9, "2.00")):
            FxRate.objects.create(
                currency="EUR", as_of_date=factories.TRADE_DATE.replace(day=day), rate=rate
            )

        found = rules.engine_rules(rule_set=active, base_currency="USD", as_of=factories.TRADE_DATE)

        assert str(found.to_dict()["currency"]["fx"]["EUR"]).startswith("1.1")
