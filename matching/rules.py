"""The engine's rules of a stored rule set."""

from datetime import date
from typing import Any

from matching import engine
from matching.choices import RuleSetStatus
from matching.models import Reconciliation, ReconciliationRun, RuleSet
from trades.models import FxRate


class InvalidRules(Exception):
    """A definition the engine cannot run; the sentence says what and where."""


class NoActiveRules(Exception):
    """The reconciliation's rule set has no active version."""


def active_rule_set(reconciliation: Reconciliation) -> RuleSet:
    """
    Return the version of a reconciliation's rules that is in force.

    :raises NoActiveRules: if there is none.
    """
    versions = RuleSet.objects.filter(name=reconciliation.rule_set_name)
    active = versions.filter(status=RuleSetStatus.ACTIVE).first()
    if active is None:
        raise NoActiveRules(
            f"Rule set {reconciliation.rule_set_name!r} has no active version; activate one "
            f"before reconciling {reconciliation.code}."
        )
    return active


def active_version(rule_set: RuleSet) -> RuleSet | None:
    """Return the version in force of the rules that a rule set is one of, with who activated it."""
    versions = RuleSet.objects.filter(name=rule_set.name, status=RuleSetStatus.ACTIVE)
    return versions.select_related("activated_by").first()


def validated(definition: dict[str, Any]) -> engine.RuleSet:
    """
    Return the rules a definition stands for.

    :raises InvalidRules: if it is not a valid rule set.
    """
    try:
        return engine.RuleSet.from_dict(definition)
    except (ValueError, TypeError, KeyError) as problem:
        raise InvalidRules(str(problem)) from problem


def engine_rules(*, rule_set: RuleSet, base_currency: str, as_of: date) -> engine.RuleSet:
    """
    Return the engine's rules of a version, with the FX rates in force on a date.

    :raises InvalidRules: if the stored definition is not valid.
    """
    rates = FxRate.objects.filter(base=base_currency, as_of_date__lte=as_of).order_by("as_of_date")
    definition = rule_set.definition
    if "currency" not in definition:
        return validated(definition)
    fx = definition["currency"].get("fx", {}) | {rate.currency: str(rate.rate) for rate in rates}
    currency = {**definition["currency"], "base": base_currency, "fx": fx}
    return validated({**definition, "currency": currency})


def rules_of_run(run: ReconciliationRun) -> engine.RuleSet:
    return engine_rules(
        rule_set=run.rule_set,
        base_currency=run.reconciliation.base_currency,
        as_of=run.to_date,
    )
