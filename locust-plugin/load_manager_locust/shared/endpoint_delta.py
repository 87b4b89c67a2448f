"""What happened at one endpoint in one second."""
from . import wire


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

    def add(self, response_time, length, failed):
        """``response_time`` in milliseconds or ``None``; ``length`` in bytes."""
        self.requests += 1
        self.failures += failed
        self.bytes += length if isinstance(length, int) and length > 0 else 0
        if response_time is None:
            self.no_time += 1
            return
        us = max(0, int(round(response_time * 1000)))
        self.sum_us += us
        self.min_us = us if self.min_us is None else min(self.min_us, us)
        self.max_us = max(self.max_us, us)
        counts = self.failed if failed else self.ok
        index = wire.bucket(us)
        counts[index] = counts.get(index, 0) + 1
