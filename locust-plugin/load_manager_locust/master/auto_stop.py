"""Ends a run whose requests fail. Decided here, in the master, so that it holds without the server."""
import time


def iso(seconds):
    """A moment as answers of the server write it."""
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return "%s.%03dZ" % (whole, int(seconds * 1000) % 1000)


class AutoStop(object):
    """``told``: {enabled, failedPercent, windowSeconds, minRequests}; without it, what holds for every run."""

    def __init__(self, told=None):
        self.counts = {}
        self.judged = None
        self.evidence = None
        self.set(told)

    def set(self, told):
        """All or nothing: raises TypeError or ValueError where one is no number."""
        told = told or {}
        percent = float(told.get("failedPercent", 90))
        window, least = int(told.get("windowSeconds", 60)), int(told.get("minRequests", 100))
        self.percent, self.window, self.least = percent, window, least
        self.enabled = bool(told.get("enabled", True))

    def count(self, second, requests, failures):
        """What was reported of one second; late reports add to it."""
        if not self.enabled or not requests:
            return
        known = self.counts.setdefault(second, [0, 0])
        known[0] += requests
        known[1] += failures

    def judge(self, began, through):
        """The evidence, once: over the whole window before ``through`` (the first second that is still open) too many
        requests failed. ``began``: when load began; the window must have passed since. Unix seconds."""
        if not self.enabled or self.evidence is not None or through == self.judged:
            return None
        self.judged = through
        first = through - self.window
        for old in [second for second in self.counts if second < first]:
            del self.counts[old]
        if first < began:
            return None
        window = [counts for second, counts in self.counts.items() if second < through]
        requests = sum(counts[0] for counts in window)
        failures = sum(counts[1] for counts in window)
        if requests < self.least or failures * 100.0 < self.percent * requests or not failures:
            return None
        self.evidence = {
            "requests": requests,
            "failures": failures,
            "failedPercent": round(failures * 100.0 / requests, 2),
            "windowSeconds": self.window,
            "from": iso(first),
            "to": iso(through),
        }
        return self.evidence
