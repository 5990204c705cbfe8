from breaks.services.lifecycle import WorkRefused


class CauseRefused(WorkRefused):
    """Nothing was changed; the sentence says why and what to do."""
