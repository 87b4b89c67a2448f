"""Sends what this worker has counted to the master: just after each second, and when its users have stopped."""
import logging

import gevent
import psutil
from gevent.lock import RLock
from locust.exception import RPCError

from ..shared import messages, texts
from . import metrics_messages

logger = logging.getLogger("load_manager")

# Messages that a broken connection has not taken are kept up to so many; a second has one, rarely more.
MAX_UNSENT = 60


class Reporter(object):
    """
    ``run()`` is its greenlet. ``note_report_error(reason)``: a report of Locust's own could not be sent; told once a run.
    """

    def __init__(self, runner, recorder, user_ends, clock):
        self.runner = runner
        self.recorder = recorder
        self.user_ends = user_ends
        self.clock = clock
        self.process = psutil.Process()
        self.process.cpu_percent()
        self.lock = RLock()
        self.run_key = None
        self.number = 0
        # [payload], oldest first: what a broken connection has not taken.
        self.unsent = []
        # Whether the script has stopped this worker's users.
        self.is_stopped_by_script = lambda: False
        # [(event, message, traceback)]: listeners of the script that have raised, and that no message has told.
        self.listener_errors = []
        # The users have stopped and the master knows it; from then on only what has been counted is sent.
        self.is_final = False
        self.report_error = None
        self.is_report_error_told = False

    def note_report_error(self, reason):
        self.report_error = reason

    def note_listener_error(self, event, message, where):
        self.listener_errors.append((event, message, where))

    def begin_load(self):
        self.is_final = False

    def run(self):
        while True:
            self._sleep_to_next_second()
            try:
                self.report()
            except Exception:
                logger.exception("the metrics could not be sent to the master; the next try follows")

    def _sleep_to_next_second(self):
        """A sleep of gevent may be a little too short, and the rest of the second would get a message of its own."""
        second = int(self.clock())
        while int(self.clock()) == second:
            gevent.sleep(self.recorder.seconds_to_next_report())

    def report(self, final=False, quitting=False):
        """
        Does nothing before a master has named a run. ``quitting``: the process ends, so that this is its last message, sent also
        where there is nothing to tell.
        """
        with self.lock:
            run_key = self.recorder.run_key
            if run_key != self.run_key:
                self._begin_run(run_key)
            if run_key is None:
                # A worker may wait for its first run for days, in which somebody may set the wall clock.
                self.clock.set()
                self.recorder.drop_unclaimed()
                return
            for payload in self._payloads(run_key, final, quitting):
                self.number += 1
                payload["number"] = self.number
                self.unsent.append(payload)
            del self.unsent[:-MAX_UNSENT]
            self._send()

    def _begin_run(self, run_key):
        if self.run_key is not None:
            self.report_error = None
        self.run_key, self.number, self.unsent = run_key, 0, []
        self.is_final = self.is_report_error_told = False

    def _payloads(self, run_key, final, quitting):
        # First, and without a pause for gevent until all is taken, so that the figures are of one moment.
        head = self._state()
        taken = self.recorder.take(final)
        if self.is_final and taken.is_empty and not quitting:
            return []
        self.is_final = self.is_final or final
        died, left = self.user_ends.take_counts()
        head.update(
            usersDied=died, usersLeft=left, scriptError=self.user_ends.newest, clockJump=self.clock.jumped(),
            stoppedByScript=self.is_stopped_by_script(), listenerErrors=self.listener_errors,
        )
        self.listener_errors = []
        if quitting:
            head["quitting"] = True
        if not self.is_report_error_told and self.report_error is not None:
            self.is_report_error_told = True
            head["locustReportError"] = self.report_error
        return metrics_messages.payloads_of(taken, run_key, head, final)

    def _state(self):
        """Users, CPU and memory; what cannot be found out is left out, since counts must not wait for it."""
        try:
            users = {texts.repaired(name): count for name, count in self.runner.user_classes_count.items()}
            return {"users": users, "cpu": self.process.cpu_percent(), "memory": self.process.memory_info().rss}
        except Exception:
            logger.exception("the worker's users, CPU and memory are not known")
            return {}

    def _send(self):
        while self.unsent:
            try:
                self.runner.send_message(messages.METRICS, self.unsent[0])
            except RPCError as error:
                logger.error("The metrics wait for the connection to the master: %s", error)
                return
            except Exception:
                logger.exception("a message with metrics cannot be sent; it is left out")
            self.unsent.pop(0)
