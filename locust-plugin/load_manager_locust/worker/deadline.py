"""In a worker: load ends in time also where the master, which ends it otherwise, hangs or cannot be heard."""
import logging
import time

import gevent
from gevent.lock import RLock
from locust.runners import STATE_CLEANUP, STATE_RUNNING, STATE_SPAWNING, STATE_STOPPED

logger = logging.getLogger("load_manager")

EVERY_SECONDS = 0.5
# The master's own stop, which is the orderly one, comes first also where it is slow.
GRACE_SECONDS = 10.0
LOADING = (STATE_SPAWNING, STATE_RUNNING)


class WorkerDeadline(object):
    """``told`` at every message of the master that names the run; holds for that run alone."""

    def __init__(self, runner):
        self.runner = runner
        self.key = None
        self.at = None
        self.begun = False
        self.over = False
        self.stopping = False
        _one_stop_at_a_time(runner)

    def told(self, key, seconds_left):
        """``seconds_left`` is counted from now, on a clock that nobody sets; ``None``: the run has no deadline."""
        if key != self.key:
            self.key = key
            # Before 2.15 a worker that joins is told the run when it has users already.
            self.begun = self.runner.state in LOADING
            self.over = False
        self.at = None if seconds_left is None or self.over else time.monotonic() + seconds_left + GRACE_SECONDS

    def on_test_start(self):
        """The second one under the same name is a run that nobody has told of, started at Locust itself."""
        if self.begun:
            self._forget()
        self.begun = True

    def on_test_stopping(self):
        """Somebody else stops: what this was for has happened. A stop of ours may have to be repeated."""
        if not self.stopping:
            self._forget()

    def _forget(self):
        self.at = None
        self.over = True

    def watch(self):
        while True:
            gevent.sleep(EVERY_SECONDS)
            try:
                if self._is_due():
                    self._stop()
            except Exception:
                logger.exception("the load could not be stopped at its deadline; it is tried again")

    def _is_due(self):
        if self.at is None or time.monotonic() < self.at or self.runner.state == STATE_CLEANUP:
            return False
        return self.runner.state in LOADING or self.runner.user_count > 0

    def _stop(self):
        message = "The run should have ended %d s ago, and the master has not said so; this worker stops its %d users."
        logger.warning(message, time.monotonic() - self.at + GRACE_SECONDS, self.runner.user_count)
        if self.runner.state == STATE_STOPPED:
            # A late order of the master has spawned them while the others were stopped; Locust's stop would do nothing.
            self.runner.update_state(STATE_RUNNING)
        self.stopping = True
        try:
            self.runner.stop()
        finally:
            self.stopping = False


def _one_stop_at_a_time(runner):
    """Two of Locust's stops at once (ours, and that of a master that is back) would stop each user twice."""
    lock = RLock()
    original = runner.stop

    def stop(*args, **kwargs):
        with lock:
            return original(*args, **kwargs)

    runner.stop = stop
