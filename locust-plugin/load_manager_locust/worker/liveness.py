"""Ends a worker whose master is gone or silent: nobody could stop its load any more."""
import logging
import os

import gevent

from ..shared import compat, messages, pidfile

logger = logging.getLogger("load_manager")

# As long as Locust's own workers wait for a silent master from 2.19 on.
SILENCE_SECONDS = 60
CHECK_SECONDS = 1.0


def install(runner, run_dir):
    if run_dir:
        gevent.spawn(_check_master_process, run_dir)
    if compat.LACKS_MASTER_TIMEOUT:
        silence = MasterSilence()
        runner.register_message(messages.ALIVE, silence.reset)
        gevent.spawn(silence.run)


class MasterSilence(object):
    """
    Counts its own passes instead of reading a clock, so that a script that blocks the worker is not mistaken for a silent
    master. Counts from the first message on: a master without the plugin sends none.
    """

    def __init__(self):
        self.seconds = None

    def reset(self, **_):
        self.seconds = 0

    def run(self):
        while True:
            gevent.sleep(CHECK_SECONDS)
            if self.seconds is None:
                continue
            self.seconds += CHECK_SECONDS
            if self.seconds >= SILENCE_SECONDS:
                _exit("The master has been silent for %d s; this worker ends." % self.seconds)


def _check_master_process(run_dir):
    """In a local cluster the master's process can be seen: its death is noticed within a second."""
    while True:
        gevent.sleep(CHECK_SECONDS)
        if not pidfile.is_alive(run_dir, "master"):
            _exit("The master's process is gone; this worker ends.")


def _exit(reason):
    logger.error(reason)
    logging.shutdown()
    os._exit(1)
