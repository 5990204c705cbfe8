"""Two names of one counterparty, or two codes of one account: what speaks for it, and against."""

from decimal import Decimal

from trades.names import party_key
from workflows.choices import RemedyAction, Risk
from workflows.remedies.cases import Case, Cleared, Draft, Known, Party, Reported

# Likeness of two names, 0 to 100, from which on they alone speak for one party.
ALIKE, NEARLY = 85.0, 60.0
# So many matches without one that says otherwise speak for it, whatever the names.
OFTEN = 3
SHORTEST_CODE = 4


def draft(case: Case, known: Known) -> Draft | None:
    """Suggest an alias where the two sides name one party or account differently."""
    if case.left is None or case.right is None:
        return None
    if case.break_type == "COUNTERPARTY":
        return _counterparty(case.left, case.right, known)
    if case.break_type == "ACCOUNT":
        return _account(case.left, case.right, known)
    return None


def alikeness(one: str, other: str) -> float:
    """Return how alike two names are, 0 to 100, whatever their legal forms and word order."""
    from rapidfuzz import fuzz

    return float(fuzz.token_sort_ratio(party_key(one), party_key(other)))


def contradicts(one: Party, other: Party) -> bool:
    """Tell whether LEI or BIC say that these are two entities."""
    both = ((one.lei, other.lei), (one.bic, other.bic))
    return any(ours and theirs and ours != theirs for ours, theirs in both)


def _counterparty(left: Reported, right: Reported, known: Known) -> Draft | None:
    ours, theirs = left.counterparty, right.counterparty
    if ours is None or theirs is None or ours.pk == theirs.pk or contradicts(ours, theirs):
        return None
    into, party = _kept(ours, theirs, known), theirs
    if into is theirs:
        party = ours
    if known.counterparties.others_of(party.pk, into.pk):
        # It is somebody in its own right: matched with itself or with a third.
        return None
    times = known.counterparties.against(party.pk, into.pk)
    likeness = alikeness(party.name, into.name)
    risk = _risk(likeness, times)
    if risk is None:
        return None
    cleared = _cleared("COUNTERPARTY", ours.pk, theirs.pk, known)
    return Draft(
        action=RemedyAction.NORMALISE_ALIAS,
        risk=risk,
        reason=_because(party.name, into.name, likeness, times),
        effect=_effect(
            f"Adds the alias {party.name} -> {into.name}", known.trades.get(party.pk, 0), cleared
        ),
        does={
            "kind": "COUNTERPARTY",
            "party": party.pk,
            "into": into.pk,
            "name": party.name,
            "means": into.name,
        },
        would_clear=cleared.breaks,
        worth=cleared.worth,
    )


def _kept(ours: Party, theirs: Party, known: Known) -> Party:
    """Return the one to keep: that has an LEI, or more trades, or was known first."""
    return max(
        (ours, theirs), key=lambda one: (bool(one.lei), known.trades.get(one.pk, 0), -one.pk)
    )


def _account(left: Reported, right: Reported, known: Known) -> Draft | None:
    """Read the code of one source as the other's: of the one whose code stands nowhere else."""
    if left.account is None or right.account is None or left.account.pk == right.account.pk:
        return None
    for ours, theirs in ((left, right), (right, left)):
        mine, other = ours.account, theirs.account
        if mine is None or other is None or not theirs.account_code:
            continue
        if not known.accounts.others_of(other.pk, mine.pk):
            cleared = _cleared("ACCOUNT", left.account.pk, right.account.pk, known)
            return _code(theirs, mine, known.accounts.against(mine.pk, other.pk), cleared)
    return None


def _code(theirs: Reported, mine: Party, times: int, cleared: Cleared) -> Draft | None:
    likeness = 100.0 if _one_code(mine.name, theirs.account_code) else 0.0
    risk = _risk(likeness, times)
    if risk is None:
        return None
    return Draft(
        action=RemedyAction.NORMALISE_ALIAS,
        risk=risk,
        reason=_because(theirs.account_code, mine.name, likeness, times, "code"),
        effect=_effect(
            f"Adds the alias {theirs.account_code} of {theirs.source} -> {mine.name}",
            cleared.breaks,
            cleared,
        ),
        does={
            "kind": "ACCOUNT",
            "source": theirs.source_id,
            "code": theirs.account_code,
            "account": mine.pk,
            "name": theirs.account_code,
            "means": mine.name,
        },
        would_clear=cleared.breaks,
        worth=cleared.worth,
    )


def _one_code(one: str, other: str) -> bool:
    """Tell whether two codes differ by punctuation, leading zeros or a prefix only."""
    bare = ["".join(filter(str.isalnum, code)).upper().lstrip("0") for code in (one, other)]
    short, long = sorted(bare, key=len)
    return len(short) >= SHORTEST_CODE and long.endswith(short)


def _risk(likeness: float, times: int) -> Risk | None:
    if likeness >= ALIKE:
        return Risk.LOW
    if times >= OFTEN:
        return Risk.LOW if likeness >= NEARLY and times >= 2 * OFTEN else Risk.MEDIUM
    return Risk.HIGH if likeness >= NEARLY else None


def _because(name: str, means: str, likeness: float, times: int, what: str = "name") -> str:
    said = []
    if likeness >= NEARLY:
        said.append(f"the {what}s {name} and {means} are {likeness:.0f}% alike")
    if times:
        matches = "1 match" if times == 1 else f"{times:,} matches"
        said.append(f"{name} stands against {means} in {matches} and against nobody else")
    sentence = ", and ".join(said)
    return f"{sentence[:1].upper()}{sentence[1:]}."


def _cleared(kind: str, ours: int, theirs: int, known: Known) -> Cleared:
    both = [known.cleared.get((kind, *pair)) for pair in ((ours, theirs), (theirs, ours))]
    found = [one for one in both if one is not None]
    total = Cleared(sum(one.breaks for one in found), sum((one.worth for one in found), Decimal(0)))
    return total if total.breaks else Cleared(1)


def _effect(adds: str, trades: int, cleared: Cleared) -> str:
    breaks = "1 break" if cleared.breaks == 1 else f"{cleared.breaks:,} breaks"
    trade_words = "1 trade" if trades == 1 else f"{trades:,} trades"
    worth = f", worth {cleared.worth:,.2f}" if cleared.worth else ""
    return f"{adds}; pairs {trade_words} again; would clear {breaks}{worth}."
