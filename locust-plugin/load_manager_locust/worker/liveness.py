"""Workers must not load a target for ever once nobody can stop them."""
import logging
import os
import time

import gevent

from ..shared import compat, pidfile

logger = logging.getLogger("load_manager")

# From 2.19 on Locust's workers end by themselves when they have not heard of their master for so long; ours do on all.
SILENCE_SECONDS = 60
EVERY_SECONDS = 1.0
ALIVE = "load_manager_alive"


def install_in_worker(runner, run_dir):
    if run_dir:
        gevent.spawn(_watch_process, run_dir)
    if compat.LACKS_WATCHDOG:
        silence = Silence()
        runner.register_message(ALIVE, silence.heard)
        gevent.spawn(silence.watch)


class Heartbeat(object):
    """From the master to its workers: that it lives."""

    def __init__(self, runner):
        self.runner = runner
        self.told_at = 0.0

    def tick(self):
        if time.monotonic() - self.told_at >= EVERY_SECONDS:
            self.tell()

    def tell(self):
        self.told_at = time.monotonic()
        if compat.LACKS_WATCHDOG and compat.workers_of(self.runner):
            self.runner.send_message(ALIVE, {})


class Silence(object):
    """Counts its own seconds, so that a script that blocks the worker is not taken for a silent master."""

    def __init__(self):
        self.seconds = None

    def heard(self, **_):
        self.seconds = 0

    def watch(self):
        while True:
            gevent.sleep(EVERY_SECONDS)
            if self.seconds is None:
                continue
            self.seconds += EVERY_SECONDS
            if self.seconds >= SILENCE_SECONDS:
                _end("The master has been silent for %d s; this worker ends." % self.seconds)


def _watch_process(run_dir):
    """On the same machine the master's death is known at once."""
    while True:
        gevent.sleep(EVERY_SECONDS)
        if not pidfile.is_alive(run_dir, "master"):
            _end("The master is gone; this worker ends.")


def _end(why):
    logger.error(why)
    logging.shutdown()
    os._exit(1)
