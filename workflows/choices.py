from django.db.models import TextChoices


class ChosenBy(TextChoices):
    """How the person within a team is chosen."""

    CLAIMING = "LEFT_FOR_CLAIMING", "Left for claiming"
    LOAD = "BY_LOAD", "On shift with the fewest open breaks"
    SKILL = "BY_SKILL", "On shift with the skill, then the fewest open breaks"


class RoutingOutcome(TextChoices):
    """What routing made of a break."""

    ROUTED = "ROUTED", "Routed"
    WAITS_FOR_SHIFT = "WAITS_FOR_SHIFT", "With the team; nobody is on shift"
    TEAM_IS_EMPTY = "TEAM_IS_EMPTY", "Everybody's: nobody is in the team"
    NO_RULE = "NO_RULE", "Everybody's: no rule fits"
    BY_HAND = "BY_HAND", "As a person placed it"
