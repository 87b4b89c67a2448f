"""Ends a worker whose master is gone or silent: nobody could stop its load any more."""
import logging
import os
import socket

import gevent

from ..shared import compat, messages, pidfile

logger = logging.getLogger("load_manager")

# As long as Locust's own workers wait for a silent master from 2.19 on.
SILENCE_SECONDS = 60
CHECK_SECONDS = 1.0
# After so long without a message it is asked whether anybody listens at the master's address.
QUIET_SECONDS = 3
# So many refusals in a row: Locust closes its port for a moment where it resets it.
REFUSALS = 3


def install(runner, run_dir):
    if run_dir:
        gevent.spawn(_check_master_process, run_dir)
    silence = MasterSilence(runner)
    runner.register_message(messages.ALIVE, silence.reset)
    gevent.spawn(silence.run)


class MasterSilence(object):
    """
    Counts its own passes instead of reading a clock, so that a script that blocks the worker is not mistaken for a silent
    master. Counts from the first message on: before Locust 2.19 a master without the plugin sends none.
    """

    def __init__(self, runner):
        self.runner = runner
        self.seconds = None
        self.heartbeat = None
        self.refusals = 0

    def reset(self, **_):
        self.seconds = 0
        self.refusals = 0

    def run(self):
        while True:
            gevent.sleep(CHECK_SECONDS)
            heartbeat = compat.last_heartbeat(self.runner)
            if heartbeat != self.heartbeat:
                self.heartbeat = heartbeat
                self.reset()
            elif self.seconds is not None:
                self.seconds += CHECK_SECONDS
                self._check()

    def _check(self):
        if compat.LACKS_MASTER_TIMEOUT and self.seconds >= SILENCE_SECONDS:
            _exit("The master has been silent for %d s; this worker ends." % self.seconds)
        # A worker without users waits as Locust's own do.
        if self.seconds < QUIET_SECONDS or not self.runner.user_count:
            return
        self.refusals = self.refusals + 1 if _is_refused(self.runner.master_host, self.runner.master_port) else 0
        if self.refusals >= REFUSALS:
            _exit("Nobody listens at the master's address any more, so the run is over; this worker ends with its users.")


def _is_refused(host, port):
    """Any other failure does not prove that the master is gone: it may be cut off."""
    try:
        socket.create_connection((host, port), CHECK_SECONDS).close()
    except OSError as error:
        return isinstance(error, ConnectionRefusedError)
    return False


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
