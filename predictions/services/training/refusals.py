class NothingToLearn(Exception):
    """No model can be trained from what is there; the sentence says why and what to do."""


class TrainingNotClaimable(Exception):
    """Another worker has this training, or one is at work already; the sentence says which."""
