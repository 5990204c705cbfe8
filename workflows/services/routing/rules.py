"""The rules as they stand in the database, ready to be asked."""

from collections.abc import Iterable

from trades.models import Counterparty, CounterpartyAlias
from trades.names import party_key
from workflows.models import RoutingRule
from workflows.routing import CONDITIONS, Rule


def rules_in_force() -> list[Rule]:
    """Return the enabled rules in their order; two queries, three where one names a party."""
    return as_rules(RoutingRule.objects.filter(is_enabled=True).select_related("team"))


def as_rules(rows: Iterable[RoutingRule]) -> list[Rule]:
    """Return rules to be asked, in the order of the rows; counterparties go by today's names."""
    rows = list(rows)
    names = named_now({name for row in rows for name in row.counterparties})
    return [_rule(row, names) for row in rows]


def named_now(spellings: Iterable[str]) -> dict[str, str]:
    """
    Return what the counterparty of each spelling is called now; one nobody has is left as it is.

    Two queries, or none without spellings.
    """
    wanted = set(spellings)
    if not wanted:
        return {}
    known = set(Counterparty.objects.filter(name__in=wanted).values_list("name", flat=True))
    keys = {spelling: party_key(spelling) for spelling in wanted - known}
    aliases = dict(
        CounterpartyAlias.objects.filter(key__in=set(keys.values()) - {""}).values_list(
            "key", "counterparty__name"
        )
    )
    return {name: name for name in known} | {
        spelling: aliases.get(key, spelling) for spelling, key in keys.items()
    }


def _rule(row: RoutingRule, names: dict[str, str]) -> Rule:
    wanted = {name: frozenset(getattr(row, name)) for name in CONDITIONS if getattr(row, name)}
    if "counterparties" in wanted:
        wanted["counterparties"] = frozenset(names[name] for name in wanted["counterparties"])
    return Rule(
        key=row.pk,
        name=row.name,
        team_id=row.team_id,
        team=row.team.name,
        chosen_by=row.chosen_by,
        wanted=wanted,
        above=row.exposure_above,
        up_to=row.exposure_up_to,
        fits_unknown=row.fits_unknown_exposure,
    )
