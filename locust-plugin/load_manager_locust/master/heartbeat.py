"""Tells the workers every second that their master is alive, where Locust itself does not end workers of a silent master."""
import time

from ..shared import compat, messages

INTERVAL_SECONDS = 1.0


class Heartbeat(object):
    def __init__(self, runner):
        self.runner = runner
        self.sent_at = 0.0

    def send_if_due(self):
        if time.monotonic() - self.sent_at >= INTERVAL_SECONDS:
            self.send()

    def send(self):
        self.sent_at = time.monotonic()
        if compat.LACKS_MASTER_TIMEOUT and compat.workers_of(self.runner):
            self.runner.send_message(messages.ALIVE, {})
