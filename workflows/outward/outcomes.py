"""What may come of an attempt to deliver, besides that it was delivered."""

from datetime import timedelta


class NotDelivered(Exception):
    """It did not arrive; the text is a sentence for whoever looks after the channel."""


class Refused(NotDelivered):
    """It never will, as long as nobody changes something."""


class TryLater(NotDelivered):
    """It may, later; `after` is how long the receiver asked to be left alone."""

    def __init__(self, sentence: str, after: timedelta | None = None) -> None:
        super().__init__(sentence)
        self.after = after
