"""The decision: the first rule that fits, and why the ones before it do not."""

from decimal import Decimal

import pytest

from workflows.routing import Facts, Rule, decide, fit_words, misfit_of, swallowed


def facts(**over):
    given = {
        "types": frozenset({"PRICE"}),
        "categories": frozenset({"ECONOMIC"}),
        "severities": frozenset({"HIGH"}),
        "sources": frozenset({"oms", "custodian"}),
        "asset_classes": frozenset({"EQUITY"}),
        "counterparties": frozenset({"Goldman"}),
        "accounts": frozenset({"FUND1"}),
        "exposure": Decimal(120_000),
    }
    return Facts(**given | over)


def rule(key=1, name="", above=None, up_to=None, fits_unknown=False, **wanted):
    return Rule(
        key=key, name=name or f"Rule {key}", team_id=key, team=f"Team {key}", chosen_by="BY_LOAD",
        wanted={name: frozenset(values) for name, values in wanted.items()},
        above=None if above is None else Decimal(above),
        up_to=None if up_to is None else Decimal(up_to), fits_unknown=fits_unknown,
    )  # fmt: skip


DEFAULTS = [
    rule(1, severities=["CRITICAL"]),
    rule(2, severities=["HIGH"], above=100_000),
    rule(3, types=["MISSING_LEFT", "MISSING_RIGHT"]),
    rule(4, types=["PRICE", "QUANTITY"]),
    rule(5),
]


class TestDecide:
    @pytest.mark.parametrize(
        ("kind", "severity", "exposure", "expected"),
        [
            ("SIDE", "CRITICAL", None, 1),
            ("MISSING_LEFT", "CRITICAL", 5_000_000, 1),
            ("MISSING_LEFT", "HIGH", "100000.01", 2),
            ("MISSING_LEFT", "HIGH", 100_000, 3),
            ("MISSING_LEFT", "HIGH", None, 3),
            ("PRICE", "MEDIUM", 1_000_000, 4),
            ("QUANTITY", "HIGH", None, 4),
            ("ACCOUNT", "LOW", None, 5),
        ],
    )
    def test_the_first_that_fits(self, kind, severity, exposure, expected):
        exposure = None if exposure is None else Decimal(exposure)
        given = facts(types=frozenset({kind}), severities=frozenset({severity}), exposure=exposure)

        assert decide(DEFAULTS, given).rule.key == expected

    def test_says_why_each_before_it_did_not(self):
        given = facts(severities=frozenset({"HIGH"}), exposure=Decimal("90000.5"))

        decision = decide(DEFAULTS, given)

        assert decision.rule.key == 4
        assert [str(misfit) for misfit in decision.misfits] == [
            "The severity is High, not Critical.",
            "The exposure is 90,000.50, not above 100,000.",
            "The type is Price, not Missing on the left or Missing on the right.",
        ]

    def test_none_fits(self):
        decision = decide(DEFAULTS[:3], facts(severities=frozenset({"LOW"})))

        assert decision.rule is None
        assert len(decision.misfits) == 3

    def test_no_rules_at_all(self):
        assert decide([], facts()).rule is None


class TestConditions:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("types", "PRICE"), ("categories", "ECONOMIC"), ("severities", "HIGH"),
            ("sources", "custodian"), ("asset_classes", "EQUITY"), ("counterparties", "Goldman"),
            ("accounts", "FUND1"),
        ],
    )  # fmt: skip
    def test_several_values_are_alternatives(self, name, value):
        assert misfit_of(rule(**{name: ["other", value]}), facts()) is None
        assert misfit_of(rule(**{name: ["other"]}), facts()).condition == name

    def test_all_conditions_have_to_fit(self):
        one = rule(types=["PRICE"], accounts=["FUND2"])

        assert misfit_of(one, facts()).condition == "accounts"

    def test_what_is_unknown_fits_no_condition(self):
        misfit = misfit_of(rule(counterparties=["Goldman"]), facts(counterparties=frozenset()))

        assert str(misfit) == "The counterparty is unknown; it asks for Goldman."

    def test_a_break_of_two_values_fits_by_either(self):
        both = facts(counterparties=frozenset({"Goldman", "Morgan"}))

        assert misfit_of(rule(counterparties=["Morgan"]), both) is None

    @pytest.mark.parametrize(
        ("exposure", "above", "up_to", "unknown", "fits"),
        [
            ("100", "100", None, False, False),
            ("100.0000000001", "100", None, False, True),
            ("100", None, "100", False, True),
            ("100.0000000001", None, "100", False, False),
            ("-150", "100", "200", False, True),
            (None, "0", None, False, False),
            (None, "0", None, True, True),
            (None, None, None, False, True),
            ("0", "0", None, True, False),
        ],
    )
    def test_the_range(self, exposure, above, up_to, unknown, fits):
        given = facts(exposure=None if exposure is None else Decimal(exposure))
        one = rule(above=above, up_to=up_to, fits_unknown=unknown)

        assert (misfit_of(one, given) is None) == fits

    def test_an_unknown_exposure_says_so(self):
        misfit = misfit_of(rule(above=5, up_to=10), facts(exposure=None))

        assert str(misfit) == "The exposure is unknown; it asks for one above 5 up to 10."


class TestWords:
    def test_of_a_rule(self):
        assert rule(severities=["HIGH"], above=100_000).words == "High, exposure above 100,000"
        assert rule(above=1, fits_unknown=True).words == "exposure above 1 or unknown"
        assert rule().words == "Every break"

    def test_of_what_fits(self):
        one = rule(types=["PRICE", "QUANTITY"], above=100_000)

        assert fit_words(one, facts()) == "Price, exposure 120,000 above 100,000"
        assert fit_words(rule(), facts()) == "fits every break"


class TestSwallowed:
    def test_the_default_rules_all_have_their_breaks(self):
        assert swallowed(DEFAULTS) == {}

    @pytest.mark.parametrize(
        ("earlier", "later"),
        [
            (rule(1), rule(2, types=["PRICE"])),
            (rule(1, types=["PRICE", "SIDE"]), rule(2, types=["PRICE"], severities=["LOW"])),
            (rule(1, categories=["ECONOMIC"]), rule(2, types=["PRICE", "SIDE"])),
            (rule(1, above=10), rule(2, above=10, up_to=50)),
            (rule(1, above=10, fits_unknown=True), rule(2, above=20, fits_unknown=True)),
        ],
    )
    def test_by_one_that_takes_all(self, earlier, later):
        assert swallowed([earlier, later]) == {2: earlier}

    @pytest.mark.parametrize(
        ("earlier", "later"),
        [
            (rule(1, types=["PRICE"]), rule(2)),
            (rule(1, types=["PRICE"]), rule(2, types=["PRICE", "SIDE"])),
            (rule(1, categories=["ECONOMIC"]), rule(2, types=["PRICE", "ACCOUNT"])),
            (rule(1, above=10), rule(2)),
            (rule(1, above=10), rule(2, up_to=50)),
            (rule(1, above=10), rule(2, above=20, fits_unknown=True)),
        ],
    )
    def test_not_by_one_that_leaves_some(self, earlier, later):
        assert swallowed([earlier, later]) == {}
