"""Stops a worker's own users after the run's deadline, if the master, which stops them otherwise, hangs or is cut off."""
import logging
import time

import gevent
from gevent.lock import RLock
from locust.runners import STATE_CLEANUP, STATE_RUNNING, STATE_SPAWNING, STATE_STOPPED

logger = logging.getLogger("load_manager")

CHECK_SECONDS = 0.5
# How long the master's own stop is waited for: it stops all workers together.
GRACE_SECONDS = 10.0
LOAD_STATES = (STATE_SPAWNING, STATE_RUNNING)


class WorkerDeadline(object):
    """The deadline of the run that the master has last named; it holds for no other run."""

    def __init__(self, runner):
        self.runner = runner
        self.run_key = None
        # On the monotonic clock; ``None``: nothing to stop.
        self.due_at = None
        self.load_started = False
        self.dismissed = False
        self.stopping = False
        _serialize_stops(runner)

    def set(self, run_key, seconds_left):
        """``seconds_left``: from now until the run's deadline; ``None``: it has none."""
        if run_key != self.run_key:
            self.run_key = run_key
            # Before Locust 2.15 a worker that joins a run hears of it only when it already has users.
            self.load_started = self.runner.state in LOAD_STATES
            self.dismissed = False
        if seconds_left is None or self.dismissed:
            self.due_at = None
        else:
            self.due_at = time.monotonic() + seconds_left + GRACE_SECONDS

    def on_test_start(self):
        """A second start under the same run key is another run, started at Locust, that the master has not named yet."""
        if self.load_started:
            self._dismiss()
        self.load_started = True

    def on_test_stopping(self):
        """If somebody else stops the load, the deadline has no use any more; a stop of ours may have to be repeated."""
        if not self.stopping:
            self._dismiss()

    def _dismiss(self):
        self.due_at = None
        self.dismissed = True

    def run(self):
        while True:
            gevent.sleep(CHECK_SECONDS)
            try:
                if self._is_due():
                    self._stop()
            except Exception:
                logger.exception("the load could not be stopped at its deadline; the next try follows")

    def _is_due(self):
        if self.due_at is None or time.monotonic() < self.due_at or self.runner.state == STATE_CLEANUP:
            return False
        return self.runner.state in LOAD_STATES or self.runner.user_count > 0

    def _stop(self):
        message = "The run's deadline passed %d s ago and the master has not stopped it; this worker stops its %d users."
        logger.warning(message, time.monotonic() - self.due_at + GRACE_SECONDS, self.runner.user_count)
        if self.runner.state == STATE_STOPPED:
            # A late message of the master has spawned users during the last stop; Locust's stop ignores them in this state.
            self.runner.update_state(STATE_RUNNING)
        self.stopping = True
        try:
            self.runner.stop()
        finally:
            self.stopping = False


def _serialize_stops(runner):
    """Two stops of Locust at once (ours, and one of a master that is back) would stop each user twice."""
    lock = RLock()
    original = runner.stop

    def stop(*args, **kwargs):
        with lock:
            return original(*args, **kwargs)

    runner.stop = stop
