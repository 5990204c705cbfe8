"""What is wrong with the rules as they stand: none of it stops them, all of it surprises."""

from django.db.models import Count, Q

from breaks.models import Team
from trades.models import Account, Counterparty
from workflows.models import RoutingRule
from workflows.routing import Rule, swallowed
from workflows.services.routing.rules import as_rules


def findings() -> dict[int, tuple[Rule, str]]:
    """
    Return every rule by its key, and what to mind about it, or nothing; a fixed number of queries.

    A rule is never reached whose breaks all fit one that is asked earlier.
    """
    rows = list(RoutingRule.objects.select_related("team"))
    rules = as_rules(rows)
    taken = swallowed([rule for rule, row in zip(rules, rows, strict=True) if row.is_enabled])
    active = Count("members", filter=Q(members__is_active=True))
    manned = dict(Team.objects.annotate(people=active).order_by().values_list("pk", "people"))
    strangers = _strangers(rules)
    found = {}
    for rule in rules:
        said = []
        if rule.key in taken:
            said.append(f"Never reached: {taken[rule.key].name} takes all of them.")
        if not manned[rule.team_id]:
            said.append(f"Nobody is in {rule.team}: they stay everybody's.")
        asked = rule.wanted.get("counterparties", frozenset()) | rule.wanted.get(
            "accounts", frozenset()
        )
        if gone := sorted(asked & strangers):
            said.append(f"{', '.join(gone)} is not on file any more.")
        found[rule.key] = (rule, " ".join(said))
    return found


def _strangers(rules: list[Rule]) -> frozenset[str]:
    """Return the counterparties and accounts that rules ask for and that there are not."""
    parties = {name for rule in rules for name in rule.wanted.get("counterparties", ())}
    accounts = {code for rule in rules for code in rule.wanted.get("accounts", ())}
    known = set(Counterparty.objects.filter(name__in=parties).values_list("name", flat=True))
    codes = set(Account.objects.filter(code__in=accounts).values_list("code", flat=True))
    return frozenset((parties - known) | (accounts - codes))
