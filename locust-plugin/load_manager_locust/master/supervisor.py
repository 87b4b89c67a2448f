"""The master's timer: closes seconds, stops load at its deadline, repeats stops, ends runs, ends an unattended master."""
import logging
import os
import signal
import time

import gevent

from .run import RUNNING, STARTING, STOPPING

logger = logging.getLogger("load_manager")

TICK_SECONDS = 0.2
# How long the last reports of live workers are waited for after the last user has stopped.
LAST_REPORTS_SECONDS = 4.0
# Without users for so long, load has ended even if Locust's ``test_stop`` does not come.
IDLE_SECONDS = 3.0
# A stop that Locust has not followed is repeated.
STOP_RETRY_SECONDS = 5.0
# A master that was started for one run ends when no run is on and nobody has used the plugin's routes for so long.
UNATTENDED_SECONDS = 3600.0


class Supervisor(object):
    def __init__(self, controller):
        self.controller = controller

    def start(self):
        gevent.spawn(self._run)

    def _run(self):
        while True:
            gevent.sleep(TICK_SECONDS)
            try:
                self.controller.heartbeat.send_if_due()
                self._tick()
            except Exception:
                logger.exception("a check of the run failed; the next one follows")

    def _tick(self):
        run = self.controller.run
        now = time.monotonic()
        if run is None or not run.active:
            self._end_if_unattended(now)
            return
        if run.phase in (STARTING, RUNNING):
            run.profile.check(self.controller, run)
        if run.phase == RUNNING:
            run.worker_monitor.check(run.target_users)
        run.collector.tick()
        if run.phase == RUNNING:
            self._stop_if_due(run, now)
        if run.phase == STOPPING:
            self._end_if_stopped(run, now)

    def _stop_if_due(self, run, now):
        if run.deadline is not None and now >= run.deadline:
            self.controller.stop_run(run, "deadline")
        elif run.failed_too_often():
            self.controller.stop_run(run, "auto_stop")
        else:
            cause = run.has_ended_itself()
            if cause is not None:
                self.controller.stop_run(run, cause)

    def _end_if_stopped(self, run, now):
        idle = self.controller.load.is_idle
        run.idle_since = (run.idle_since or now) if idle else None
        if run.load_ended_at is None and not idle and now - run.stop_tried_at > STOP_RETRY_SECONDS:
            run.stop_tried_at = now
            self.controller.load.stop()
        if run.load_ended_at is None and run.idle_since is not None and now - run.idle_since > IDLE_SECONDS:
            run.load_ended_at = now
        if run.load_ended_at is None:
            return
        if not run.all_workers_reported() and now - run.load_ended_at <= LAST_REPORTS_SECONDS:
            return
        if not run.is_waiting_for_workers():
            self.controller.end_run(run)

    def _end_if_unattended(self, now):
        """If the server is gone for good, nothing else ends the processes of a local cluster. The spool file stays."""
        controller = self.controller
        if controller.settings.run_dir is None or now - controller.last_request_at < UNATTENDED_SECONDS:
            return
        logger.warning("No server has contacted this master for %d s; it ends.", UNATTENDED_SECONDS)
        controller.last_request_at = now
        os.kill(os.getpid(), signal.SIGTERM)
