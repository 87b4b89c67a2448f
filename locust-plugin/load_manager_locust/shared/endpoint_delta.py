"""What happened at one endpoint in one second."""


class EndpointDelta(object):
    """
    Times in whole microseconds; ``min_us`` is ``None`` until a request has a time. ``no_time``: requests without one.
    ``ok``, ``failed``: histograms, {bucket: count}.
    """

    __slots__ = ("requests", "failures", "no_time", "sum_us", "min_us", "max_us", "bytes", "ok", "failed")

    def __init__(self):
        self.requests = self.failures = self.no_time = self.sum_us = self.max_us = self.bytes = 0
        self.min_us = None
        self.ok = {}
        self.failed = {}

    def add(self, us, length, failed):
        """``us``: whole microseconds, at least 0, or ``None``; ``length``: whole bytes, at least 0; ``failed``: a bool."""
        self.requests += 1
        self.bytes += length
        if failed:
            self.failures += 1
            counts = self.failed
        else:
            counts = self.ok
        if us is None:
            self.no_time += 1
            return
        self.sum_us += us
        if self.min_us is None:
            self.min_us = self.max_us = us
        elif us < self.min_us:
            self.min_us = us
        elif us > self.max_us:
            self.max_us = us
        # As wire.bucket, without the cost of a call.
        if us < 64:
            index = us
        else:
            octave = us.bit_length() - 7
            index = (us >> octave) + 64 * octave
        counts[index] = counts.get(index, 0) + 1

    def merge(self, other):
        """Adds another delta of the same scheme."""
        if other.requests > other.no_time:
            if self.requests > self.no_time:
                self.min_us = min(self.min_us, other.min_us)
            else:
                self.min_us = other.min_us
            self.max_us = max(self.max_us, other.max_us)
        for name in ("requests", "failures", "no_time", "sum_us", "bytes"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for own, added in ((self.ok, other.ok), (self.failed, other.failed)):
            for index, count in added.items():
                own[index] = own.get(index, 0) + count
