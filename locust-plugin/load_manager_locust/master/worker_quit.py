"""Ends the workers of a run before its final record, so that the run has what its script counts in ``quitting``."""
import time

from ..shared import compat

# How long their last messages are waited for: as long as the listeners of ``quitting`` take, but not longer than this.
QUIT_SECONDS = 5.0


class WorkerQuit(object):
    """``collector``: Collector of the run."""

    def __init__(self, runner, collector):
        self.runner = runner
        self.collector = collector
        self.asked_at = None
        self.waiting_for = set()

    def is_done(self):
        """Asks the workers to quit when called first; then whether each has sent its last message, or the time is over."""
        if self.asked_at is None:
            self.asked_at = time.monotonic()
            # One that has not told that its users have stopped hangs, and is not waited for.
            self.waiting_for = set(self.collector.final_workers)
            # Also to one that Locust does not know at this moment, between "stopped" and "ready".
            for worker in self.waiting_for | set(compat.live_worker_ids(self.runner)):
                compat.tell_to_quit(self.runner, worker)
        if time.monotonic() - self.asked_at > QUIT_SECONDS:
            return True
        return self.waiting_for <= self.collector.quit_workers
