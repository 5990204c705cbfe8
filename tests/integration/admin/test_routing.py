"""The rules in the admin, the page that tries them, and routing from a break and the queue."""

import json

import pytest
from django.urls import reverse

from breaks.choices import BreakStatus, EventKind
from breaks.models import ActBatch, TradeBreak
from breaks.services import history
from breaks.services.batches import undo_batch
from tests import factories
from workflows.models import Routing, RoutingRule
from workflows.services.routing import route_open

pytestmark = pytest.mark.django_db

LIST = reverse("admin:workflows_routingrule_changelist")
ADD = reverse("admin:workflows_routingrule_add")
TRY = reverse("admin:workflows_routingrule_try")


def opened(kind="PRICE", **over):
    row = factories.trade_break(kind, **{"severity": "MEDIUM"} | over)
    entry = history.Entry(trade_break=row, kind=EventKind.OPENED, to_status=BreakStatus.OPEN)
    history.append([entry], at=factories.NOW)
    return row


def rule_data(**over):
    team = factories.team("rates", factories.user("Analyst"))
    return {
        "name": "Rates", "position": "5", "is_enabled": "on", "team": team.pk,
        "chosen_by": "BY_LOAD", "counterparties": "", "accounts": "", "exposure_above": "",
        "exposure_up_to": "", **over,
    }  # fmt: skip


def text(response):
    return response.content.decode()


class TestRules:
    def test_each_is_said_in_words_with_what_to_mind(self, administrator, browser_as):
        rates = factories.team("rates", factories.user("Analyst"))
        RoutingRule.objects.create(name="Late", position=45, types=["PRICE"], team=rates)

        page = text(browser_as(administrator).get(LIST))

        assert "High, exposure above 100,000" in page
        assert "Nobody is in Senior operations: they stay everybody" in page
        assert "Never reached: Price or quantity takes all of them." in page

    def test_one_is_made_and_each_change_kept(self, administrator, browser_as):
        factories.counterparty("Goldman Sachs International").aliases.create(
            spelling="GSI", key="gsi"
        )
        factories.account("FUND1")
        browser = browser_as(administrator)

        answer = browser.post(
            ADD,
            rule_data(
                types=["PRICE", "SIDE"], severities=["HIGH"], sources=["oms"],
                counterparties="GSI\n\n", accounts="FUND1", exposure_above="10.5",
            ),
        )  # fmt: skip

        assert answer.status_code == 302, answer.context["adminform"].form.errors
        rule = RoutingRule.objects.get(name="Rates")
        assert (rule.types, rule.sources, rule.accounts) == (["PRICE", "SIDE"], ["oms"], ["FUND1"])
        assert rule.counterparties == ["Goldman Sachs International"]
        assert rule.history.get().history_user == administrator

    @pytest.mark.parametrize(
        ("over", "field", "sentence"),
        [
            ({"counterparties": "Nobody Ltd"}, "counterparties", "There is no counterparty"),
            ({"accounts": "FUND9"}, "accounts", "There is no account"),
            ({"exposure_above": "-1"}, "__all__", "never below zero"),
            ({"exposure_above": "5", "exposure_up_to": "5"}, "__all__", "No exposure is in this"),
            ({"types": ["NONSENSE"]}, "types", "NONSENSE"),
            ({"name": "Critical"}, "name", "already exists"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, administrator, browser_as, over, field, sentence):
        answer = browser_as(administrator).post(ADD, rule_data(**over))

        assert sentence in str(answer.context["adminform"].form.errors[field])
        assert not RoutingRule.objects.filter(name="Rates").exists()

    def test_another_order_is_saved_from_the_list(self, administrator, browser_as):
        rules = list(RoutingRule.objects.all())
        data = {
            "form-TOTAL_FORMS": len(rules), "form-INITIAL_FORMS": len(rules), "_save": "Save",
        }  # fmt: skip
        for at, rule in enumerate(rules):
            data |= {f"form-{at}-id": rule.pk, f"form-{at}-position": len(rules) - at}

        browser_as(administrator).post(LIST, data)

        assert list(RoutingRule.objects.all()) == rules[::-1]
        assert rules[0].history.count() == 2

    @pytest.mark.parametrize("group", ["Analyst", "Supervisor", "Auditor"])
    def test_others_look_and_change_nothing(self, browser_as, group):
        browser = browser_as(factories.user(group))

        assert browser.get(LIST).status_code == 200
        assert browser.post(ADD, rule_data()).status_code == 403

    def test_a_supervisor_keeps_the_shifts(self, supervisor, browser_as):
        person = factories.user("Analyst")
        team = factories.team("rates", person)
        data = {"team": team.pk, "user": person.pk, "weekdays": ["0", "4"], "starts_at": "07:00",
                "ends_at": "15:00", "skill_types": ["PRICE"]}  # fmt: skip
        browser = browser_as(supervisor)

        browser.post(reverse("admin:workflows_workpattern_add"), data)

        pattern = team.patterns.get()
        assert (pattern.weekdays, pattern.skill_types) == ([0, 4], ["PRICE"])
        stranger = data | {"user": factories.user("Analyst").pk}
        answer = browser.post(reverse("admin:workflows_workpattern_add"), stranger)
        assert "Add them to the team first" in text(answer)

    def test_nobody_comes_back_before_they_leave(self, supervisor, browser_as):
        person = factories.user("Analyst")
        data = {"user": person.pk, "first_date": "2026-12-10", "last_date": "2026-12-09"}

        answer = browser_as(supervisor).post(reverse("admin:workflows_absence_add"), data)

        assert "The last day away is before the first, 2026-12-10." in text(answer)


class TestTester:
    def test_says_of_a_break_which_fires_and_why_the_others_do_not(self, analyst, browser_as):
        factories.team("operations-analysts", factories.user("Analyst", username="anna"))
        row = opened(exposure="12")
        RoutingRule.objects.filter(team__code="operations-analysts").update(
            chosen_by="LEFT_FOR_CLAIMING"
        )

        answer = browser_as(analyst).get(f"{TRY}?trade_break={row.pk}")

        states = [(step["state"], step["why"]) for step in answer.context["steps"]]
        assert states == [
            ("passed", "The severity is Medium, not Critical."),
            ("passed", "The severity is Medium, not High."),
            ("passed", "The type is Price, not Missing on the left or Missing on the right."),
            ("fires", "Price or quantity: Price; left for claiming."),
            ("later", "Not asked: an earlier one fits."),
        ]
        assert TradeBreak.objects.get().version == 1
        assert not Routing.objects.exists()

    def test_one_somebody_may_not_see_is_not_there(self, analyst, browser_as):
        row = opened(team=factories.team("elsewhere"))

        page = text(browser_as(analyst).get(f"{TRY}?trade_break={row.pk}"))

        assert f"There is no break {row.pk}." in page

    @pytest.mark.parametrize("form", ["worked", "bare", "json", "short"])
    def test_takes_a_line_as_it_was_exported(self, superuser, browser_as, form):
        from breaks.spreadsheet import COLUMNS, WORKED, export_rows, worked_rows
        from trades.spreadsheet import Mode

        opened("SIDE", severity="CRITICAL", exposure="1234.5")
        breaks = TradeBreak.objects.all()
        line = next(worked_rows(breaks, Mode.EXACT))
        if form == "short":
            head, line = COLUMNS, next(export_rows(breaks))
        else:
            head = WORKED
        cells = [",".join(f'"{cell}"' for cell in row) for row in (head, line)]
        pasted = {
            "worked": "\n".join(cells), "bare": cells[1], "short": cells[1],
            "json": json.dumps(dict(zip(head, line, strict=True))),
        }[form]  # fmt: skip

        answer = browser_as(superuser).post(TRY, {"line": pasted})

        assert answer.context["outcome"].decision.rule.name == "Critical", text(answer)
        assert answer.context["outcome"].outcome == "TEAM_IS_EMPTY"

    def test_takes_an_example(self, superuser, browser_as):
        answer = browser_as(superuser).post(
            TRY, {"break_type": "FEES", "severity": "HIGH", "exposure": "100,000.01"}
        )

        assert answer.context["outcome"].decision.rule.name == "High above 100,000"

    @pytest.mark.parametrize(
        ("given", "sentence"),
        [
            ({"trade_break": "abc"}, "There is no break abc"),
            ({"trade_break": "9" * 20}, "There is no break"),
            ({"line": "{"}, "This is no JSON"),
            ({"line": "[1]"}, "Paste one break"),
            ({"line": "a,b,c"}, "Paste one line"),
            ({"line": "break_type,severity\nPRICE"}, "has 1 cells, and its header 2"),
            ({"line": 'a"b,"c'}, "This is no CSV"),
            ({"line": '{"break_type": "PRICE"}'}, "needs a severity"),
            ({"break_type": "PRICE", "severity": "LOW", "exposure": "NaN"}, "is no exposure"),
            ({"break_type": "PRICE", "severity": "LOW", "exposure": "1e99"}, "is no exposure"),
            ({"line": '{"break_type": "X", "severity": "LOW"}'}, "is no type"),
            ({"severity": "LOW"}, "needs a type"),
            (
                {"line": '{"break_type": "PRICE", "severity": "LOW", "counterparty": "\\ud800"}'},
                "The counterparty holds a character",
            ),
            (
                {"line": '{"break_type": "PRICE", "severity": "LOW", "account": "\\u0000"}'},
                "The account holds a character",
            ),
        ],
    )
    def test_says_what_is_wrong_with_what_was_given(self, superuser, browser_as, given, sentence):
        answer = browser_as(superuser).post(TRY, given)

        assert answer.status_code == 200
        assert sentence in str(answer.context["form"].non_field_errors())
        assert "outcome" not in answer.context

    def test_whoever_may_not_see_rules_may_not_try_them(self, browser_as):
        assert browser_as(factories.user()).get(TRY).status_code == 403


class TestBreaks:
    @pytest.fixture
    def team(self):
        return factories.team("operations-analysts", factories.user("Analyst", username="anna"))

    def test_a_breaks_page_says_by_which_rule_it_is_there(self, team, superuser, browser_as):
        RoutingRule.objects.update(chosen_by="LEFT_FOR_CLAIMING")
        row = opened()
        route_open(at=factories.NOW)
        address = reverse("admin:breaks_tradebreak_change", args=[row.pk])

        page = text(browser_as(superuser).get(address))

        assert "Price or quantity: Price; left for claiming." in page
        assert f"{TRY}?trade_break={row.pk}" in page

    def test_one_is_routed_by_the_rules(self, team, supervisor, browser_as):
        row = opened(team=factories.team("elsewhere"))
        address = reverse("admin:breaks_tradebreak_reroute", args=[row.pk])

        browser_as(supervisor).post(address, {"version": 1})

        row.refresh_from_db()
        assert row.team == team
        assert row.events.last().by == supervisor

    def test_a_stale_one_is_refused_with_what_happened(self, team, supervisor, analyst, browser_as):
        from breaks.services import work

        row = opened()
        work.comment(break_id=row.pk, version=1, text="mine", by=analyst, at=factories.NOW)
        address = reverse("admin:breaks_tradebreak_reroute", args=[row.pk])

        page = text(browser_as(supervisor).post(address, {"version": 1}))

        assert "mine" in page
        row.refresh_from_db()
        assert row.team is None

    def test_many_are_routed_and_taken_back(self, team, supervisor, browser_as):
        elsewhere = factories.team("elsewhere")
        rows = [opened(team=elsewhere) for _ in range(3)]
        ended = opened(status="RESOLVED")
        stale = opened(team=elsewhere)
        TradeBreak.objects.filter(pk=stale.pk).update(version=2)
        selection = ",".join(f"{row.pk}:1" for row in (*rows, ended, stale))
        address = reverse("admin:breaks_tradebreak_bulk", args=["reroute"])

        browser_as(supervisor).post(address, {"selection": selection})

        batch = ActBatch.objects.get()
        assert [row["version"] for row in batch.rows] == [2, 2, 2, None, None]
        assert "Re-open it first" in batch.rows[3]["said"]
        assert "changed it meanwhile" in batch.rows[4]["said"]
        assert {one.team for one in TradeBreak.objects.filter(pk__in=[r.pk for r in rows])} == {
            team
        }
        undo_batch(batch_id=batch.pk, by=supervisor, at=factories.NOW)
        for row in rows:
            row.refresh_from_db()
            assert row.team == elsewhere
