"""Every suggester, in the order in which what they suggest is offered."""

from collections.abc import Callable

from workflows.remedies import alias, correction, requests, rounding
from workflows.remedies.cases import Case, Draft, Known

SUGGESTERS: tuple[Callable[[Case, Known], Draft | None], ...] = (
    alias.draft,
    rounding.draft,
    requests.wait,
    requests.cancel,
    correction.draft,
    requests.resend,
)


def drafts_of(case: Case, known: Known) -> list[Draft]:
    """Return what would put a break right, the best first."""
    return [found for suggest in SUGGESTERS if (found := suggest(case, known)) is not None]
