"""How sure a share is that was counted on a sample."""

CONFIDENCE = 0.95


def clopper_pearson(hits: int, of: int, *, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """
    Return the exact interval of a share of which `hits` were seen among `of`.

    Clopper and Pearson 1934, "The use of confidence or fiducial limits illustrated in the case of
    the binomial": the shares under which as many, or as few, would not be too surprising, each
    end a quantile of a beta distribution. It covers at least as often as it says, which suits a
    rate of mistakes. Of nothing looked at nothing is known: 0 to 1.

    :raises ValueError: if the counts cannot be.
    """
    if not 0 <= hits <= of:
        raise ValueError(f"{hits} of {of} is no count")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, it is {confidence}")
    # A fifth of a second, which a page without a sample need not wait for.
    from scipy.special import betaincinv

    tail = (1 - confidence) / 2
    low = float(betaincinv(hits, of - hits + 1, tail)) if hits else 0.0
    high = float(betaincinv(hits + 1, of - hits, 1 - tail)) if hits < of else 1.0
    return low, high
