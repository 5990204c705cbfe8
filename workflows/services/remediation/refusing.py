from breaks.services.lifecycle import WorkRefused


class RemedyRefused(WorkRefused):
    """A remediation cannot be applied or reversed; the sentence says why and what to do."""
