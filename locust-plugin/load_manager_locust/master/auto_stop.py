"""Decides whether so many requests fail that the run must stop. Decided in the master, so that it holds without the server."""
from ..shared.clock import iso_time


class AutoStop(object):
    """
    ``rule``: {enabled, failedPercent, windowSeconds, minRequests}; a missing field, or a missing rule, means the default.
    ``evidence``: what ``evaluate`` found, else ``None``.
    """

    def __init__(self, rule=None):
        # {second: [requests, failures]}
        self.counts = {}
        self.evaluated_until = None
        self.evidence = None
        self.set_rule(rule)

    def set_rule(self, rule):
        """Takes over all fields or none: raises TypeError or ValueError where one is not a number."""
        rule = rule or {}
        failed_percent = float(rule.get("failedPercent", 90))
        window_seconds = int(rule.get("windowSeconds", 60))
        min_requests = int(rule.get("minRequests", 100))
        self.failed_percent, self.window_seconds, self.min_requests = failed_percent, window_seconds, min_requests
        self.enabled = bool(rule.get("enabled", True))

    def count(self, second, requests, failures):
        """Adds what was reported of one second; a late report adds to what is there."""
        if not self.enabled or not requests:
            return
        known = self.counts.setdefault(second, [0, 0])
        known[0] += requests
        known[1] += failures

    def evaluate(self, load_started, open_second):
        """
        Returns the evidence, once, if too many requests failed in the window that ends before ``open_second``, the first
        second that is still open; else ``None``. ``load_started``: Unix seconds; the window must not begin before it.
        """
        if not self.enabled or self.evidence is not None or open_second == self.evaluated_until:
            return None
        self.evaluated_until = open_second
        first = open_second - self.window_seconds
        for old in [second for second in self.counts if second < first]:
            del self.counts[old]
        if first < load_started:
            return None
        window = [counts for second, counts in self.counts.items() if second < open_second]
        requests = sum(counts[0] for counts in window)
        failures = sum(counts[1] for counts in window)
        if requests < self.min_requests or failures * 100.0 < self.failed_percent * requests or not failures:
            return None
        self.evidence = {
            "requests": requests,
            "failures": failures,
            "failedPercent": round(failures * 100.0 / requests, 2),
            "windowSeconds": self.window_seconds,
            "from": iso_time(first),
            "to": iso_time(open_second),
        }
        return self.evidence
