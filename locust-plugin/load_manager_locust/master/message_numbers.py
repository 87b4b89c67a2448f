"""The numbers of the messages of one worker in one run: each message counts once, and a gap is noticed."""

# Numbers of lost messages that are remembered, in case they come late.
MAX_MISSING = 1000


class MessageNumbers(object):
    def __init__(self):
        self.last = 0
        self.missing = set()

    def add(self, number):
        """(whether the message is new, the numbers that it shows to be missing as (first, last) or ``None``)."""
        if number <= self.last:
            is_new = number in self.missing
            self.missing.discard(number)
            return is_new, None
        gap = (self.last + 1, number - 1) if number > self.last + 1 else None
        if gap is not None:
            self.missing.update(range(gap[0], min(gap[1], gap[0] + MAX_MISSING) + 1))
        self.last = number
        return True, gap
